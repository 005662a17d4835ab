"""The vocabulary: words by rank with their counts, and which of them can fill a blank."""

from __future__ import annotations

import io
import itertools
import zlib
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

SPECIAL_TOKENS = ("<UNK>", "<BLANK>", "<BEG>", "<EOF>")
"""Ids 0 to 3, never in the file: an unknown word, another blank, the start and the end of a text."""

UNKNOWN, BLANK, BEGIN, END = range(4)


def is_target(token: str) -> bool:
    """Whether ``token`` is a word to predict: it has at least one letter (a Han character is one)."""
    return token.isalpha() or any(character.isalpha() for character in token)


def ids_of_frequent(words: int, size: int) -> int:
    """How many ids, from 0 on, the special tokens and the ``words`` most frequent words take of ``size``."""
    return min(size, len(SPECIAL_TOKENS) + words)


class Vocabulary:
    """Words by rank. A word's id is its rank plus the four special tokens."""

    def __init__(self, words: Sequence[str], counts: Sequence[int]) -> None:
        """``words`` are unique and ordered by falling ``counts``."""
        self.words = [*SPECIAL_TOKENS, *words]
        self.counts: NDArray[np.int64] = np.array([0] * len(SPECIAL_TOKENS) + list(counts), dtype=np.int64)
        offset = len(SPECIAL_TOKENS)
        self._ids = {word: rank + offset for rank, word in enumerate(words)}

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: str) -> bool:
        return word in self._ids

    def id_of(self, word: str) -> int:
        """The word's id, or :data:`UNKNOWN`."""
        return self._ids.get(word, UNKNOWN)

    def keys(self) -> NDArray[np.int64]:
        """A number below 2^31 for each word, the same in every vocabulary that has it. Shape (vocabulary,)."""
        return np.array([zlib.crc32(word.encode()) >> 1 for word in self.words], dtype=np.int64)

    def targets(self) -> NDArray[np.bool_]:
        """For each id, whether it can fill a blank. Shape (vocabulary,)."""
        mask = np.array([is_target(word) for word in self.words], dtype=np.bool_)
        mask[: len(SPECIAL_TOKENS)] = False
        return mask


def table_text(rows: Iterable[tuple[str, int]]) -> str:
    """Rows of a word or character and its count as tab-separated lines."""
    out = io.StringIO()
    for word, count in rows:
        out.write(f"{word}\t{count}\n")
    return out.getvalue()


def parse_table(text: str, name: str) -> tuple[list[str], list[int]]:
    """Words and counts from the lines of a table called ``name``.

    :raises ValueError: a line that is not ``word<TAB>count``, a word that stands twice, counts that rise.
    """
    words: list[str] = []
    counts: list[int] = []
    for number, line in enumerate(text.split("\n")[:-1], start=1):
        word, tab, count = line.rpartition("\t")
        if not tab or not word or not count.isdecimal():
            raise ValueError(f"line {number} of {name} is not a word, a tab and a count")
        words.append(word)
        counts.append(int(count))
    if len(set(words)) != len(words):
        raise ValueError(f"{name} holds a word twice")
    if any(later > earlier for earlier, later in itertools.pairwise(counts)):
        raise ValueError(f"{name} is not ordered by count")
    return words, counts
