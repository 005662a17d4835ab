"""word2vec vectors of the words of one or several corpora, for a network to start from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from tiankong.corpus.codes import word_vectors
from tiankong.corpus.mix import CorpusMix
from tiankong.corpus.splits import SPLITS
from tiankong.corpus.word_codes import WordTexts
from tiankong.text.vocabulary import SPECIAL_TOKENS

_EPOCHS = 3
"""Passes over the texts: the network goes on from there, so they need not be many."""


class _Interleaved:
    """Lists of words from several sources, each read at a pace at which all end together; it can be read again."""

    def __init__(self, sources: Sequence[WordTexts]) -> None:
        self._sources = sources

    def __iter__(self) -> Iterator[list[str]]:
        readers = [iter(source) for source in self._sources]
        sizes = np.array([len(source) for source in self._sources], dtype=np.float64)
        read = np.zeros(len(sizes))
        for _ in range(int(sizes.sum())):
            source = int(np.argmin((read + 0.5) / sizes))
            read[source] += 1
            yield next(readers[source])


def mixed_vectors(mix: CorpusMix, size: int, seed: int) -> NDArray[np.float32]:
    """Vectors of the vocabulary without the special tokens (V, size), from the training splits alone; the mean of all
    is zero, and the length of each is one.

    :raises MissingPackageError: gensim is not installed.
    """
    words = mix.first.vocabulary.words[len(SPECIAL_TOKENS) :]
    texts = _Interleaved([WordTexts(part.corpus.split(SPLITS[0]), words) for part in mix.parts])
    vectors = word_vectors(texts, list(words), size, seed, epochs=_EPOCHS)
    vectors -= vectors.mean(axis=0)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.finfo(np.float32).tiny)
    return vectors
