"""Scores of the network to words: probabilities, distances, ranks. N predictions, V words."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tiankong.artifact.model_folder import ModelFolder
from tiankong.inference.session import Scores

Floats = NDArray[np.float32]


class Decoder(Protocol):
    """From what the head gives out to the vocabulary. Words that can't fill a blank come last."""

    def log_probabilities(self, scores: Scores) -> Floats:
        """Natural log probabilities (N, V), ``-inf`` for words that can't fill a blank."""


class SoftmaxDecoder:
    """Word logits to probabilities."""

    def __init__(self, candidate: NDArray[np.bool_]) -> None:
        self._excluded = ~candidate

    def log_probabilities(self, scores: Scores) -> Floats:
        """See :class:`Decoder`."""
        return _log_softmax(scores, self._excluded)


class CodesDecoder:
    """Bit logits to words, by likelihood or by distance to the thresholded bits."""

    def __init__(self, codes: NDArray[np.uint8], candidate: NDArray[np.bool_]) -> None:
        self._codes = codes.astype(np.float32)
        self._ones = self._codes.sum(axis=1)
        self._excluded = ~candidate

    def log_probabilities(self, scores: Scores) -> Floats:
        """See :class:`Decoder`: ``log p(code) = code · logits`` up to a constant, over all words' codes."""
        return _log_softmax(scores @ self._codes.T, self._excluded)

    def distances(self, scores: Scores) -> Floats:
        """Euclidean distance (N, V) from the bits, thresholded at 0.5, to each code: √ of the Hamming distance.

        ``inf`` for words that can't fill a blank.
        """
        bits = (scores > 0).astype(np.float32)
        hamming = bits.sum(axis=1, keepdims=True) + self._ones - 2 * (bits @ self._codes.T)
        distances: Floats = np.sqrt(np.maximum(hamming, 0))
        distances[:, self._excluded] = np.inf
        return distances

    def bit_accuracy(self, scores: Scores, targets: NDArray[np.int64]) -> Floats:
        """Share of bits on the right side of 0.5, (N,)."""
        right: Floats = ((scores > 0) == (self._codes[targets] > 0.5)).mean(axis=1, dtype=np.float32)
        return right


def decoder_of(model: ModelFolder) -> SoftmaxDecoder | CodesDecoder:
    """The decoder of a model's head."""
    candidate = model.vocabulary.targets()
    return SoftmaxDecoder(candidate) if model.codes is None else CodesDecoder(model.codes, candidate)


def best(order: Floats, count: int) -> NDArray[np.int64]:
    """Ids of the ``count`` highest of ``order`` (V,), best first, ties by id, which is word rank."""
    count = min(count, int(np.isfinite(order).sum()))
    if count == 0:
        return np.zeros(0, dtype=np.int64)
    threshold = np.partition(order, len(order) - count)[len(order) - count]
    ids = np.flatnonzero(order >= threshold)
    return ids[np.argsort(-order[ids], kind="stable")][:count]


def ranks(order: Floats, targets: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rank from 1 of each target (N,) in ``order`` (N, V), ties by id, as :func:`best` lists them."""
    own = order[np.arange(len(targets)), targets][:, None]
    found: NDArray[np.int64] = 1 + np.count_nonzero(order > own, axis=1)
    # Ties are rare: only their rows are looked at by id.
    several = np.flatnonzero(np.count_nonzero(order >= own, axis=1) > found)
    tied = (order[several] == own[several]) & (np.arange(order.shape[1]) < targets[several, None])
    found[several] += tied.sum(axis=1)
    return found


def _log_softmax(logits: Floats, excluded: NDArray[np.bool_]) -> Floats:
    values = np.array(logits, dtype=np.float32)
    values[:, excluded] = -np.inf
    values -= values.max(axis=1, keepdims=True)
    values -= np.log(np.exp(values).sum(axis=1))[:, None]
    return values
