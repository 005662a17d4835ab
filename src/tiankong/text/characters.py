"""Characters of words, through which unknown words are read."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

LONGEST_WORD = 12
"""The most characters of a word that are read: the first eleven and the last of a longer one."""

NO_CHARACTER, UNKNOWN_CHARACTER = range(2)
_SPECIAL = 2


class CharacterTable:
    """Characters by rank. An id is the rank plus two: 0 is padding, 1 a character never seen."""

    def __init__(self, characters: Sequence[str], counts: Sequence[int]) -> None:
        """``characters`` are unique and ordered by falling ``counts``."""
        self.characters = list(characters)
        self.counts = list(counts)
        self._by_code = np.full(sys.maxunicode + 1, UNKNOWN_CHARACTER, dtype=np.int32)
        self._by_code[[ord(character) for character in characters]] = np.arange(len(characters)) + _SPECIAL
        self._by_code[0] = NO_CHARACTER  # no text that is prepared has a NUL

    def __len__(self) -> int:
        """The number of ids, the two special ones included."""
        return len(self.characters) + _SPECIAL

    def counted(self) -> Iterator[tuple[str, int]]:
        """The characters with their counts, by falling count."""
        return zip(self.characters, self.counts, strict=True)

    def ids(self, words: Iterable[str]) -> NDArray[np.int32]:
        """Character ids of each word, padded right with 0. Shape (words, :data:`LONGEST_WORD`)."""
        read = np.array([_read(word) for word in words], dtype=f"U{LONGEST_WORD}")
        codes = read.view(np.uint32).reshape(len(read), LONGEST_WORD)  # code points, padded right with 0
        return self._by_code[codes]


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
