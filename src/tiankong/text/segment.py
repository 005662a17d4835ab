"""Segments a text into tokens as a prepared corpus was: normalisation, segmenter, filter."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from typing import NamedTuple

from tiankong.config import PrepareConfig
from tiankong.errors import MissingPackageError
from tiankong.registry.segmenters import segmenter_of
from tiankong.text.alignment import normalise_aligned
from tiankong.text.normalise import normalise
from tiankong.text.user_words import parse_user_word

Cut = Callable[[str], list[str]]


class Token(NamedTuple):
    """A token as the network reads it, and its place in the text as typed."""

    text: str
    start: int
    end: int


class Tokenizer:
    """Cuts a text into tokens as its configuration says; the same object serves training and filling."""

    def __init__(self, config: PrepareConfig, user_words: Sequence[str] = ()) -> None:
        """``user_words`` are the lines of a user dictionary: ``word [frequency [tag]]``.

        :raises OptionError: there is no such segmenter.
        :raises MissingPackageError: the segmenter's package is not installed.
        """
        self._normalisation = config.normalisation
        self._drop_ascii = config.drop_ascii
        self._drop_words = frozenset(config.drop_words)
        self._cut = _segmenter(config.segmenter, tuple(user_words))
        self._convert: Callable[[str], str] | None = None

    def converting(self, convert: Callable[[str], str]) -> Tokenizer:
        """This tokenizer, with ``convert`` between the normalisation and the segmenter; it must keep the length."""
        tokenizer = copy.copy(self)
        tokenizer._convert = convert
        return tokenizer

    def tokens(self, text: str) -> list[str]:
        """The tokens of ``text`` in order, normalised and filtered, white space left out."""
        tokens = (token.strip() for token in self._cut(self.normalise(text)))
        return [token for token in tokens if token and not self._drops(token)]

    def normalise(self, text: str) -> str:
        """``text`` as the tokens have it."""
        return self.converted(normalise(text, self._normalisation))

    @property
    def converts(self) -> bool:
        """Whether text may be converted."""
        return self._convert is not None

    def converted(self, text: str) -> str:
        """``text`` in the characters of the tokens but otherwise as it is."""
        return text if self._convert is None else self._convert(text)

    def pieces(self, normalised: str) -> list[str]:
        """A normalised text in pieces, of which each is a token, or none: see :meth:`token`."""
        return self._cut(normalised)

    def token(self, piece: str) -> str | None:
        """The token that a piece is, without white space; ``None`` for white space alone and what is filtered out."""
        token = piece.strip()
        return token if token and not self._drops(token) else None

    def located_tokens(self, text: str) -> list[Token]:
        """The tokens of :meth:`tokens`, with their offsets in ``text``."""
        aligned = normalise_aligned(text, self._normalisation)
        if self._convert is not None:
            aligned = aligned._replace(text=self._convert(aligned.text))
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
    return _made(name, user_words) if user_words else _without_user_words(name)


@cache
def _without_user_words(name: str) -> Cut:
    """Shared by all tokenizers: a dictionary takes a while to read, and memory."""
    return _made(name, ())


def _made(name: str, user_words: tuple[str, ...]) -> Cut:
    spec = segmenter_of(name)
    try:
        module = import_module(spec.module)  # only now: it may read a dictionary, which takes longer than all the rest
    except ModuleNotFoundError:
        if not spec.extra:
            raise
        raise MissingPackageError(f"segmenter {name}", spec.extra) from None
    cut: Cut = module.segmenter([parse_user_word(line) for line in user_words])
    return cut
