"""Texts of one or several splits without end: an order that is random enough, in constant memory.

A pass over a split takes its blocks in a random order. As many blocks as fit in memory make a window, within which
everything else is random, too. Of several splits, the next block is always from the one that is furthest behind its
weight, so that their shares of the tokens are those of the weights, to within a block.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tiankong.corpus.blocks import Blocks, Texts, joined
from tiankong.text.network_input import Ints

WINDOW_TOKENS = 1 << 24
"""The most tokens in memory, and those of a block: 64 MiB."""

WINDOW_ITEMS = 1 << 19
"""The most texts, or pieces of them, in memory, and those of a block."""

_BLOCKS = 1
"""Keeps the order of blocks apart from whatever else is drawn by the seed."""


@dataclass(frozen=True)
class Capacity:
    """How much a window holds; ``longest`` is the most tokens of an item, 0 where texts stay whole."""

    tokens: int = WINDOW_TOKENS
    items: int = WINDOW_ITEMS
    longest: int = 0

    def holds(self, tokens: int, texts: int) -> bool:
        """Whether texts with that many tokens fit, however long each is."""
        return tokens <= self.tokens and self.most_items(tokens, texts) <= self.items

    def most_items(self, tokens: int, texts: int) -> int:
        """The most items that such texts can make."""
        return texts + (tokens // self.longest if self.longest else 0)


@dataclass(frozen=True)
class Position:
    """Where a window begins: its number, and of each split the pass, the place in it, and the tokens taken so far."""

    window: int
    passes: tuple[int, ...]
    places: tuple[int, ...]
    taken: tuple[int, ...]

    def plain(self) -> dict[str, Any]:
        """For a checkpoint."""
        return {"window": self.window, **{name: list(getattr(self, name)) for name in ("passes", "places", "taken")}}

    @classmethod
    def of(cls, plain: dict[str, Any]) -> Position:
        """Counterpart of :meth:`plain`."""
        return cls(plain["window"], *(tuple(plain[name]) for name in ("passes", "places", "taken")))


class TextStream:
    """See the module's docstring."""

    def __init__(self, splits: Sequence[Blocks], weights: Sequence[float], seed: int, capacity: Capacity) -> None:
        self._splits, self._weights, self._seed, self._capacity = splits, weights, seed, capacity
        self._orders: dict[int, tuple[int, Ints]] = {}

    @property
    def start(self) -> Position:
        """Where the first window begins."""
        nothing = (0,) * len(self._splits)
        return Position(0, nothing, nothing, nothing)

    def window(self, position: Position) -> tuple[Texts, Position]:
        """The window at ``position``, and where the next one begins.

        :raises FolderError: the corpus was changed meanwhile.
        """
        passes, places, taken = list(position.passes), list(position.places), list(position.taken)
        parts: list[Texts] = []
        tokens = texts = 0
        while self._capacity.tokens > tokens and self._capacity.most_items(tokens, texts) < self._capacity.items:
            split = min(range(len(taken)), key=lambda number: taken[number] / self._weights[number])
            block = self._splits[split].read(int(self._order(split, passes[split])[places[split]]))
            places[split] += 1
            if places[split] == len(self._splits[split]):
                passes[split], places[split] = passes[split] + 1, 0
            parts.append(block)
            taken[split] += len(block.tokens)
            tokens += len(block.tokens)
            texts += len(block)
        return joined(parts), Position(position.window + 1, tuple(passes), tuple(places), tuple(taken))

    def _order(self, split: int, number: int) -> Ints:
        """The order of a split's blocks in that pass."""
        known = self._orders.get(split)
        if known is None or known[0] != number:
            generator = np.random.default_rng([self._seed, _BLOCKS, split, number])
            known = self._orders[split] = (number, generator.permutation(len(self._splits[split])))
        return known[1]
