"""Texts as batches of similar length, in an order fixed by seed and epoch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from tiankong.config import TrainingConfig
from tiankong.corpus.blocks import Texts
from tiankong.text.network_input import Ints
from tiankong.training.stream import Position, TextStream

B = TypeVar("B")

_WINDOWS = 2
"""Keeps the order within windows apart from whatever else is drawn by the seed."""


class Items(ABC, Generic[B]):
    """What batches are made of: texts in memory, or pieces of them."""

    lengths: Ints
    """Tokens of each item."""

    @abstractmethod
    def batch(self, chosen: Ints) -> B:
        """The batch of the items with these numbers."""


MakeItems = Callable[[Texts], Items[B]]
"""Makes the items of texts."""


class Batches(ABC, Generic[B]):
    """The batches of a training: the same number in every epoch."""

    @abstractmethod
    def __len__(self) -> int:
        """Batches of an epoch."""

    @abstractmethod
    def epoch(self, number: int, first: int = 0) -> Iterator[B]:
        """Batches of that epoch, from batch ``first`` on."""

    def state(self) -> dict[str, Any]:
        """What must be known to go on with the last epoch without reading all before it."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Counterpart of :meth:`state`."""


class ByLength(Batches[B]):
    """Items in memory once an epoch, grouped by length so that little is padding.

    The number of batches is the same in every epoch: only items of equal length change places.
    """

    def __init__(self, items: Items[B], config: TrainingConfig) -> None:
        self._items = items
        self._seed = config.seed
        self._bounds = _bounds(np.sort(items.lengths), config.batch_tokens, config.batch_sentences)

    def __len__(self) -> int:
        return len(self._bounds) - 1

    @property
    def tokens(self) -> int:
        """Of all items together."""
        return int(self._items.lengths.sum())

    def epoch(self, number: int, first: int = 0) -> Iterator[B]:
        """See :class:`Batches`."""
        generator = np.random.default_rng([self._seed, number])
        order = self._shuffled(generator)
        for batch in generator.permutation(len(self))[first:]:
            yield self._items.batch(order[self._bounds[batch] : self._bounds[batch + 1]])

    def in_order(self) -> Iterator[B]:
        """Every batch once, by length: for measuring."""
        order = np.argsort(self._items.lengths, kind="stable")
        for start, stop in zip(self._bounds[:-1], self._bounds[1:], strict=True):
            yield self._items.batch(order[start:stop])

    def _shuffled(self, generator: np.random.Generator) -> Ints:
        """The items by rising length, those of equal length in random order."""
        lengths = self._items.lengths
        shuffled = generator.permutation(len(lengths))
        order: Ints = shuffled[np.argsort(lengths[shuffled], kind="stable")]
        return order


@dataclass(frozen=True)
class _Window(Generic[B]):
    """The window at ``position``, whose first batch has the number ``first``, and where the next one begins."""

    position: Position
    first: int
    batches: list[Ints]
    items: Items[B]
    following: Position


class Streamed(Batches[B]):
    """A stream of texts, window by window, grouped by length within each.

    An epoch has as many batches as ``tokens`` make at the first window's tokens a batch: how many all texts make is not
    known before all have been read. The next epoch goes on where one ends, so that no text is left out.
    """

    def __init__(self, stream: TextStream, make: MakeItems[B], config: TrainingConfig, tokens: int) -> None:
        self._stream, self._make, self._config = stream, make, config
        self._window: _Window[B] | None = self._opened(stream.start, 0)
        in_window = int(self._window.items.lengths.sum())
        self._length = max(1, round(tokens / max(1, in_window) * len(self._window.batches)))

    def __len__(self) -> int:
        return self._length

    def epoch(self, number: int, first: int = 0) -> Iterator[B]:
        """See :class:`Batches`."""
        for batch in range(number * self._length + first, (number + 1) * self._length):
            yield self._batch(batch)

    def state(self) -> dict[str, Any]:
        """See :class:`Batches`."""
        return {} if self._window is None else {"first": self._window.first, **self._window.position.plain()}

    def restore(self, state: dict[str, Any]) -> None:
        """See :class:`Batches`."""
        if state:
            self._move(Position.of(state), state["first"])

    def _batch(self, number: int) -> B:
        """The batch with that number, counted from the beginning of the training."""
        if self._window is None or number < self._window.first:
            self._move(self._stream.start, 0)
        assert self._window is not None
        while number >= self._window.first + len(self._window.batches):
            self._move(self._window.following, self._window.first + len(self._window.batches))
        return self._window.items.batch(self._window.batches[number - self._window.first])

    def _move(self, position: Position, first: int) -> None:
        if self._window is None or self._window.position != position:
            self._window = None  # before the next one is read: there is memory for one
            self._window = self._opened(position, first)

    def _opened(self, position: Position, first: int) -> _Window[B]:
        texts, following = self._stream.window(position)
        items = self._make(texts)
        generator = np.random.default_rng([self._config.seed, _WINDOWS, position.window])
        shuffled = generator.permutation(len(items.lengths))
        order = shuffled[np.argsort(items.lengths[shuffled], kind="stable")]
        bounds = _bounds(items.lengths[order], self._config.batch_tokens, self._config.batch_sentences)
        batches = np.split(order, bounds[1:-1])
        in_order = generator.permutation(len(batches)).tolist()
        return _Window(position, first, [batches[number] for number in in_order], items, following)


def _bounds(lengths: Ints, tokens: int, sentences: int) -> list[int]:
    """Where batches of items sorted by rising length begin and end."""
    bounds = [0]
    for number, length in enumerate(lengths.tolist()):
        count = number + 1 - bounds[-1]
        if count > 1 and (count * length > tokens or (sentences and count > sentences)):
            bounds.append(number)
    return [*bounds, len(lengths)] if len(lengths) else bounds
