"""Which split a text belongs to: decided by the text alone, so copies never fall into two splits."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from tiankong.text.normalise import normalise

SPLITS = ("train", "validation", "test")


def text_hash(text: str, seed: int) -> int:
    """A 64-bit hash of what a reader would call the same text: letters and digits only, case and width folded."""
    folded = normalise(text, "standard")
    letters = "".join(character for character in folded if character.isalnum())
    digest = hashlib.blake2b((letters or folded).encode(), digest_size=8, key=str(seed).encode())
    return int.from_bytes(digest.digest(), "big")


def split_of(hashed: int, shares: Sequence[float]) -> int:
    """Number of the split in :data:`SPLITS` of a text with that hash; ``shares`` need not add up to anything."""
    point = hashed / 2**64 * sum(shares)
    for number, share in enumerate(shares[:-1]):
        point -= share
        if point < 0:
            return number
    return len(shares) - 1
