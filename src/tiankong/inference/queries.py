"""Sentences as typed to blanks among tokens."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tiankong.config import SPACED
from tiankong.errors import SentenceError
from tiankong.inference.predictor import Predictor, Reading
from tiankong.text.blanks import BlankedSentence, parse_blanks, with_affixes
from tiankong.text.network_input import Window
from tiankong.text.normalise import normalise
from tiankong.text.vocabulary import BLANK, is_target

_LETTERS_AT_END = re.compile(r"\w+(?:['’]\w*)*$")
_LETTERS_AT_START = re.compile(r"(?:['’]?\w+)+")


@dataclass(frozen=True)
class Query:
    """A sentence with blanks, and its tokens; ``None`` is a blank."""

    sentence: BlankedSentence
    tokens: tuple[str | None, ...]

    def window(self, reading: Reading) -> Window:
        """All of it, every blank a target."""
        ids = reading.ids(self.tokens)
        return Window(ids, 1, len(ids) - 1, np.flatnonzero(ids == BLANK))

    def affixes(self, blank: int, method: str) -> tuple[str, str]:
        """What the word of that blank begins and ends with, normalised by ``method``."""
        prefix, suffix = self.sentence.affixes[blank]
        return normalise(prefix, method), normalise(suffix, method)

    def around(self, blank: int) -> tuple[tuple[str | None, ...], tuple[str | None, ...]]:
        """The tokens before and after blank number ``blank``."""
        place = [place for place, token in enumerate(self.tokens) if token is None][blank]
        return self.tokens[:place], self.tokens[place + 1 :]


def parse_query(text: str, predictor: Predictor, part_of_word: bool | None = None) -> Query:
    """The query that ``text`` is.

    With ``part_of_word``, letters right beside a blank belong to the missing word: all of them where words are
    written with spaces, else the last word before it. ``None``: where words are written with spaces.

    :raises SentenceError: as :func:`~tiankong.text.blanks.parse_blanks`, and no known word.
    """
    sentence = parse_blanks(text)
    spaced = predictor.folder.manifest.prepare.segmenter in SPACED
    if spaced if part_of_word is None else part_of_word:
        if spaced:
            sentence = with_affixes(sentence, _letters_before, _letters_behind)
        else:
            sentence = with_affixes(sentence, predictor.last_word, lambda _: "")
    tokens: list[str | None] = []
    for part in sentence.parts:
        tokens += [*predictor.tokenizer.tokens(part), None]
    tokens.pop()
    known = any(token in predictor.folder.vocabulary and is_target(token) for token in tokens if token is not None)
    if not known and not any(prefix or suffix for prefix, suffix in sentence.affixes):
        raise SentenceError(f"no word beside the blank is known to the model in {text!r}: write more context")
    return Query(sentence, tuple(tokens))


def parse_queries(texts: str | Sequence[str], predictor: Predictor, part_of_word: bool | None = None) -> list[Query]:
    """The queries that a sentence, or a list of them, is.

    :raises SentenceError: as :func:`parse_query`; of a list, the message begins with the sentence's number.
    """
    if isinstance(texts, str):
        return [parse_query(texts, predictor, part_of_word)]
    if not isinstance(texts, list | tuple):
        raise SentenceError(f"give a sentence or a list of sentences, not {type(texts).__name__}")
    queries = []
    for number, text in enumerate(texts, start=1):
        try:
            queries.append(parse_query(text, predictor, part_of_word))
        except SentenceError as error:
            raise SentenceError(f"sentence {number}: {error}") from None
    return queries


def _letters_before(part: str) -> str:
    found = _LETTERS_AT_END.search(part)
    return found[0] if found else ""


def _letters_behind(part: str) -> str:
    found = _LETTERS_AT_START.match(part)
    return found[0] if found else ""
