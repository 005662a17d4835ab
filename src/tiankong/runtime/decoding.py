"""From the network's scores to words: probabilities, distances, ranks. N predictions, V words."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tiankong.artifact.model_folder import ModelFolder
from tiankong.text.vocabulary import ids_of_frequent

Floats = NDArray[np.float32]
Bits = NDArray[np.bool_]
Agreements = NDArray[np.uint8 | np.uint16]
Order = Floats | Agreements
"""How good each word is: the higher, the better; the lowest value (-inf or 0) excludes a word."""

_FEW_ROWS = 4
_WORDS_AT_ONCE = 65_536
_MOST_DENSE = 1 << 24
"""Bits of the codes that are also kept as floats, which makes batches faster: 64 MiB."""

_BLOCK = 128
"""Words whose maximum is taken first when searching for the best."""

_BYTES = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).astype(np.float32)
"""The eight bits of every byte, (256, 8), highest first."""


class Decoder(Protocol):
    """From the scores of a head to the words of the vocabulary."""

    def log_probabilities(self, scores: Floats) -> Floats:
        """Natural log probabilities (N, V), ``-inf`` for words that can't fill a blank."""


class SoftmaxDecoder:
    """Log probabilities from word logits."""

    def __init__(self, candidate: NDArray[np.bool_]) -> None:
        self._mask = _mask(candidate)

    def log_probabilities(self, scores: Floats) -> Floats:
        """See :class:`Decoder`."""
        return _log_softmax(scores, self._mask)


