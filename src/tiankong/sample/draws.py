"""Seeded draws, the same on every platform and Python version: they use ``random()`` and plain arithmetic alone."""

from __future__ import annotations

import random
from bisect import bisect
from functools import cache
from itertools import accumulate


@cache
def zipf(size: int) -> tuple[float, ...]:
    """Cumulative Zipf-like weights of ``size`` ranks: the first is drawn most often."""
    return tuple(accumulate(1.0 / (rank + 1.5) for rank in range(size)))


def draw(rng: random.Random, cumulative: tuple[float, ...]) -> int:
    """A rank drawn by ``cumulative`` weights."""
    return bisect(cumulative, rng.random() * cumulative[-1], 0, len(cumulative) - 1)


def ranked(rng: random.Random, size: int) -> int:
    """A rank below ``size``, a lower one more often."""
    return draw(rng, zipf(size))


def uniform(rng: random.Random, low: int, high: int) -> int:
    """A whole number from ``low`` to ``high``, both included, all equally often."""
    return low + int(rng.random() * (high - low + 1))
