"""Labelled texts of a prepared corpus as batches, each text whole."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from tiankong.config import TrainingConfig
from tiankong.corpus.prepared import Split
from tiankong.network.context import tensors
from tiankong.text.network_input import Ints, Lexicon, network_input
from tiankong.text.pieces import between_blanks, piece_edges
from tiankong.training.batches import ByLength


class LabelledBatch(NamedTuple):
    """Texts B in N pieces: the network's input; each piece's text (N,) and its share of it (N,); labels (B,)."""

    inputs: list[Tensor]
    owners: Tensor
    weights: Tensor
    labels: Tensor


class LabelledBatches(ByLength[LabelledBatch]):
    """Every text of a choice, with its label."""

    def __init__(self, split: Split, labels: Ints, texts: Ints, lexicon: Lexicon, config: TrainingConfig) -> None:
        """``labels`` of all texts of ``split``; ``texts`` are the numbers of those to use."""
        self._split, self._lexicon = split, lexicon
        self._labels, self._texts = labels[texts], texts
        super().__init__(split.lengths()[texts].astype(np.int64), config)

    @property
    def tokens(self) -> int:
        """Of all texts together."""
        return int(self._lengths.sum())

    def _batch(self, chosen: Ints) -> LabelledBatch:
        windows, owners, weights = [], [], []
        for number, text in enumerate(self._texts[chosen].tolist()):
            ids = self._split[text]
            for start, stop in itertools.pairwise(piece_edges(1, len(ids) - 1)):
                windows.append(between_blanks(ids[start:stop]))
                owners.append(number)
                weights.append((stop - start) / (len(ids) - 2))
        return LabelledBatch(
            tensors(network_input(windows, self._lexicon)),
            torch.tensor(owners),
            torch.tensor(weights),
            torch.from_numpy(self._labels[chosen]),
        )
