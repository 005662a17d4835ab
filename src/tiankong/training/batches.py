"""The prepared corpus as batches: texts of similar length together, in an order fixed by seed and epoch."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Generic, TypeVar

import numpy as np
import torch
from torch import Tensor

from tiankong.config import TrainingConfig
from tiankong.corpus.prepared import PreparedCorpus, Split
from tiankong.network.context import tensors
from tiankong.text.network_input import Ints, Window, network_input
from tiankong.text.pieces import piece_edges
from tiankong.text.vocabulary import SPECIAL_TOKENS

Batch = tuple[list[Tensor], Tensor, Tensor]
"""The network's input; the target of each prediction (N,); the number of its text within the batch (N,)."""


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


class WindowBatches(ByLength[Batch]):
    """Every window of a split, with the words to predict."""

    def __init__(self, corpus: PreparedCorpus, split: Split, texts: Ints, config: TrainingConfig) -> None:
        """``texts`` are the numbers of the texts of ``split`` to use."""
        self._split = split
        self._lexicon = corpus.lexicon
        size = len(corpus.vocabulary)
        self._predicted = corpus.vocabulary.targets()
        if config.loss_tokens == "all":
            self._predicted[:] = np.arange(size) >= len(SPECIAL_TOKENS)
        self._windows = _windows(split, texts, config.window)
        super().__init__(self._windows[:, 2] - self._windows[:, 1], config)

    def _batch(self, chosen: Ints) -> Batch:
        windows = []
        for text, start, stop in self._windows[chosen].tolist():
            ids = self._split[text]
            positions = np.arange(start, stop)
            inner = ids[start:stop]
            known = inner < len(self._predicted)
            wanted = known & self._predicted[np.where(known, inner, 0)]
            windows.append(Window(ids, start, stop, positions[wanted]))
        arrays = network_input(windows, self._lexicon)
        targets = np.concatenate([window.ids[window.targets] for window in windows])
        rows = np.repeat(np.arange(len(windows)), [len(window.targets) for window in windows])
        return tensors(arrays), torch.from_numpy(targets), torch.from_numpy(rows)


def _windows(split: Split, texts: Ints, longest: int) -> Ints:
    """Rows of text, start, stop: each text whole, or in pieces of at most ``longest`` tokens."""
    rows = []
    lengths = np.diff(split.offsets)[texts] - 2
    for text, length in zip(texts.tolist(), lengths.tolist(), strict=True):
        rows += [(text, start, stop) for start, stop in itertools.pairwise(piece_edges(1, 1 + length, longest))]
    return np.array(rows, dtype=np.int64).reshape(-1, 3)


def _bounds(lengths: Ints, tokens: int, sentences: int) -> list[int]:
    """Where batches of items sorted by rising length begin and end."""
    bounds = [0]
    for number, length in enumerate(lengths.tolist()):
        count = number + 1 - bounds[-1]
        if count > 1 and (count * length > tokens or (sentences and count > sentences)):
            bounds.append(number)
    return [*bounds, len(lengths)] if len(lengths) else bounds
