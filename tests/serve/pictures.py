"""Screenshots of the page's main states, from a real server with the built-in models for reviews.

    python -m tests.serve.pictures FOLDER

Needs Chromium and a Chinese font (Debian: chromium, fonts-wqy-microhei).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

from tests.serve.browser import SENTENCE, TWO, WRONG, chromium, open_page
from tests.serve.conftest import serving

State = tuple[str, tuple[int, int], dict[str, str]]
"""A picture's name, its width and height, and the page's state."""

_WIDE, _PHONE = (900, 700), (390, 800)


def show(page: Page, url: str, state: dict[str, str]) -> None:
    """Opens a state and waits until it is complete."""
    page.goto("about:blank")
    open_page(page, url, **state)
    page.wait_for_load_state("networkidle")
    page.evaluate("document.activeElement.blur()")


def main(folder: Path) -> None:
    """Writes all pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    filling: list[State] = [
        ("page-fill", _WIDE, {"text": SENTENCE}),
        ("page-together", _WIDE, {"text": TWO, "language": "zh"}),
        ("page-check", _WIDE, {"text": WRONG, "view": "check", "language": "zh"}),
        ("page-error", _WIDE, {"text": SENTENCE, "pattern": "("}),
        ("page-phone", _PHONE, {"text": SENTENCE, "language": "zh"}),
    ]
    labelling: list[State] = [("page-labels", _WIDE, {"text": WRONG, "language": "zh"})]
    pictures_of(("--model", "reviews-zh"), filling, folder)
    pictures_of(("--model", "reviews-zh-sentiment"), labelling, folder)


def pictures_of(options: Sequence[str], states: Sequence[State], folder: Path) -> None:
    """Writes pictures of a server's page, each light and dark."""
    with serving("--quiet", *options) as server, chromium() as browser:
        for scheme in ("light", "dark"):
            for name, (width, height), state in states:
                page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
                show(page, server.url, state)
                if state.get("view") == "check":
                    page.locator("#checked .misfit").first.focus()
                file = folder / (f"{name}.png" if scheme == "light" else f"{name}-dark.png")
                # Only as high as the content.
                page.screenshot(path=file, clip=page.locator("body").bounding_box(), full_page=True)
                Image.open(file).convert("RGB").quantize(48).save(file, optimize=True)
                page.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
