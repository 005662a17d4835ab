"""What a network must know of the words that it is made for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WORDS_AT_ONCE = 1 << 17
"""Words whose output vectors are worked out at once, where nothing is learned from them: those of a million words at
once take gigabytes.
"""


def fit_at_once(words: int) -> bool:
    """Whether so many words are few enough."""
    return words <= WORDS_AT_ONCE


def word_blocks(words: int) -> Iterator[slice]:
    """Slices of at most :data:`WORDS_AT_ONCE` of so many words, in order."""
    return (slice(start, min(start + WORDS_AT_ONCE, words)) for start in range(0, words, WORDS_AT_ONCE))


@dataclass(frozen=True)
class WordTables:
    """Words V: their keys (V,), see :meth:`~tiankong.text.vocabulary.Vocabulary.keys`, their counts (V,), which can
    fill a blank (V,), codes (V, bits) or none, the number of characters, and the characters of each word (V, K).
    """

    keys: NDArray[np.int64]
    counts: NDArray[np.int64]
    candidate: NDArray[np.bool_]
    codes: NDArray[np.uint8] | None
    characters: int
    spelling: NDArray[np.int32]

    @property
    def bits(self) -> int:
        """The length of a code."""
        return 0 if self.codes is None else self.codes.shape[1]
