"""Windows of texts as batches, with the words to predict."""

from __future__ import annotations

import itertools

import numpy as np
import torch
from torch import Tensor

from tiankong.config import TrainingConfig
from tiankong.corpus.prepared import PreparedCorpus, Split
from tiankong.network.context import tensors
from tiankong.text.network_input import Ints, Window, network_input
from tiankong.text.pieces import piece_edges
from tiankong.text.vocabulary import SPECIAL_TOKENS
from tiankong.training.batches import ByLength

Batch = tuple[list[Tensor], Tensor, Tensor]
"""The network's input; the target of each prediction (N,); the number of its text within the batch (N,)."""


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
    lengths = split.lengths()[texts]
    for text, length in zip(texts.tolist(), lengths.tolist(), strict=True):
        rows += [(text, start, stop) for start, stop in itertools.pairwise(piece_edges(1, 1 + length, longest))]
    return np.array(rows, dtype=np.int64).reshape(-1, 3)
