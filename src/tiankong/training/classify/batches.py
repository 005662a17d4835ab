"""Labelled texts of a prepared corpus as batches, each text whole."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tiankong.corpus.blocks import Texts
from tiankong.network.context import tensors
from tiankong.text.network_input import Ints, Lexicon, network_input
from tiankong.text.pieces import between_blanks, piece_edges
from tiankong.training.batches import Items


class LabelledBatch(NamedTuple):
    """Texts B in N pieces: the network's input; each piece's text (N,) and its share of it (N,); labels (B,)."""

    inputs: list[Tensor]
    owners: Tensor
    weights: Tensor
    labels: Tensor


class LabelledTexts(Items[LabelledBatch]):
    """Texts with their labels."""

    def __init__(self, texts: Texts, labels: NDArray[np.int32], lexicon: Lexicon) -> None:
        """``labels`` of all texts of the split."""
        self._texts, self._lexicon = texts, lexicon
        self._labels = labels[texts.numbers].astype(np.int64)
        self.lengths = texts.lengths

    def batch(self, chosen: Ints) -> LabelledBatch:
        """See :class:`Items`."""
        windows, owners, weights = [], [], []
        for number, text in enumerate(chosen.tolist()):
            ids = self._texts[text]
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
