"""Characters of words, through which unknown words are read."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

LONGEST_WORD = 12
"""The most characters of a word that are read: the first eleven and the last of a longer one."""

_BLOCK = 1 << 16
"""Words that are turned into code points at a time."""

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
        blocks = [np.zeros((0, LONGEST_WORD), dtype=np.int32)]
        remaining = iter(words)
        while block := list(itertools.islice(remaining, _BLOCK)):
            blocks.append(self._by_code[_codes(block)])
        return np.concatenate(blocks)


def count_characters(words: Iterable[tuple[str, int]], minimum: int = 2) -> tuple[list[str], list[int]]:
    """Characters of counted words that occur at least ``minimum`` times, by falling count, then code point."""
    counts = np.zeros(sys.maxunicode + 1, dtype=np.int64)
    remaining = iter(words)
    while block := list(itertools.islice(remaining, _BLOCK)):
        codes = _codes([word for word, _ in block])
        weights = np.repeat(np.array([count for _, count in block], dtype=np.int64), LONGEST_WORD)
        np.add.at(counts, codes.ravel(), weights)
    counts[0] = 0  # stands behind the words
    found = np.flatnonzero(counts >= max(1, minimum))
    in_order = found[np.lexsort((found, -counts[found]))]
    return list(map(chr, in_order.tolist())), counts[in_order].tolist()


def _codes(words: Sequence[str]) -> NDArray[np.uint32]:
    """The code points that are read of each word, padded right with 0. Shape (words, :data:`LONGEST_WORD`)."""
    read = np.array([_read(word) for word in words], dtype=f"U{LONGEST_WORD}")
    return read.view(np.uint32).reshape(len(read), LONGEST_WORD)


def _read(word: str) -> str:
    return word if len(word) <= LONGEST_WORD else word[: LONGEST_WORD - 1] + word[-1]
