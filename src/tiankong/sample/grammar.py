"""The practice corpus: product reviews made up by a grammar, the same for a seed everywhere."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tiankong.sample.compose import compose

MOST = 200_000
"""More reviews than this would be variations of variations."""

_SHORTEST = 5


@dataclass(frozen=True, slots=True)
class Review:
    """A review; ``label`` is 1 when its conclusion is good and 0 when it is bad."""

    text: str
    label: int


def reviews(count: int = 20_000, seed: int = 1) -> Iterator[Review]:
    """``count`` reviews, no two with equal text; fewer with the same seed are the first of these."""
    if not 1 <= count <= MOST:
        raise ValueError(f"count must be from 1 to {MOST}, not {count}")
    return _reviews(count, seed)


def _reviews(count: int, seed: int) -> Iterator[Review]:
    rng = random.Random(seed)
    seen: set[str] = set()
    while len(seen) < count:
        text, label = compose(rng)
        if len(text) >= _SHORTEST and text not in seen:
            seen.add(text)
            yield Review(text, label)


def write_practice_corpus(path: Path, count: int = 20_000, seed: int = 1) -> None:
    """Write lines ``text,,label`` in UTF-8; the file appears whole or not at all."""
    made = reviews(count, seed)
    draft = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with draft.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(f"{review.text},,{review.label}\n" for review in made)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
