"""How many predictions are scored at once, where each is compared with every word of the vocabulary."""

from __future__ import annotations

_MANY_WORDS = 1 << 17
_LOGITS_AT_ONCE = 1 << 26
"""256 MiB."""


def rows_at_once(most: int, words: int) -> int:
    """How many rows of ``words`` logits are in memory together: ``most``, and fewer of a very large vocabulary."""
    return most if words <= _MANY_WORDS else max(1, min(most, _LOGITS_AT_ONCE // words))


def rows_in_all(most: int, words: int, passes: int) -> int:
    """How many rows of ``words`` logits are computed in all: ``most``, and of a very large vocabulary ``passes`` times
    what :func:`rows_at_once` holds.
    """
    return most if words <= _MANY_WORDS else max(1, min(most, passes * _LOGITS_AT_ONCE // words))
