"""Binary word codes: the signs of word2vec vectors, made unique."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tiankong.errors import MissingPackageError
from tiankong.text.vocabulary import SPECIAL_TOKENS

_EPOCHS = 5
"""gensim's default."""

_NEAREST_BITS = 16
_MOST_FLIPS = 3


@dataclass(frozen=True)
class CodeReport:
    """Statistics of the codes. ``collisions`` are words whose signs equal those of a more frequent word, which
    ``flipped_bits`` resolved.
    """

    bits: int
    words: int
    collisions: int
    flipped_bits: int
    share_of_ones: float


def word_vectors(
    texts: Iterable[list[str]], words: list[str], size: int, seed: int, epochs: int = _EPOCHS
) -> NDArray[np.float32]:
    """word2vec vectors (CBOW, gensim's defaults; Mikolov et al. 2013, section 3.1) of ``words``, shape (words, size).

    One thread computes them, so that they are reproducible.

    :raises MissingPackageError: gensim is not installed.
    """
    try:
        from gensim.models import Word2Vec  # noqa: PLC0415 - heavy, and absent from the base install
    except ImportError:
        raise MissingPackageError("making word vectors", "train") from None
    model = Word2Vec(texts, vector_size=size, min_count=1, workers=1, seed=seed, epochs=epochs)
    others = np.random.default_rng(seed)  # words of a vocabulary that was taken over may be in no text
    vectors = np.empty((len(words), size), dtype=np.float32)
    for row, word in zip(vectors, words, strict=True):
        row[:] = model.wv[word] if word in model.wv else others.standard_normal(size)
    return vectors


def unique_codes(vectors: NDArray[np.float32]) -> tuple[NDArray[np.uint8], CodeReport]:
    """Codes (words, bits) of 0 and 1, one where a vector is above 0.

    If an earlier (more frequent) word has the same code, the bits of smallest magnitude are flipped, as few as make
    the code unique.
    """
    codes = (vectors > 0).astype(np.uint8)
    taken: set[bytes] = set()
    collisions = flipped = 0
    for row, vector in zip(codes, vectors, strict=True):
        if row.tobytes() in taken:
            collisions += 1
            flips = next(flips for flips in _flips(vector) if _flip(row, flips).tobytes() not in taken)
            row[:] = _flip(row, flips)
            flipped += len(flips)
        taken.add(row.tobytes())
    return codes, CodeReport(codes.shape[1], len(codes), collisions, flipped, float(codes.mean()))


def with_special_rows(table: NDArray[np.float32] | NDArray[np.uint8]) -> NDArray[np.float32] | NDArray[np.uint8]:
    """``table`` with rows of zeros for the special tokens in front."""
    return np.concatenate([np.zeros((len(SPECIAL_TOKENS), table.shape[1]), dtype=table.dtype), table])


def _flips(vector: NDArray[np.float32]) -> Iterator[tuple[int, ...]]:
    """Sets of bits to flip: single bits by rising magnitude, then small sets among the uncertain, then any."""
    order = [int(bit) for bit in np.argsort(np.abs(vector), kind="stable")]
    yield from ((bit,) for bit in order)
    for size in range(2, _MOST_FLIPS + 1):
        yield from itertools.combinations(order[:_NEAREST_BITS], size)
    for size in range(2, len(order) + 1):
        yield from itertools.combinations(order, size)


def _flip(row: NDArray[np.uint8], bits: tuple[int, ...]) -> NDArray[np.uint8]:
    flipped = row.copy()
    flipped[list(bits)] ^= 1
    return flipped
