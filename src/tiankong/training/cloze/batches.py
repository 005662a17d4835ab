"""Windows of texts as batches, with the words to predict."""

from __future__ import annotations

import itertools

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tiankong.config import TrainingConfig
from tiankong.corpus.blocks import Texts, read_texts
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.network.context import tensors
from tiankong.text.network_input import Ints, Lexicon, Window, network_input
from tiankong.text.pieces import piece_edges
from tiankong.text.vocabulary import SPECIAL_TOKENS, Vocabulary
from tiankong.training.batches import ByLength, Items

Batch = tuple[list[Tensor], Tensor, Tensor]
"""The network's input; the target of each prediction (N,); the number of its text within the batch (N,)."""


class Windows(Items[Batch]):
    """Every window of texts, with the words to predict."""

    def __init__(self, texts: Texts, lexicon: Lexicon, predicted: NDArray[np.bool_], longest: int) -> None:
        """``predicted`` (vocabulary,) says which words are predicted; a window has at most ``longest`` tokens."""
        self._texts, self._lexicon, self._predicted = texts, lexicon, predicted
        self._windows = _windows(texts.lengths, longest)
        self.lengths = self._windows[:, 2] - self._windows[:, 1]

    def batch(self, chosen: Ints) -> Batch:
        """See :class:`Items`."""
        windows = []
        for text, start, stop in self._windows[chosen].tolist():
            ids = self._texts[text]
            positions = np.arange(start, stop)
            inner = ids[start:stop]
            known = inner < len(self._predicted)
            wanted = known & self._predicted[np.where(known, inner, 0)]
            windows.append(Window(ids, start, stop, positions[wanted]))
        arrays = network_input(windows, self._lexicon)
        targets = np.concatenate([window.ids[window.targets] for window in windows])
        rows = np.repeat(np.arange(len(windows)), [len(window.targets) for window in windows])
        return tensors(arrays), torch.from_numpy(targets), torch.from_numpy(rows)


class WindowBatches(ByLength[Batch]):
    """Every window of some texts of a split, in memory."""

    def __init__(self, corpus: PreparedCorpus, split: str, texts: Ints | None, config: TrainingConfig) -> None:
        """``texts`` are the numbers of the texts to use, in rising order; ``None`` uses all."""
        predicted = predicted_words(corpus.vocabulary, config)
        items = Windows(read_texts(corpus, split, texts), corpus.lexicon, predicted, config.window)
        super().__init__(items, config)


def predicted_words(vocabulary: Vocabulary, config: TrainingConfig) -> NDArray[np.bool_]:
    """Which words of the vocabulary are predicted. Shape (vocabulary,)."""
    predicted = vocabulary.targets()
    if config.loss_tokens == "all":
        predicted[:] = np.arange(len(vocabulary)) >= len(SPECIAL_TOKENS)
    return predicted


def _windows(lengths: Ints, longest: int) -> Ints:
    """Rows of text, start, stop: each text whole, or in pieces of at most ``longest`` tokens."""
    numbers = np.arange(len(lengths), dtype=np.int64)
    is_long = lengths > longest
    pieces = [
        (text, start, stop)
        for text, length in zip(numbers[is_long].tolist(), lengths[is_long].tolist(), strict=True)
        for start, stop in itertools.pairwise(piece_edges(1, 1 + length, longest))
    ]
    whole = np.stack([numbers, np.ones_like(numbers), 1 + lengths], axis=1)[~is_long]
    rows = np.concatenate([whole, np.array(pieces, dtype=np.int64).reshape(-1, 3)])
    return rows[np.argsort(rows[:, 0], kind="stable")]
