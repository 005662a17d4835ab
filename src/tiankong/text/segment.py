"""Text to words: the segmenters and the token filter of a prepared corpus."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

from tiankong.config import PrepareConfig
from tiankong.errors import MissingPackageError
from tiankong.text.alignment import normalise_aligned
from tiankong.text.normalise import normalise

Cut = Callable[[str], list[str]]

_WORD_OR_MARK = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]+")


class Token(NamedTuple):
    """A token as the network reads it, and where it stands in the text as typed."""

    text: str
    start: int
    end: int


class Tokenizer:
    """Cuts a text into tokens as its configuration says; the same object serves training and filling."""

    def __init__(self, config: PrepareConfig, user_words: Sequence[str] = ()) -> None:
        """``user_words`` are the lines of a user dictionary: ``word [frequency [tag]]``.

        :raises MissingPackageError: segmenter ``jieba`` without that package.
        """
        self._normalisation = config.normalisation
        self._drop_ascii = config.drop_ascii
        self._drop_words = frozenset(config.drop_words)
        self._cut = _segmenter(config.segmenter, tuple(user_words))

    def tokens(self, text: str) -> list[str]:
        """The tokens of ``text`` in order, normalised and filtered, white space left out."""
        tokens = (token.strip() for token in self._cut(normalise(text, self._normalisation)))
        return [token for token in tokens if token and not self._drops(token)]

    def normalise(self, text: str) -> str:
        """``text`` as the tokens have it."""
        return normalise(text, self._normalisation)

    def located_tokens(self, text: str) -> list[Token]:
        """What :meth:`tokens` gives, with offsets into ``text``."""
        aligned = normalise_aligned(text, self._normalisation)
        tokens, at = [], 0
        for piece in self._cut(aligned.text):
            token = piece.strip()
            if not token:
                continue
            start = aligned.text.index(token, at)
            at = start + len(token)
            if not self._drops(token):
                tokens.append(Token(token, aligned.starts[start], aligned.ends[at - 1]))
        return tokens

    def _drops(self, token: str) -> bool:
        return (self._drop_ascii and token.isascii()) or token in self._drop_words


def _segmenter(name: str, user_words: tuple[str, ...]) -> Cut:
    if name == "whitespace":
        return _WORD_OR_MARK.findall
    if name == "unicode":
        return _unicode()
    make = _rjieba if name == "rjieba" else _jieba
    return make(user_words) if user_words else _without_user_words(name)


@cache
def _without_user_words(name: str) -> Cut:
    """A dictionary takes a while to read, and room: one serves all."""
    return _rjieba(()) if name == "rjieba" else _jieba(())


def _unicode() -> Cut:
    """Unicode's default word boundaries (UAX #29, section 4.1)."""
    import regex  # noqa: PLC0415 - only for other languages

    return regex.compile(r"(?V1w)\b").split


def _rjieba(user_words: tuple[str, ...]) -> Cut:
    import rjieba  # noqa: PLC0415 - reads its dictionary, which takes longer than anything else here

    if not user_words:
        return rjieba.cut
    segmenter = rjieba.Jieba()
    for word, frequency, tag in map(_dictionary_entry, user_words):
        segmenter.add_word(word, frequency, tag)
    return segmenter.cut


def _jieba(user_words: tuple[str, ...]) -> Cut:
    try:
        import jieba  # noqa: PLC0415 - an optional package
    except ImportError:
        raise MissingPackageError("segmenter jieba", "jieba") from None
    jieba.setLogLevel("ERROR")
    segmenter = jieba.Tokenizer()
    for word, frequency, tag in map(_dictionary_entry, user_words):
        segmenter.add_word(word, frequency, tag)
    return lambda text: list(segmenter.cut(text))


def _dictionary_entry(line: str) -> tuple[str, int | None, str | None]:
    word, *rest = line.split()
    frequency = int(rest[0]) if rest and rest[0].isdecimal() else None
    tag = rest[-1] if rest and not rest[-1].isdecimal() else None
    return word, frequency, tag
