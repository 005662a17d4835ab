"""Unicode's default word boundaries (UAX #29, section 4.1)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import regex

from tiankong.text.user_words import UserWord


def segmenter(_user_words: Sequence[UserWord]) -> Callable[[str], list[str]]:
    """See :mod:`tiankong.text.segmenters`."""
    return regex.compile(r"(?V1w)\b").split
