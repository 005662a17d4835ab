"""The practice corpus: product reviews that a grammar makes up, the same for a seed on every machine."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tiankong.sample.compose import compose
from tiankong.sample.lexicon import load_lexicon

MOST = 200_000
"""The largest corpus; more reviews would hardly differ from these."""

_SHORTEST = 5
"""Characters of the shortest review."""


@dataclass(frozen=True, slots=True)
class Review:
    """A review; ``label`` is 1 when its conclusion is good and 0 when it is bad."""

    text: str
    label: int


def reviews(count: int = 20_000, seed: int = 1) -> Iterator[Review]:
    """``count`` reviews with distinct texts; a smaller count with the same seed gives the first of them.

    :raises ValueError: ``count`` is not from 1 to :data:`MOST`.
    """
    if not 1 <= count <= MOST:
        raise ValueError(f"count must be from 1 to {MOST}, not {count}")
    return _reviews(count, seed)


def _reviews(count: int, seed: int) -> Iterator[Review]:
    rng = random.Random(seed)
    lexicon = load_lexicon()
    seen: set[str] = set()
    while len(seen) < count:
        text, label = compose(rng, lexicon)
        if len(text) >= _SHORTEST and text not in seen:
            seen.add(text)
            yield Review(text, label)


def write_practice_corpus(path: Path, count: int = 20_000, seed: int = 1) -> None:
    """Writes ``count`` lines ``text,,label`` in UTF-8; the file appears whole or not at all.

    :raises ValueError: ``count`` is not from 1 to :data:`MOST`.
    :raises OSError: ``path`` can't be written.
    """
    corpus = reviews(count, seed)
    draft = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with draft.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(f"{review.text},,{review.label}\n" for review in corpus)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
