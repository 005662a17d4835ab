"""Leaves out the final punctuation of some texts, since people often type a sentence without it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tiankong.corpus.blocks import Texts
from tiankong.text.network_input import Ints

_MULTIPLIERS = (0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
"""Of splitmix64 (Steele et al. 2014), which turns consecutive numbers into evenly distributed ones."""


def without_final_marks(texts: Texts, marks: Ints, share: float, seed: int) -> Texts:
    """``texts``, of which a ``share``, drawn by ``seed`` and their numbers, is read without all of ``marks`` (ids) at
    its end; of a text of nothing else, the first stays.
    """
    keep = np.ones(len(texts.tokens), dtype=np.bool_)
    drawn = _even(texts.numbers, seed) < share
    first, last = texts.offsets[:-1][drawn] + 1, texts.offsets[1:][drawn] - 2  # without <BEG> and <EOF>
    while len(first):
        is_final = (last > first) & np.isin(texts.tokens[last], marks)
        first, last = first[is_final], last[is_final]
        keep[last] = False
        last -= 1
    kept = np.concatenate([[0], np.cumsum(keep)])
    return Texts(texts.tokens[keep], kept[texts.offsets], texts.numbers)


def _even(numbers: Ints, seed: int) -> NDArray[np.float64]:
    """A number from 0 to 1 for each of ``numbers`` and ``seed``."""
    bits = numbers.astype(np.uint64) + np.random.default_rng(seed).integers(1 << 63, dtype=np.uint64)
    for shift, multiplier in zip((30, 27), _MULTIPLIERS, strict=True):
        bits = (bits ^ (bits >> np.uint64(shift))) * np.uint64(multiplier)
    return (bits ^ (bits >> np.uint64(31))).astype(np.float64) / 2.0**64
