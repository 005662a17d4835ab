"""A network trained on labelled texts: tokens in, a logit for each label out."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tiankong.artifact.model_folder import ModelFolder
from tiankong.registry.tasks import LABELS
from tiankong.runtime.batching import LABELLING
from tiankong.runtime.loaded_model import LoadedModel
from tiankong.runtime.reading import TextIds
from tiankong.text.pieces import between_blanks, piece_edges

_TEXTS_TOGETHER = 1024
"""Texts that are sorted by length before they are batched."""


class Classifier(LoadedModel):
    """A loaded model that classifies texts. Safe to share between threads."""

    def __init__(self, folder: ModelFolder, threads: int = 0) -> None:
        """Opens the network.

        :raises FolderError: the model is not a classifier, or its network can't be opened.
        """
        folder.needs(LABELS)
        super().__init__(folder, threads)
        self.labels = folder.manifest.labels

    def logits(self, texts: Sequence[Sequence[str]]) -> NDArray[np.float64]:
        """Logits (texts, labels) of texts, each given as the tokens that the model reads.

        A text of more than :data:`~tiankong.text.pieces.LONGEST_PIECE` tokens is split into pieces of equal length,
        whose logits are averaged.
        """
        blocks = [self._logits(texts[start:][:_TEXTS_TOGETHER]) for start in range(0, len(texts), _TEXTS_TOGETHER)]
        return np.concatenate(blocks) if blocks else np.zeros((0, len(self.labels)))

    def _logits(self, texts: Sequence[Sequence[str]]) -> NDArray[np.float64]:
        reading = TextIds(self)
        windows, lengths, owners = [], [], []
        for number, text in enumerate(texts):
            ids = reading.ids(text)
            for start, stop in itertools.pairwise(piece_edges(1, len(ids) - 1)):
                windows.append(between_blanks(ids[start:stop]))
                lengths.append(stop - start)
                owners.append(number)
        order = np.argsort(lengths, kind="stable")
        runs = self.run([windows[piece] for piece in order], reading.oov_characters, LABELLING)
        of_pieces = np.concatenate([outputs["logits"] for outputs in runs]).astype(np.float64)
        weights, owner = np.array(lengths)[order], np.array(owners)[order]
        sums = np.zeros((len(texts), len(self.labels)))
        np.add.at(sums, owner, weights[:, None] * of_pieces)
        mean: NDArray[np.float64] = sums / np.bincount(owner, weights, len(texts))[:, None]
        return mean
