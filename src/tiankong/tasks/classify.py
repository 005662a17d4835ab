"""Texts to labels, by a network that was trained on labelled texts."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tiankong.artifact.model_folder import CLASSIFY, ModelFolder
from tiankong.request.answers import LabelShare
from tiankong.runtime.loaded_model import LoadedModel, TextIds
from tiankong.text.network_input import Window, network_input
from tiankong.text.pieces import between_blanks, piece_edges

_TEXTS_TOGETHER = 1024
"""Texts that are sorted by length before they are read in batches."""

_TOKENS_AT_ONCE, _PIECES_AT_ONCE = 4096, 64

Floats = NDArray[np.float64]


class _Piece(NamedTuple):
    """A piece of text number ``owner``, of so many ``tokens``."""

    owner: int
    tokens: int
    window: Window


class Classifier(LoadedModel):
    """A model folder that tells labels apart, opened. Safe to share between threads."""

    def __init__(self, folder: ModelFolder, threads: int = 0) -> None:
        """Opens the network.

        :raises FolderError: the model was not trained to classify, or its network can't be opened.
        """
        folder.needs(CLASSIFY)
        super().__init__(folder, threads)
        self.labels = folder.manifest.labels

    def shares(self, texts: Sequence[Sequence[str]]) -> list[list[LabelShare]]:
        """The labels of texts, each the tokens that are read of it, most probable first; those of a text sum to one.

        A text of more than :data:`~tiankong.text.pieces.LONGEST_PIECE` tokens is read in pieces of equal length, whose
        logits are averaged.
        """
        found: list[list[LabelShare]] = []
        for start in range(0, len(texts), _TEXTS_TOGETHER):
            found += [label_shares(self.labels, logits) for logits in self._logits(texts[start:][:_TEXTS_TOGETHER])]
        return found

    def _logits(self, texts: Sequence[Sequence[str]]) -> list[Floats]:
        """Of each text, (labels,)."""
        reading = TextIds(self)
        pieces: list[_Piece] = []
        for owner, text in enumerate(texts):
            ids = reading.ids(text)
            for start, stop in itertools.pairwise(piece_edges(1, len(ids) - 1)):
                pieces.append(_Piece(owner, stop - start, between_blanks(ids[start:stop])))
        pieces.sort(key=lambda piece: piece.tokens)
        characters = reading.characters

        def read(batch: list[_Piece], beside_others: bool) -> NDArray[np.float32]:
            arrays = network_input([piece.window for piece in batch], self.lexicon, characters)
            logits: NDArray[np.float32] = self.session.outputs(arrays, beside_others=beside_others)["logits"]
            return logits

        batches = list(_batches(pieces))
        sums, tokens = np.zeros((len(texts), len(self.labels))), np.zeros(len(texts))
        for batch, logits in zip(batches, self.session.in_turn(read, batches), strict=True):
            for piece, own in zip(batch, logits.astype(np.float64), strict=True):
                sums[piece.owner] += piece.tokens * own
                tokens[piece.owner] += piece.tokens
        return list(sums / tokens[:, None])


def _batches(pieces: Sequence[_Piece]) -> Iterator[list[_Piece]]:
    """Pieces that are read in one run, from shorter ones to longer ones."""
    batch: list[_Piece] = []
    for piece in pieces:
        if batch and (len(batch) == _PIECES_AT_ONCE or piece.tokens * (len(batch) + 1) > _TOKENS_AT_ONCE):
            yield batch
            batch = []
        batch.append(piece)
    if batch:
        yield batch


def label_shares(labels: Sequence[str], logits: Floats) -> list[LabelShare]:
    """A softmax over ``logits`` (labels,), most probable first."""
    shares = np.exp(logits - logits.max())
    shares /= shares.sum()
    order = np.argsort(-shares, kind="stable").tolist()
    return [{"label": labels[number], "score": float(shares[number])} for number in order]
