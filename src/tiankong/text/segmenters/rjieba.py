"""jieba in Rust: the default."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import rjieba

from tiankong.text.user_words import UserWord


def segmenter(user_words: Sequence[UserWord]) -> Callable[[str], list[str]]:
    """See :mod:`tiankong.text.segmenters`."""
    if not user_words:
        return rjieba.cut
    jieba = rjieba.Jieba()
    for word, frequency, tag in user_words:
        jieba.add_word(word, frequency, tag)
    return jieba.cut
