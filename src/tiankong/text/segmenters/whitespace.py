"""Words between spaces; punctuation is cut off in tokens of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from tiankong.text.user_words import UserWord

_WORD_OR_MARK = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]+")


def segmenter(_user_words: Sequence[UserWord]) -> Callable[[str], list[str]]:
    """See :mod:`tiankong.text.segmenters`."""
    return _WORD_OR_MARK.findall
