"""Chromium, headless, as the tests and the pictures of the page use it."""

from __future__ import annotations

import contextlib
import os
import shutil

from playwright.sync_api import sync_playwright

_QUIET = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


def chromium_path():
    """Debian's Chromium, or the one that the variable names; ``None`` if there is none."""
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
