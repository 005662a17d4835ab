"""Scores of the network to words: probabilities, distances, ranks. N predictions, V words."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tiankong.artifact.model_folder import ModelFolder
from tiankong.runtime.session import Scores
from tiankong.text.vocabulary import ids_of_frequent

Floats = NDArray[np.float32]
Bits = NDArray[np.bool_]
Agreements = NDArray[np.uint8 | np.uint16]
Order = Floats | Agreements
"""How good each word is: the higher the better, and the lowest there is (-inf, 0) for one that is no answer."""

_FEW_ROWS = 4
_WORDS_AT_ONCE = 65_536
_MOST_DENSE = 1 << 24
"""Bits of a vocabulary of which numbers are kept too, for quick batches: 64 MiB."""

_BLOCK = 128
"""Words of which the highest is found first when the best of all are looked for."""

_BYTES = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).astype(np.float32)
"""The eight bits of every byte, (256, 8), highest first."""


class Decoder(Protocol):
    """From what the head gives out to the vocabulary. Words that can't fill a blank come last."""

    def log_probabilities(self, scores: Scores) -> Floats:
        """Natural log probabilities (N, V), ``-inf`` for words that can't fill a blank."""


class SoftmaxDecoder:
    """Word logits to probabilities."""

    def __init__(self, candidate: NDArray[np.bool_]) -> None:
        self._barred = _barred(candidate)

    def log_probabilities(self, scores: Scores) -> Floats:
        """See :class:`Decoder`."""
        return _log_softmax(scores, self._barred)


