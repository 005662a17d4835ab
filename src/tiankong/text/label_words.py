"""fastText's label words: ``__label__good`` among the words of a text is a label of it."""

from __future__ import annotations

import re
from typing import NamedTuple

_LABEL_WORD = re.compile(r"(?<!\S)__label__([^\s,，]+)(?:\s*[,，](?!\S)|[,，])?", re.IGNORECASE)
"""A comma behind the label separates it from the text."""


class WithoutLabelWords(NamedTuple):
    """A text without its label words, and their labels: each once, in order."""

    text: str
    labels: tuple[str, ...]


def take_label_words(text: str) -> WithoutLabelWords:
    """Takes the label words out of ``text``, wherever they stand, as fastText does."""
    if "__" not in text:  # by far the most texts
        return WithoutLabelWords(text, ())
    labels = tuple(dict.fromkeys(_LABEL_WORD.findall(text)))
    return WithoutLabelWords(_LABEL_WORD.sub("", text).strip(), labels) if labels else WithoutLabelWords(text, ())
