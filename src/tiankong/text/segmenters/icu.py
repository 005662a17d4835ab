"""ICU's word boundaries: UAX #29, with dictionaries for scripts without spaces (an optional package)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from icu4py.breakers import WordBreaker

from tiankong.text.user_words import UserWord

_LOCALE = "und"
"""Of no language: dictionaries are chosen by the script of the text."""


def segmenter(_user_words: Sequence[UserWord]) -> Callable[[str], list[str]]:
    """See :mod:`tiankong.text.segmenters`."""
    return lambda text: list(WordBreaker(text, _LOCALE))