class CodesDecoder:
    """Bit logits to words, by likelihood or by distance to the thresholded bits; many words' codes stay packed."""

    def __init__(
        self, packed: NDArray[np.uint8], bits: int, bias: Floats, candidate: NDArray[np.bool_], frequent: int = 0
    ) -> None:
        """``packed`` (V, bits / 8) as numpy packs bits, ``bias`` (V,). The first ``frequent`` words have logits of
        their own.
        """
        self._bits = bits
        self._rest = packed[frequent:]
        self._bias = bias[frequent:]
        self._frequent = frequent
        self._barred, self._never = _barred(candidate), np.flatnonzero(~candidate)
        self._bytes = np.ascontiguousarray(self._rest.T)  # eight bits at a time for likelihoods
        if self.has_distances:  # 64 bits at a time
            filled = np.zeros((len(packed), -(-bits // 64) * 8), dtype=np.uint8)
            filled[:, : packed.shape[1]] = packed
            self._words = np.ascontiguousarray(filled.view(np.uint64).T)
            self._counts = np.min_scalar_type(1 + bits)
        self._dense = self._unpacked(slice(None)) if self._rest.size * 8 <= _MOST_DENSE else None

    @property
    def has_distances(self) -> bool:
        """Whether every word is coded."""
        return self._frequent == 0

    def log_probabilities(self, scores: Scores) -> Floats:
        """See :class:`Decoder`: the logit of a coded word is ``code · logits + bias``."""
        logits = np.empty((len(scores), len(self._barred)), dtype=np.float32)
        logits[:, : self._frequent] = scores[:, : self._frequent]
        bits = np.ascontiguousarray(scores[:, self._frequent :], dtype=np.float32)
        if len(bits) <= _FEW_ROWS:
            for row, own in zip(logits, bits, strict=True):
                row[self._frequent :] = self._looked_up(own)
        else:
            for start in range(0, len(self._rest), _WORDS_AT_ONCE):
                part = slice(start, start + _WORDS_AT_ONCE)
                block = self._unpacked(part) if self._dense is None else self._dense[part]
                at = self._frequent + start
                np.matmul(bits, block.T, out=logits[:, at : at + len(block)])
        logits[:, self._frequent :] += self._bias
        return _log_softmax(logits, self._barred)

    def _unpacked(self, words: slice | NDArray[np.int64]) -> Floats:
        """Codes (R, bits) of 0 and 1, as numbers to multiply with."""
        return self.codes_of(words).astype(np.float32)

    def _looked_up(self, bits: Floats) -> Floats:
        """``code · bits`` of every coded word: eight bits of a code make an index into a table of their sums.

        Asymmetric distances of product quantisation (Jégou et al. 2011, section III), with bits for centroids.
        """
        filled = np.zeros(8 * len(self._bytes), dtype=np.float32)
        filled[: len(bits)] = bits
        tables = filled.reshape(-1, 8) @ _BYTES.T  # (bits / 8, 256)
        total: Floats = tables[0].take(self._bytes[0])
        for table, column in zip(tables[1:], self._bytes[1:], strict=True):
            total += table.take(column)
        return total

    def agreements(self, scores: Scores) -> Agreements:
        """One more than the number of bits, thresholded at 0.5, in which each word's code is the one asked for (N, V);
        0 for words that can't fill a blank. The more, the nearer.
        """
        agreements = np.empty((len(scores), len(self._barred)), dtype=self._counts)
        apart = np.empty(_WORDS_AT_ONCE, dtype=np.uint64)
        counts = np.empty(_WORDS_AT_ONCE, dtype=np.uint8)
        for row, words in zip(agreements, self._asked(scores), strict=True):
            for start in range(0, len(row), _WORDS_AT_ONCE):
                part = row[start : start + _WORDS_AT_ONCE]
                part[:] = 1 + self._bits
                for word, column in zip(words, self._words, strict=True):
                    differing = np.bitwise_xor(column[start : start + len(part)], word, out=apart[: len(part)])
                    part -= np.bitwise_count(differing, out=counts[: len(part)])
        agreements[:, self._never] = 0
        return agreements

    def codes_of(self, words: slice | NDArray[np.int64]) -> Bits:
        """The codes (R, bits) of ``words`` that are coded, by their numbers among those."""
        return np.unpackbits(self._rest[words], axis=1, count=self._bits).view(np.bool_)

    def agreements_with(self, codes: Bits, scores: Scores) -> Agreements:
        """As :meth:`agreements`, with any ``codes`` (R, bits): (N, R)."""
        return (1 + self._bits - _differing(codes, scores)).astype(self._counts)

    @staticmethod
    def distances(codes: Bits, scores: Scores) -> Floats:
        """Euclidean distance (N, R) from the bits, thresholded at 0.5, to ``codes`` (R, bits): √ of the Hamming
        distance.
        """
        return np.sqrt(_differing(codes, scores), dtype=np.float32)

    def _asked(self, scores: Scores) -> NDArray[np.uint64]:
        """The bits asked for, (N, bits / 64)."""
        filled = np.zeros((len(scores), 64 * len(self._words)), dtype=bool)
        filled[:, : self._bits] = scores > 0
        return np.packbits(filled, axis=1).view(np.uint64)

    def bit_accuracy(self, scores: Scores, targets: NDArray[np.int64]) -> Floats:
        """Share of bits on the right side of 0.5, (N,)."""
        right: Floats = ((scores > 0) == (self._unpacked(targets) > 0)).mean(axis=1, dtype=np.float32)
        return right


def decoder_of(model: ModelFolder) -> SoftmaxDecoder | CodesDecoder:
    """The decoder of a model's head."""
    candidate = model.vocabulary.targets()
    if model.codes is None or model.bias is None:
        return SoftmaxDecoder(candidate)
    shape = model.manifest.model
    frequent = ids_of_frequent(shape.frequent_words, len(candidate)) if shape.head == "hybrid" else 0
    return CodesDecoder(model.codes, model.manifest.prepare.code_bits, model.bias, candidate, frequent)


def best(order: Order, count: int) -> NDArray[np.int64]:
    """Ids of the ``count`` highest of ``order`` (V,), best first, ties by id, which is word rank."""
    blocks = len(order) // _BLOCK
    lowest = never = excluded(order)
    if 0 < count <= blocks:
        # So many blocks have a word at least as high: the best are among the words that are.
        highest = order[: blocks * _BLOCK].reshape(blocks, _BLOCK).max(axis=1)
        lowest = np.partition(highest, blocks - count)[blocks - count]
    ids = np.flatnonzero(order >= lowest if lowest > never else order > never)[::-1]
    return ids[np.argsort(order[ids], kind="stable")[::-1]][:count]


def excluded(order: Order) -> np.floating[Any] | np.unsignedinteger[Any]:
    """What a word that is no answer has in ``order``."""
    return order.dtype.type(-np.inf if order.dtype.kind == "f" else 0)


def ranks(order: Order, targets: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rank from 1 of each target (N,) in ``order`` (N, V), ties by id, as :func:`best` lists them."""
    own = order[np.arange(len(targets)), targets][:, None]
    found: NDArray[np.int64] = 1 + np.count_nonzero(order > own, axis=1)
    # Ties are rare: only their rows are looked at by id.
    several = np.flatnonzero(np.count_nonzero(order >= own, axis=1) > found)
    tied = (order[several] == own[several]) & (np.arange(order.shape[1]) < targets[several, None])
    found[several] += tied.sum(axis=1)
    return found


def _differing(codes: Bits, scores: Scores) -> NDArray[np.int64]:
    """In how many bits each of ``codes`` (R, bits) is not what is asked for, (N, R)."""
    differing: NDArray[np.int64] = np.count_nonzero((scores > 0)[:, None] != codes, axis=2)
    return differing


def _barred(candidate: NDArray[np.bool_]) -> Floats:
    """What is added to scores so that no other word can be an answer."""
    return np.where(candidate, np.float32(0), np.float32(-np.inf))


def _log_softmax(logits: Floats, barred: Floats) -> Floats:
    values = np.empty(logits.shape, dtype=np.float32)
    shares = np.empty_like(barred)
    for row, given in zip(values, logits, strict=True):  # one at a time: a row stays in the processor's cache
        np.add(given, barred, out=row)
        highest = row.max()
        np.subtract(row, highest, out=shares)
        np.subtract(row, highest + np.log(np.exp(shares, out=shares).sum()), out=row)
    return values
