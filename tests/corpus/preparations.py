"""Preparations of a few hundred texts in many chunks, for the tests of preparing."""

from __future__ import annotations

from pathlib import Path

from tiankong.config import PrepareConfig
from tiankong.corpus.prepare import Sizes
from tiankong.sample.grammar import reviews

TINY = Sizes(chunk=2000, hashes=70, entries=300)
"""Dozens of chunks, and several passes over what they hold, of a few hundred texts."""

PAIRS = [(review.text, review.label) for review in reviews(400)]
PAIRS += [(text.replace("，", ",") + "！", label) for text, label in PAIRS[:60]]
CONFIG = PrepareConfig(minimum_count=2)


def files_of(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}
