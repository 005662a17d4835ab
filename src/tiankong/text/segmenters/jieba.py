"""jieba itself, an optional package."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import jieba

from tiankong.text.user_words import UserWord


def segmenter(user_words: Sequence[UserWord]) -> Callable[[str], list[str]]:
    """See :mod:`tiankong.text.segmenters`."""
    jieba.setLogLevel("ERROR")
    tokenizer = jieba.Tokenizer()
    for word, frequency, tag in user_words:
        tokenizer.add_word(word, frequency, tag)
    return lambda text: list(tokenizer.cut(text))
