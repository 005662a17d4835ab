"""Assigns texts to splits by their content alone, so that copies of a text are always in the same split."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from tiankong.text.normalise import normalise

SPLITS = ("train", "validation", "test")


def text_hash(text: str, seed: int) -> int:
    """A 64-bit hash of a text's letters and digits, with case and width folded: copies have the same."""
    folded = normalise(text, "standard")
    letters = "".join(character for character in folded if character.isalnum())
    digest = hashlib.blake2b((letters or folded).encode(), digest_size=8, key=str(seed).encode())
    return int.from_bytes(digest.digest(), "big")


def split_of(hashed: int, shares: Sequence[float]) -> int:
    """The index in :data:`SPLITS` for a text with that hash; ``shares`` are relative to their sum."""
    point = hashed / 2**64 * sum(shares)
    for number, share in enumerate(shares[:-1]):
        point -= share
        if point < 0:
            return number
    return len(shares) - 1
