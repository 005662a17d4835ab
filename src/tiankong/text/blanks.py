"""Blanks in a sentence: ``__`` (two or more underscores, full-width too) or ``[MASK]`` is one missing word."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from tiankong.errors import SentenceError
from tiankong.text.normalise import surrogate_in

LONGEST_SENTENCE = 4096
"""The most characters of a sentence."""

_BLANK = re.compile(r"_{2,}|＿{2,}|\[MASK\]")


@dataclass(frozen=True)
class BlankedSentence:
    """A sentence as typed, split at its blanks: ``parts`` has one entry more than ``blanks``.

    ``affixes`` has, for each blank, the letters that its word is known to begin and end with.
    """

    text: str
    parts: tuple[str, ...]
    blanks: tuple[str, ...]
    affixes: tuple[tuple[str, str], ...]


def check_text(text: str) -> None:
    """Checks that ``text`` can be read.

    :raises SentenceError: it is no string, longer than :data:`LONGEST_SENTENCE` or not valid Unicode.
    """
    if not isinstance(text, str):
        raise SentenceError(f"a sentence must be a string, not {type(text).__name__}")
    if len(text) > LONGEST_SENTENCE:
        raise SentenceError(
            f"the sentence has {len(text):,} characters and at most {LONGEST_SENTENCE:,} are read: shorten it"
        )
    surrogate = surrogate_in(text)
    if surrogate is not None:
        raise SentenceError(
            f"character {surrogate + 1} of the sentence is no valid Unicode (a lone surrogate, or a byte that "
            "is not UTF-8): remove it, or convert the text to UTF-8"
        )


def check_whole_text(text: str) -> None:
    """Checks that ``text`` can be read and has no blank.

    :raises SentenceError: as :func:`check_text`; it has a blank.
    """
    check_text(text)
    if has_blank(text):
        raise SentenceError("the text has a blank: give a complete text, only its words are judged")


def has_blank(text: str) -> bool:
    """Whether there is a blank in ``text``."""
    return _BLANK.search(text) is not None


def count_blanks(text: str) -> int:
    """How many blanks ``text`` has."""
    return len(_BLANK.findall(text))


def cut_at_blanks(text: str) -> BlankedSentence:
    """``text`` with its blanks, if it has any.

    :raises SentenceError: as :func:`check_text`.
    """
    check_text(text)
    parts, blanks = tuple(_BLANK.split(text)), tuple(_BLANK.findall(text))
    return BlankedSentence(text, parts, blanks, (("", ""),) * len(blanks))


def parse_blanks(text: str) -> BlankedSentence:
    """Finds the blanks of ``text``.

    :raises SentenceError: no blank, nothing but blanks, or as :func:`check_text`.
    """
    sentence = cut_at_blanks(text)
    if not sentence.blanks:
        raise SentenceError("the sentence has no blank: write __ where a word is missing, as in 外套做工__，很暖和")
    if not any(part.strip() for part in sentence.parts):
        raise SentenceError("the sentence has nothing but blanks: write the words around them")
    return sentence


def with_affixes(
    sentence: BlankedSentence, ending: Callable[[str], str], beginning: Callable[[str], str]
) -> BlankedSentence:
    """``sentence`` with the letters right next to its blanks as parts of the missing words.

    ``ending`` returns the end of the text before a blank that belongs to the word, ``beginning`` the beginning of the
    text after it.
    """
    parts = list(sentence.parts)
    blanks, affixes = [], []
    for number, blank in enumerate(sentence.blanks):
        prefix = ending(parts[number])
        parts[number] = parts[number].removesuffix(prefix)
        suffix = beginning(parts[number + 1])
        parts[number + 1] = parts[number + 1].removeprefix(suffix)
        blanks.append(f"{prefix}{blank}{suffix}")
        affixes.append((prefix, suffix))
    return BlankedSentence(sentence.text, tuple(parts), tuple(blanks), tuple(affixes))
