"""Assigns texts to splits by their content alone, so that copies of a text are always in the same split."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from tiankong.text.normalise import normalise

SPLITS = ("train", "validation", "test")

DEFAULT_SPLIT = (60.0, 20.0, 20.0)
"""Shares of the splits where none are given, of a corpus of less than :data:`LARGE` texts."""

LARGE = 200_000
HELD_OUT = 20_000
"""Texts for validation, and for test, where no shares are given, from :data:`LARGE` texts on."""


def split_file(split: str, part: str, shard: int) -> str:
    """The name of a file of a split. Small splits have one shard, without a number."""
    return f"{split}.{shard}.{part}.npy" if shard else f"{split}.{part}.npy"


Hashes = NDArray[np.uint64]

_ROUNDING = 1e-12
"""Shares closer than that are the same."""

_BASIC_PLANE = 1 << 16
_BETWEEN = "\0"
"""Between texts that stand in one string: no text holds it."""


def text_hash(text: str, seed: int) -> int:
    """A 64-bit hash of a text's letters and digits, with case and width folded: copies have the same."""
    return int(text_hashes([normalise(text, "standard")], seed)[0])


def text_hashes(texts: Sequence[str], seed: int) -> Hashes:
    """:func:`text_hash` of each of these texts, which are normalised."""
    keyed = hashlib.blake2b(digest_size=8, key=str(seed).encode())
    digests = []
    for letters, text in zip(_letters(texts), texts, strict=True):
        digest = keyed.copy()
        digest.update(letters or text.encode())
        digests.append(digest.digest())
    return np.frombuffer(b"".join(digests), dtype=">u8").astype(np.uint64)


def _letters(texts: Sequence[str]) -> list[bytes]:
    """The letters and digits of each text, in UTF-8."""
    codes = np.frombuffer(_BETWEEN.join(texts).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    kept = _is_letter_or_digit()[np.minimum(codes, _BASIC_PLANE)]
    beyond = np.flatnonzero(codes >= _BASIC_PLANE)
    if len(beyond):
        found, which = np.unique(codes[beyond], return_inverse=True)
        kept[beyond] = np.array([chr(code).isalnum() for code in found.tolist()])[which]
    kept[codes == 0] = True
    return codes[kept].tobytes().decode("utf-32-le", "surrogatepass").encode("utf-8", "surrogatepass").split(b"\0")


@cache
def _is_letter_or_digit() -> NDArray[np.bool_]:
    """For each character of the basic plane, whether it is a letter or digit; one more entry for those beyond it."""
    return np.array([chr(code).isalnum() for code in range(_BASIC_PLANE)] + [False])


def shares(split: Sequence[float] | None, texts: int) -> tuple[float, float, float]:
    """The shares of the splits of a corpus of that many texts: ``split``, or the default."""
    if split is not None:
        train, validation, test = split
        return float(train), float(validation), float(test)
    if texts < LARGE:
        return DEFAULT_SPLIT
    return float(texts - 2 * HELD_OUT), float(HELD_OUT), float(HELD_OUT)


def is_default_of_large(split: Sequence[float] | None) -> bool:
    """Whether shares are those that a large corpus has by default."""
    return split is not None and tuple(split[1:]) == (HELD_OUT, HELD_OUT) and sum(split) >= LARGE


def can_leak(learned: Sequence[float], tested: Sequence[float]) -> bool:
    """Whether a text can be in the training split by the shares ``learned`` and in the test split by ``tested``, with
    the same seed: training texts have the smallest hashes, test texts the largest.
    """
    return learned[0] / sum(learned) > (tested[0] + tested[1]) / sum(tested) + _ROUNDING


def split_of(hashed: int, shares: Sequence[float]) -> int:
    """The index in :data:`SPLITS` for a text with that hash; ``shares`` are relative to their sum."""
    return int(splits_of(np.array([hashed], dtype=np.uint64), shares)[0])


def splits_of(hashes: Hashes, shares: Sequence[float]) -> NDArray[np.uint8]:
    """:func:`split_of` for each hash."""
    points = hashes / 2**64 * sum(shares)
    numbers = np.full(len(hashes), len(shares) - 1, dtype=np.uint8)
    undecided = np.ones(len(hashes), dtype=np.bool_)
    for number, share in enumerate(shares[:-1]):
        points -= share
        within = undecided & (points < 0)
        numbers[within] = number
        undecided &= ~within
    return numbers
