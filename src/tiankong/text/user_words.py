"""Words that a segmenter must keep whole, as listed in a user dictionary."""

from __future__ import annotations

from typing import NamedTuple


class UserWord(NamedTuple):
    """A line of a user dictionary: ``word [frequency [tag]]``."""

    word: str
    frequency: int | None
    tag: str | None


def parse_user_word(line: str) -> UserWord:
    """Reads a line that is not blank."""
    word, *rest = line.split()
    frequency = int(rest[0]) if rest and rest[0].isdecimal() else None
    tag = rest[-1] if rest and not rest[-1].isdecimal() else None
    return UserWord(word, frequency, tag)
