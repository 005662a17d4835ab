"""Normalises text as people type it."""

from __future__ import annotations

import html
import re
import unicodedata

# Control, format (but not the joiners inside emoji and Indic words), private and line-separating characters.
SEPARATORS = re.compile(r"[\x00-\x20\x7f-\xa0\u1680\u2000-\u200b\u2028-\u202f\u205f-\u2060\u3000\ufeff]+")
PLAIN_QUOTES = str.maketrans("\u2018\u2019\u201c\u201d", "''\"\"")
"""Curly quotes and apostrophes, and the straight ones."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_UNREADABLE = re.compile("[\0\ud800-\udfff]")


def normalise(text: str, method: str) -> str:
    """``text`` after ``method``, one of ``config.NORMALISATIONS``.

    ``standard`` decodes HTML entities, applies Unicode NFKC (full-width letters and punctuation become plain)
    and lower case; ``plain-quotes`` also makes curly quotes straight. All fold runs of white space and control
    characters into one space.
    """
    return _separated(text if method == "none" else _composed(text, method).lower())


def normalise_with_case(text: str, method: str) -> tuple[str, str]:
    """``text`` after ``method``, and the same in the case in which it is typed: of equal length, or equal."""
    if method == "none":
        normalised = normalise(text, method)
        return normalised, normalised
    composed = _composed(text, method)
    lower = composed.lower()
    normalised = _separated(lower)
    if lower == composed:
        return normalised, normalised
    typed = _separated(composed)
    return normalised, typed if len(typed) == len(normalised) else normalised


def _composed(text: str, method: str) -> str:
    composed = unicodedata.normalize("NFKC", _with_plain_punctuation(html.unescape(text)))
    return composed.translate(PLAIN_QUOTES) if method == "plain-quotes" else composed


def _separated(text: str) -> str:
    """``text`` with one space for each run of white space and control characters, none at the ends."""
    if text.isprintable() and "  " not in text:  # then it has no separators but single spaces
        return text.strip()
    return SEPARATORS.sub(" ", text).strip()


def _with_plain_punctuation(text: str) -> str:
    """``text`` with the most frequent full-width characters in NFKC.

    Most Chinese texts are in NFKC but for these, and that they are is seen ten times as fast as they are made so. The
    result of NFKC stays the same, since it composes only what is fully decomposed.
    """
    text = text.replace("，", ",").replace("！", "!").replace("？", "?").replace("：", ":")
    return text.replace("；", ";").replace("（", "(").replace("）", ")")


def surrogate_in(text: str) -> int | None:
    """Where ``text`` has a lone surrogate, as a byte that is not UTF-8 becomes one; ``None`` if it is valid Unicode."""
    match = _SURROGATE.search(text)
    return match.start() if match else None


def unreadable_character(text: str) -> str | None:
    """The kind of the first character that no text may have (a NUL, half a surrogate pair), for a message, if any."""
    match = _UNREADABLE.search(text)
    if match is None:
        return None
    return "a NUL character" if match[0] == "\0" else "half a surrogate pair"
