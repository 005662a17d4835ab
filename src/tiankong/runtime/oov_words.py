"""Words outside the vocabulary as answers, scored by the characters they are made of."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from tiankong.runtime.decoding import Bits, CodesDecoder, Floats
from tiankong.runtime.session import Outputs
from tiankong.text.network_input import Ints
from tiankong.text.vocabulary import SPECIAL_TOKENS, Vocabulary

_SIMILAR = 8
_RAREST = 64
_NONE = np.zeros(0, dtype=np.int64)


class CharacterIndex:
    """Which words of a vocabulary (V,) have which characters; made when first asked."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary

    def similar(self, word: str) -> tuple[Ints, Floats]:
        """The words that share most characters with ``word``, and their shares, which sum to one: by the square of
        Dice's coefficient. If none shares any, the rarest words, alike.
        """
        having, sizes, rarest = self._having
        characters = set(word)
        shared = np.bincount(
            np.concatenate([having.get(character, _NONE) for character in characters] or [_NONE]), minlength=len(sizes)
        )
        alike = 2 * shared / (len(characters) + sizes)
        order = np.argsort(-alike, kind="stable")[:_SIMILAR]
        order = order[alike[order] > 0]
        if not len(order):
            return rarest, np.full(len(rarest), 1 / len(rarest), dtype=np.float32)
        shares = alike[order] ** 2
        return order, (shares / shares.sum()).astype(np.float32)

    @cached_property
    def log_counts(self) -> Floats:
        """Natural logs of how often each word was seen, (V,)."""
        logs: Floats = np.log(self._vocabulary.counts.clip(1)).astype(np.float32)
        return logs

    @cached_property
    def _having(self) -> tuple[dict[str, Ints], Ints, Ints]:
        """Words with each character, the number of characters of each word, and the rarest words."""
        words = self._vocabulary.words
        lists: dict[str, list[int]] = {}
        candidates = np.flatnonzero(self._vocabulary.targets())
        for word in candidates.tolist():
            for character in set(words[word]):
                lists.setdefault(character, []).append(word)
        sizes = np.array([len(set(word)) for word in words], dtype=np.int64)
        having = {character: np.array(numbers, dtype=np.int64) for character, numbers in lists.items()}
        return having, sizes, candidates[-_RAREST:]


class OovWords:
    """M words that join the vocabulary.

    A network that composes output vectors makes theirs too. With any other, a word's logit is the mean of those of
    words that share characters with it, which for codes is the mean of their codes. Either way it counts as seen once.
    Its code has the bits that most of those words have.
    """

    def __init__(self, words: Sequence[str], index: CharacterIndex, vectors: Floats | None, bias: float) -> None:
        """``vectors`` (M, E) are composed output vectors, to be used with ``bias``."""
        self.words = tuple(words)
        self._set = frozenset(words)
        self._index = index
        self._vectors = vectors
        self._bias = np.float32(bias)

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: str) -> bool:
        return word in self._set

    def append_to(self, log_probabilities: Floats, outputs: Outputs) -> Floats:
        """Log probabilities (N, R + M) with these words', from (N, R) over the vocabulary and others that joined it."""
        if not self.words:
            return log_probabilities
        if self._vectors is None:
            own = self._from_similar(log_probabilities)
        else:
            word = len(SPECIAL_TOKENS) + int(np.argmax(np.isfinite(log_probabilities[0, len(SPECIAL_TOKENS) :])))
            normaliser = outputs.scores[:, word] - log_probabilities[:, word]  # (N,)
            own = outputs.context @ self._vectors.T + self._bias - normaliser[:, None]
        joined: Floats = np.concatenate((log_probabilities, own), axis=1, dtype=np.float32)
        joined -= np.log1p(np.exp(own, dtype=np.float64).sum(axis=1, keepdims=True)).astype(np.float32)
        return joined

    def _from_similar(self, log_probabilities: Floats) -> Floats:
        """Logits (N, M): similar words' without what is due to their being frequent."""
        words, shares, starts = self._similar
        level = log_probabilities[:, words] - self._index.log_counts[words]
        own: Floats = np.add.reduceat(level * shares, starts, axis=1)
        return own

    def codes(self, decoder: CodesDecoder) -> Bits:
        """These words' codes, (M, bits)."""
        return np.stack([shares @ decoder.codes_of(words) > 0.5 for words, shares in self._similar_of_each])

    @cached_property
    def _similar_of_each(self) -> list[tuple[Ints, Floats]]:
        return [self._index.similar(word) for word in self.words]

    @cached_property
    def _similar(self) -> tuple[Ints, Floats, Ints]:
        """Similar words of all of these one after the other, their shares, and where each word's begin."""
        found = self._similar_of_each
        starts = np.cumsum([0, *(len(words) for words, _ in found)])[:-1]
        return np.concatenate([words for words, _ in found]), np.concatenate([shares for _, shares in found]), starts