class CodesDecoder:
    """Words from bit logits, by likelihood or by distance to the thresholded bits. Large code tables stay packed."""

    def __init__(
        self, packed: NDArray[np.uint8], bits: int, bias: Floats, candidate: NDArray[np.bool_], frequent: int = 0
    ) -> None:
        """``packed`` (V, bits / 8) are codes packed by :func:`numpy.packbits`, ``bias`` is (V,). The first ``frequent``
        words have logits of their own.
        """
        self._bits = bits
        self._coded = packed[frequent:]
        self._bias = bias[frequent:]
        self._frequent = frequent
        self._mask, self._excluded = _mask(candidate), np.flatnonzero(~candidate)
        self._bytes = np.ascontiguousarray(self._coded.T)  # for likelihoods, eight bits at a time
        if self.has_distances:  # 64 bits at a time
            padded = np.zeros((len(packed), -(-bits // 64) * 8), dtype=np.uint8)
            padded[:, : packed.shape[1]] = packed
            self._words = np.ascontiguousarray(padded.view(np.uint64).T)
            self._counts = np.min_scalar_type(1 + bits)
        self._dense = self._unpacked(slice(None)) if self._coded.size * 8 <= _MOST_DENSE else None

    @property
    def has_distances(self) -> bool:
        """Whether every word is coded."""
        return self._frequent == 0

    def log_probabilities(self, scores: Floats) -> Floats:
        """See :class:`Decoder`: the logit of a coded word is ``code · logits + bias``."""
        logits = np.empty((len(scores), len(self._mask)), dtype=np.float32)
        logits[:, : self._frequent] = scores[:, : self._frequent]
        bits = np.ascontiguousarray(scores[:, self._frequent :], dtype=np.float32)
        if len(bits) <= _FEW_ROWS:
            for row, row_bits in zip(logits, bits, strict=True):
                row[self._frequent :] = self._by_table(row_bits)
        else:
            for start in range(0, len(self._coded), _WORDS_AT_ONCE):
                part = slice(start, start + _WORDS_AT_ONCE)
                block = self._unpacked(part) if self._dense is None else self._dense[part]
                at = self._frequent + start
                np.matmul(bits, block.T, out=logits[:, at : at + len(block)])
        logits[:, self._frequent :] += self._bias
        return _log_softmax(logits, self._mask)

    def _unpacked(self, words: slice | NDArray[np.int64]) -> Floats:
        """Codes (R, bits) as floats, 0 and 1."""
        return self.codes_of(words).astype(np.float32)

    def _by_table(self, bits: Floats) -> Floats:
        """``code · bits`` of every coded word: each byte of a code is an index into a table of partial sums.

        Asymmetric distances of product quantisation (Jégou et al. 2011, section III), with bits for centroids.
        """
        padded = np.zeros(8 * len(self._bytes), dtype=np.float32)
        padded[: len(bits)] = bits
        tables = padded.reshape(-1, 8) @ _BYTES.T  # (bits / 8, 256)
        total: Floats = tables[0].take(self._bytes[0])
        for table, column in zip(tables[1:], self._bytes[1:], strict=True):
            total += table.take(column)
        return total

    def agreements(self, scores: Floats) -> Agreements:
        """One more than the number of bits in which each word's code equals the thresholded scores, (N, V); 0 for
        words that can't fill a blank. The more, the nearer.
        """
        agreements = np.empty((len(scores), len(self._mask)), dtype=self._counts)
        buffer = np.empty(_WORDS_AT_ONCE, dtype=np.uint64)
        counts = np.empty(_WORDS_AT_ONCE, dtype=np.uint8)
        for row, bits in zip(agreements, self._packed_bits(scores), strict=True):
            for start in range(0, len(row), _WORDS_AT_ONCE):
                part = row[start : start + _WORDS_AT_ONCE]
                part[:] = 1 + self._bits
                for bits_64, column in zip(bits, self._words, strict=True):
                    differing = np.bitwise_xor(column[start : start + len(part)], bits_64, out=buffer[: len(part)])
                    part -= np.bitwise_count(differing, out=counts[: len(part)])
        agreements[:, self._excluded] = 0
        return agreements

    def codes_of(self, words: slice | NDArray[np.int64]) -> Bits:
        """The codes (R, bits) of ``words``, counted among the coded ones."""
        return np.unpackbits(self._coded[words], axis=1, count=self._bits).view(np.bool_)

    def agreements_with(self, codes: Bits, scores: Floats) -> Agreements:
        """As :meth:`agreements`, for any ``codes`` (R, bits): (N, R)."""
        return (1 + self._bits - _differing(codes, scores)).astype(self._counts)

    @staticmethod
    def distances(codes: Bits, scores: Floats) -> Floats:
        """Euclidean distance (N, R) from the thresholded scores to ``codes`` (R, bits): √ of the Hamming distance."""
        return np.sqrt(_differing(codes, scores), dtype=np.float32)

    def _packed_bits(self, scores: Floats) -> NDArray[np.uint64]:
        """The thresholded scores, (N, bits / 64)."""
        padded = np.zeros((len(scores), 64 * len(self._words)), dtype=bool)
        padded[:, : self._bits] = scores > 0
        return np.packbits(padded, axis=1).view(np.uint64)

    def bit_accuracy(self, scores: Floats, targets: NDArray[np.int64]) -> Floats:
        """Share of bits predicted right, (N,)."""
        accuracy: Floats = ((scores > 0) == (self._unpacked(targets) > 0)).mean(axis=1, dtype=np.float32)
        return accuracy


def decoder_of(model: ModelFolder) -> SoftmaxDecoder | CodesDecoder:
    """The decoder of a model's head."""
    candidate = model.vocabulary.targets()
    if model.codes is None or model.bias is None:  # open_model reads them if the head's decoder needs them
        return SoftmaxDecoder(candidate)
    shape = model.manifest.model
    mixed = shape.head_spec.has("frequent_words")
    frequent = ids_of_frequent(shape.frequent_words, len(candidate)) if mixed else 0
    return CodesDecoder(model.codes, model.manifest.code_bits, model.bias, candidate, frequent)


def best(order: Order, count: int) -> NDArray[np.int64]:
    """Ids of the ``count`` highest of ``order`` (V,), best first; ties by id, which is the word's rank."""
    blocks = len(order) // _BLOCK
    lowest = nothing = excluded(order)
    if 0 < count <= blocks:
        # At least ``count`` blocks have a word as high as ``lowest``, so the best are among the words that are.
        highest = order[: blocks * _BLOCK].reshape(blocks, _BLOCK).max(axis=1)
        lowest = np.partition(highest, blocks - count)[blocks - count]
    ids = np.flatnonzero(order >= lowest if lowest > nothing else order > nothing)[::-1]
    return ids[np.argsort(order[ids], kind="stable")[::-1]][:count]


def excluded(order: Order) -> np.floating[Any] | np.unsignedinteger[Any]:
    """The value in ``order`` that excludes a word."""
    return order.dtype.type(-np.inf if order.dtype.kind == "f" else 0)


def ranks(order: Order, targets: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rank from 1 of each target (N,) in ``order`` (N, V), ties by id, as :func:`best` lists them."""
    values = order[np.arange(len(targets)), targets][:, None]
    ranking: NDArray[np.int64] = 1 + np.count_nonzero(order > values, axis=1)
    # Ties are rare: ids are compared only in their rows.
    rows = np.flatnonzero(np.count_nonzero(order >= values, axis=1) > ranking)
    before = (order[rows] == values[rows]) & (np.arange(order.shape[1]) < targets[rows, None])
    ranking[rows] += before.sum(axis=1)
    return ranking


def _differing(codes: Bits, scores: Floats) -> NDArray[np.int64]:
    """The number of bits in which each of ``codes`` (R, bits) differs from the thresholded scores, (N, R)."""
    differing: NDArray[np.int64] = np.count_nonzero((scores > 0)[:, None] != codes, axis=2)
    return differing


def _mask(candidate: NDArray[np.bool_]) -> Floats:
    """What is added to logits to exclude words that can't fill a blank: 0 or -inf, (V,)."""
    return np.where(candidate, np.float32(0), np.float32(-np.inf))


def _log_softmax(logits: Floats, mask: Floats) -> Floats:
    log_probabilities = np.empty(logits.shape, dtype=np.float32)
    buffer = np.empty_like(mask)
    for row, row_logits in zip(log_probabilities, logits, strict=True):  # a row at a time stays in the cache
        np.add(row_logits, mask, out=row)
        highest = row.max()
        np.subtract(row, highest, out=buffer)
        np.subtract(row, highest + np.log(np.exp(buffer, out=buffer).sum()), out=row)
    return log_probabilities
