"""Reads the lists of words that a user gives: a dictionary to segment with, and words for the vocabulary."""

from __future__ import annotations

import re
from collections import Counter

from tiankong.config import PrepareConfig
from tiankong.corpus.small_files import read_small_file
from tiankong.errors import OptionError
from tiankong.text.normalise import normalise

_FREQUENCY_DIGITS = 9
_TAG = re.compile(r"[A-Za-z][a-z]{0,3}")
"""A part of speech as jieba names it, such as ``nr`` or ``eng``."""

_OTHER_SEPARATOR = re.compile(r"[,;|:，；]\d+$")


def read_user_words(config: PrepareConfig) -> list[str]:
    """Lines of the configuration's user dictionary, ``word [frequency [tag]]``, each word once and normalised as texts
    are.

    :raises OptionError: the file can't be read, has no word, or a line is unusable.
    :raises SourceError: the file is neither UTF-8 nor GB18030.
    """
    path = config.user_dict
    if not path:
        return []
    lines = [line.split() for line in read_small_file(path, "the user dictionary")]
    for number, fields in enumerate(lines, start=1):
        if fields and not _is_entry(fields):
            raise OptionError(
                f"line {number} of the user dictionary {path} is {' '.join(fields)!r}: write a word without white "
                "space in it and, if you like, its frequency and its tag, each after a space"
            )
    words = [fields for fields in lines if fields]
    if not words:
        raise OptionError(f"the user dictionary {path} holds no word: write one per line, or leave out `user_dict`")
    repeated = [word for word, count in Counter(word for word, *_ in words).items() if count > 1]
    if repeated:
        raise OptionError(f"the user dictionary {path} has {repeated[0]} twice: keep one of the lines")
    lines_by_word: dict[str, str] = {}
    for word, *rest in words:
        if rest and rest[0].isdecimal() and len(rest[0]) > _FREQUENCY_DIGITS:
            raise OptionError(f"the frequency of {word} in the user dictionary {path} is too large: lower it")
        normalised = normalise(word, config.normalisation)
        if len(normalised.split()) != 1:
            raise OptionError(f"{word!r} in the user dictionary {path} is no word once it is normalised: leave it out")
        # Words that differ as typed may be one word of the text, as VIP and vip: the first counts.
        lines_by_word.setdefault(normalised, " ".join([normalised, *rest]))
    return list(lines_by_word.values())


def read_keep_words(config: PrepareConfig) -> frozenset[str]:
    """The words that the vocabulary takes however rare they are, normalised as texts are.

    :raises OptionError: the file can't be read, has no word, or has two words in a line.
    :raises SourceError: the file is neither UTF-8 nor GB18030.
    """
    path = config.keep_words
    if not path:
        return frozenset()
    words: set[str] = set()
    for number, line in enumerate(read_small_file(path, "the list of words to keep"), start=1):
        fields = normalise(line, config.normalisation).split()
        if len(fields) > 1:
            raise OptionError(f"line {number} of the list of words to keep {path} is {line!r}: write one word a line")
        words.update(fields)
    if not words:
        raise OptionError(
            f"the list of words to keep {path} holds no word: write one a line, or leave out `keep_words`"
        )
    return frozenset(words)


def _is_entry(fields: list[str]) -> bool:
    """Whether they are a word, and perhaps its frequency and its tag."""
    word, *rest = fields
    if _OTHER_SEPARATOR.search(word):
        return False
    if rest and rest[0].isdecimal():
        rest = rest[1:]
    return not rest or (len(rest) == 1 and _TAG.fullmatch(rest[0]) is not None)
