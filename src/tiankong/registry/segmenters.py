"""Segmenters: what cuts a text into tokens.

A segmenter is one file in ``text/segmenters/``, whose ``segmenter`` makes the cutting function, and one row here.
"""

from __future__ import annotations

from dataclasses import dataclass

from tiankong.errors import OptionError


@dataclass(frozen=True)
class SegmenterSpec:
    """A segmenter, as every part of the program needs to know it."""

    name: str
    help: str
    """Completes the phrase "``--segmenter``: …"."""

    module: str
    """The module whose ``segmenter`` takes user words and returns the function that cuts."""

    is_spaced: bool = False
    """Whether it is for languages that write spaces between words: a letter beside a blank is then part of the word."""

    takes_user_words: bool = False
    """Whether a user dictionary keeps words whole."""

    breaks: tuple[str, ...] = ()
    """Scripts whose words it does not find, by the first word of the Unicode names of their letters."""

    extra: str = ""
    """The extra of this package that installs what the module imports; empty for the base install."""


_UNSPACED = ("THAI", "LAO", "KHMER", "MYANMAR", "HIRAGANA", "KATAKANA")
"""Scripts without spaces between words, but for Chinese."""

_WITH_MARKS = ("DEVANAGARI", "BENGALI", "GURMUKHI", "GUJARATI", "TAMIL", "TELUGU", "KANNADA", "MALAYALAM", "SINHALA")
"""Scripts whose vowels are combining marks."""

_OF_JIEBA = ("HANGUL", "CYRILLIC", "GREEK", "ARABIC", "HEBREW", *_WITH_MARKS, *_UNSPACED)
"""jieba knows Chinese and Latin words."""

_ROWS = (
    SegmenterSpec(
        "rjieba",
        help="jieba in Rust",
        module="tiankong.text.segmenters.rjieba",
        takes_user_words=True,
        breaks=_OF_JIEBA,
    ),
    SegmenterSpec(
        "jieba",
        help="jieba in Python",
        module="tiankong.text.segmenters.jieba",
        takes_user_words=True,
        breaks=_OF_JIEBA,
        extra="jieba",
    ),
    SegmenterSpec(
        "whitespace",
        help="words between spaces, punctuation apart",
        module="tiankong.text.segmenters.whitespace",
        is_spaced=True,
        breaks=("CJK", *_WITH_MARKS, *_UNSPACED),
    ),
    SegmenterSpec(
        "unicode",
        help="Unicode's word boundaries",
        module="tiankong.text.segmenters.unicode",
        is_spaced=True,
        breaks=("CJK", *_UNSPACED),
    ),
    SegmenterSpec(
        "icu",
        help="ICU's word boundaries, for Thai, Lao, Khmer, Burmese and Japanese",
        module="tiankong.text.segmenters.icu",
        extra="icu",
    ),
)

SEGMENTERS = {row.name: row for row in _ROWS}
"""Every segmenter by its name."""


def segmenter_of(name: str) -> SegmenterSpec:
    """The segmenter of that name.

    :raises OptionError: there is none.
    """
    if name not in SEGMENTERS:
        raise OptionError(f"there is no segmenter {name!r}: choose from {', '.join(SEGMENTERS)}, or upgrade tiankong")
    return SEGMENTERS[name]


def segmenters_with_user_words() -> list[str]:
    """Names of the segmenters that take a user dictionary."""
    return [row.name for row in _ROWS if row.takes_user_words]
