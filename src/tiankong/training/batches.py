"""The prepared corpus as batches: texts of similar length together, in an order fixed by seed and epoch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Generic, TypeVar

import numpy as np

from tiankong.config import TrainingConfig
from tiankong.text.network_input import Ints

B = TypeVar("B")


class ByLength(ABC, Generic[B]):
    """Items once an epoch, grouped by length so that little is padding.

    The number of batches is the same in every epoch: only items of equal length change places.
    """

    def __init__(self, lengths: Ints, config: TrainingConfig) -> None:
        """``lengths`` of the items, in tokens."""
        self._lengths = lengths
        self._seed = config.seed
        self._bounds = _bounds(np.sort(lengths), config.batch_tokens, config.batch_sentences)

    def __len__(self) -> int:
        return len(self._bounds) - 1

    def epoch(self, number: int, first: int = 0) -> Iterator[B]:
        """Batches of that epoch, from batch ``first`` on."""
        generator = np.random.default_rng([self._seed, number])
        shuffled = generator.permutation(len(self._lengths))
        order = shuffled[np.argsort(self._lengths[shuffled], kind="stable")]
        for batch in generator.permutation(len(self))[first:]:
            yield self._batch(order[self._bounds[batch] : self._bounds[batch + 1]])

    def in_order(self) -> Iterator[B]:
        """Every batch once, by length: for measuring."""
        order = np.argsort(self._lengths, kind="stable")
        for start, stop in zip(self._bounds[:-1], self._bounds[1:], strict=True):
            yield self._batch(order[start:stop])

    @abstractmethod
    def _batch(self, chosen: Ints) -> B:
        """The batch of the items with these numbers."""


def _bounds(lengths: Ints, tokens: int, sentences: int) -> list[int]:
    """Where batches of items sorted by rising length begin and end."""
    bounds = [0]
    for number, length in enumerate(lengths.tolist()):
        count = number + 1 - bounds[-1]
        if count > 1 and (count * length > tokens or (sentences and count > sentences)):
            bounds.append(number)
    return [*bounds, len(lengths)] if len(lengths) else bounds
