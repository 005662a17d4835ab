"""Words outside the vocabulary (OOV) as answers, scored by their characters."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from tiankong.runtime.decoding import Bits, CodesDecoder, Floats
from tiankong.text.network_input import Ints
from tiankong.text.vocabulary import SPECIAL_TOKENS, Vocabulary

_SIMILAR = 8
_RAREST = 64
_ONE_THREAD = 1 << 18
"""Multiplications of a product up to which OpenBLAS uses one thread."""

_ROWS = 32

_NO_WORDS = np.zeros(0, dtype=np.int64)


class CharacterIndex:
    """The words of a vocabulary (V,) by their characters; built when first used."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary

    def similar(self, word: str) -> tuple[Ints, Floats]:
        """The words that share most characters with ``word``, and their weights, which sum to one: the squared Dice
        coefficient. If no word shares any, the rarest words with equal weights.
        """
        having, sizes, rarest = self._having
        characters = set(word)
        shared = np.bincount(
            np.concatenate([having.get(character, _NO_WORDS) for character in characters] or [_NO_WORDS]),
            minlength=len(sizes),
        )
        dice = 2 * shared / (len(characters) + sizes)
        order = np.argsort(-dice, kind="stable")[:_SIMILAR]
        order = order[dice[order] > 0]
        if not len(order):
            return rarest, np.full(len(rarest), 1 / len(rarest), dtype=np.float32)
        weights = dice[order] ** 2
        return order, (weights / weights.sum()).astype(np.float32)

    @cached_property
    def log_counts(self) -> Floats:
        """Natural log of each word's count, (V,)."""
        logs: Floats = np.log(self._vocabulary.counts.clip(1)).astype(np.float32)
        return logs

    @cached_property
    def _having(self) -> tuple[dict[str, Ints], Ints, Ints]:
        """The words with each character, the number of distinct characters of each word, and the rarest words."""
        words = self._vocabulary.words
        lists: dict[str, list[int]] = {}
        targets = np.flatnonzero(self._vocabulary.targets())
        for word in targets.tolist():
            for character in set(words[word]):
                lists.setdefault(character, []).append(word)
        sizes = np.array([len(set(word)) for word in words], dtype=np.int64)
        having = {character: np.array(numbers, dtype=np.int64) for character, numbers in lists.items()}
        return having, sizes, targets[-_RAREST:]


class OovWords:
    """M words outside the vocabulary that may be answers.

    A network that composes output vectors from characters composes theirs too. Otherwise a word's logit is the mean of
    the logits of words that share characters with it; for codes this is the logit of their mean code. Either way the
    word counts as seen once. Its code is the bitwise majority of those words' codes.
    """

    def __init__(self, words: Sequence[str], index: CharacterIndex, vectors: Floats | None, bias: float) -> None:
        """``vectors`` (M, E) are composed output vectors, whose logits get the constant ``bias``."""
        self.words = tuple(words)
        self._set = frozenset(words)
        self._index = index
        self._vectors = vectors
        self._bias = np.float32(bias)

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: str) -> bool:
        return word in self._set

    def append_to(self, log_probabilities: Floats, scores: Floats, context: Floats) -> Floats:
        """Log probabilities (N, R + M) that include these words, from (N, R) without them.

        ``scores`` and ``context`` are the network's, a row for each prediction.
        """
        if not self.words:
            return log_probabilities
        if self._vectors is None:
            logits = self._from_similar(log_probabilities)
        else:
            # Any possible word shows what the softmax subtracted from the logits.
            word = len(SPECIAL_TOKENS) + int(np.argmax(np.isfinite(log_probabilities[0, len(SPECIAL_TOKENS) :])))
            normaliser = scores[:, word] - log_probabilities[:, word]  # (N,)
            logits = self._products(context) + self._bias - normaliser[:, None]
        extended: Floats = np.concatenate((log_probabilities, logits), axis=1, dtype=np.float32)
        extended -= np.log1p(np.exp(logits, dtype=np.float64).sum(axis=1, keepdims=True)).astype(np.float32)
        return extended

    def _products(self, context: Floats) -> Floats:
        """``context`` (N, E) times the vectors, (N, M), by one thread: BLAS would have threads of its own, which wait
        for the network's, and a product of microseconds would take milliseconds.
        """
        assert self._vectors is not None
        if len(context) == 1 or len(context) * self._vectors.size <= _ONE_THREAD:
            return context @ self._vectors.T
        products = np.empty((len(context), self._blocks.shape[0] * self._blocks.shape[2]), dtype=np.float32)
        for start in range(0, len(context), _ROWS):
            rows = context[start : start + _ROWS]
            products[start : start + _ROWS] = np.matmul(rows, self._blocks).swapaxes(0, 1).reshape(len(rows), -1)
        return products[:, : len(self.words)]

    @cached_property
    def _blocks(self) -> Floats:
        """The vectors, a few words a block, (blocks, E, words)."""
        assert self._vectors is not None
        size = self._vectors.shape[1]
        words = max(1, _ONE_THREAD // (_ROWS * size))
        padded = np.zeros((-(-len(self._vectors) // words) * words, size), dtype=np.float32)
        padded[: len(self._vectors)] = self._vectors
        return np.ascontiguousarray(padded.reshape(-1, words, size).swapaxes(1, 2))

    def _from_similar(self, log_probabilities: Floats) -> Floats:
        """Logits (N, M): those of similar words, corrected for how frequent these are."""
        words, weights, starts = self._similar
        level = log_probabilities[:, words] - self._index.log_counts[words]
        logits: Floats = np.add.reduceat(level * weights, starts, axis=1)
        return logits

    def codes(self, decoder: CodesDecoder) -> Bits:
        """The codes of these words, (M, bits)."""
        return np.stack([weights @ decoder.codes_of(words) > 0.5 for words, weights in self._similar_of_each])

    @cached_property
    def _similar_of_each(self) -> list[tuple[Ints, Floats]]:
        return [self._index.similar(word) for word in self.words]

    @cached_property
    def _similar(self) -> tuple[Ints, Floats, Ints]:
        """The similar words of all words in one array, their weights, and where each word's begin."""
        similar = self._similar_of_each
        starts = np.cumsum([0, *(len(words) for words, _ in similar)])[:-1]
        return (
            np.concatenate([words for words, _ in similar]),
            np.concatenate([weights for _, weights in similar]),
            starts,
        )
