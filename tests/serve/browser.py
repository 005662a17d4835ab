"""Headless Chromium and the service's page in it, for tests and pictures."""

from __future__ import annotations

import contextlib
import os
import shutil
from urllib.parse import quote

from playwright.sync_api import expect, sync_playwright

SENTENCE = "外套做工__，穿着很暖和"
TWO = "快递__，第二天就__了"
WRONG = "衣服质量很好，穿着很充电"

_QUIET = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


def chromium_path():
    """Debian's Chromium, or the one at ``TIANKONG_CHROMIUM``; ``None`` if there is none."""
    return os.environ.get("TIANKONG_CHROMIUM") or shutil.which("chromium")


@contextlib.contextmanager
def chromium():
    """A running browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=_QUIET)
        try:
            yield browser
        finally:
            browser.close()


def open_page(page, url, text, **state):
    """Opens the page in a given state."""
    link = "&".join(f"{name}={quote(value)}" for name, value in {"text": text, "language": "en", **state}.items())
    page.goto(f"{url}/#{link}")
    return page


def chips(page, group=0):
    """The words of a group of answers, once there are any."""
    expect(page.locator(".answers").nth(group).locator(".chip").first).to_be_visible()
    return page.locator(".answers").nth(group).locator(".chip .word").all_text_contents()
