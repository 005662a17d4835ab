"""Characters of words, through which unknown words are read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

LONGEST_WORD = 12
"""Characters of a word that are read: of a longer word the first eleven and the last."""

NO_CHARACTER, UNKNOWN_CHARACTER = range(2)
_SPECIAL = 2


class CharacterTable:
    """Characters by rank. An id is the rank plus two: 0 is padding, 1 a character never seen."""

    def __init__(self, characters: Sequence[str], counts: Sequence[int]) -> None:
        """``characters`` are unique and ordered by falling ``counts``."""
        self.characters = list(characters)
        self.counts = list(counts)
        self._ids = {character: rank + _SPECIAL for rank, character in enumerate(characters)}

    def __len__(self) -> int:
        """The number of ids, the two special ones included."""
        return len(self.characters) + _SPECIAL

    def ids(self, words: Iterable[str]) -> NDArray[np.int32]:
        """Character ids of each word, padded right with 0. Shape (words, :data:`LONGEST_WORD`)."""
        rows = [[self._ids.get(c, UNKNOWN_CHARACTER) for c in _read(word)] for word in words]
        table = np.zeros((len(rows), LONGEST_WORD), dtype=np.int32)
        for row, ids in zip(table, rows, strict=True):
            row[: len(ids)] = ids
        return table


def count_characters(words: Iterable[tuple[str, int]], minimum: int = 2) -> tuple[list[str], list[int]]:
    """Characters of counted words that occur at least ``minimum`` times, by falling count, then code point."""
    counter: Counter[str] = Counter()
    for word, count in words:
        for character in _read(word):
            counter[character] += count
    kept = [(character, count) for character, count in counter.items() if count >= minimum]
    kept.sort(key=lambda entry: (-entry[1], entry[0]))
    return [character for character, _ in kept], [count for _, count in kept]


def _read(word: str) -> str:
    return word if len(word) <= LONGEST_WORD else word[: LONGEST_WORD - 1] + word[-1]
