"""Random choices of texts, in constant memory."""

from __future__ import annotations

import numpy as np

from tiankong.text.network_input import Ints

_AT_ONCE = 1 << 20
"""Texts of which a choice is made at a time."""


def choice(generator: np.random.Generator, size: int, wanted: int) -> Ints | None:
    """The numbers of ``wanted`` of ``size`` texts, in rising order; 0 stands for all. ``None`` stands for all of more
    texts than are numbered in memory.
    """
    if size <= _AT_ONCE:
        return np.sort(generator.permutation(size)[: wanted or size])
    if not wanted or wanted >= size:
        return None
    chosen, left = [], wanted
    for start in range(0, size, _AT_ONCE):
        texts = min(_AT_ONCE, size - start)
        # As many of these as a choice from all that are left would have.
        count = int(generator.hypergeometric(texts, size - start - texts, left)) if start + texts < size else left
        chosen.append(start + np.sort(generator.choice(texts, count, replace=False)))
        left -= count
    return np.concatenate(chosen)
