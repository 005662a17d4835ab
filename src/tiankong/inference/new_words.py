"""Words outside the vocabulary as answers, scored by the characters they are made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tiankong.inference.decoding import Floats
from tiankong.inference.session import Outputs
from tiankong.text.vocabulary import SPECIAL_TOKENS, Vocabulary

_SIMILAR = 8
_RAREST = 64


class NewWords:
    """M words that join the vocabulary.

    A network that composes output vectors makes theirs too. With any other, a word's logit is the mean of those of
    words that share characters with it, which for codes is the mean of their codes. Either way it counts as seen once.
    """

    def __init__(self, words: Sequence[str], vocabulary: Vocabulary, vectors: Floats | None, bias: float) -> None:
        """``vectors`` (M, E) are composed output vectors, to be used with ``bias``."""
        self.words = tuple(words)
        self._vocabulary = vocabulary
        self._vectors = vectors
        self._bias = np.float32(bias)

    def __len__(self) -> int:
        return len(self.words)

    def append_to(self, log_probabilities: Floats, outputs: Outputs) -> Floats:
        """Log probabilities (N, R + M) with these words', from (N, R) over the vocabulary and others that joined it."""
        if not self.words:
            return log_probabilities
        if self._vectors is None:
            own = log_probabilities[:, self._similar] @ self._shares - self._offset
        else:
            word = len(SPECIAL_TOKENS) + int(np.argmax(np.isfinite(log_probabilities[0, len(SPECIAL_TOKENS) :])))
            normaliser = outputs.scores[:, word] - log_probabilities[:, word]  # (N,)
            own = outputs.context @ self._vectors.T + self._bias - normaliser[:, None]
        joined: Floats = np.concatenate((log_probabilities, own), axis=1, dtype=np.float32)
        joined -= np.log1p(np.exp(own, dtype=np.float64).sum(axis=1, keepdims=True)).astype(np.float32)
        return joined

    @cached_property
    def _weights(self) -> list[dict[int, float]]:
        """For each word, the vocabulary's words most like it and their shares, which sum to one."""
        vocabulary = self._vocabulary
        candidates = np.flatnonzero(vocabulary.targets())
        having: dict[str, list[int]] = defaultdict(list)
        for candidate in candidates.tolist():
            for character in set(vocabulary.words[candidate]):
                having[character].append(candidate)
        rarest = dict.fromkeys(candidates[-_RAREST:].tolist(), 1 / len(candidates[-_RAREST:]))
        found = []
        for word in self.words:
            shared: dict[int, float] = defaultdict(float)
            for character in set(word):
                for other in having[character]:
                    shared[other] += 2 / (len(set(word)) + len(set(vocabulary.words[other])))  # Dice's coefficient
            best = sorted(shared.items(), key=lambda entry: (-entry[1], entry[0]))[:_SIMILAR]
            total = sum(share**2 for _, share in best)
            found.append({other: share**2 / total for other, share in best} or rarest)
        return found

    @cached_property
    def _similar(self) -> NDArray[np.int64]:
        """Every word of the vocabulary that has a share, (R,)."""
        return np.unique([word for weights in self._weights for word in weights])

    @cached_property
    def _shares(self) -> Floats:
        """Their shares, (R, M)."""
        shares = np.zeros((len(self._similar), len(self)), dtype=np.float32)
        for number, weights in enumerate(self._weights):
            shares[np.searchsorted(self._similar, list(weights)), number] = list(weights.values())
        return shares

    @cached_property
    def _offset(self) -> Floats:
        """What of a similar word's logit is due to its being frequent, (M,)."""
        counts = self._vocabulary.counts[self._similar].clip(1)
        offset: Floats = np.log(counts).astype(np.float32) @ self._shares
        return offset
