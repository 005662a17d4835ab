"""Sentences as typed to blanks among tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tiankong.errors import SentenceError
from tiankong.inference.predictor import Predictor, Reading
from tiankong.text.blanks import BlankedSentence, parse_blanks
from tiankong.text.network_input import Window
from tiankong.text.vocabulary import BLANK, is_target


@dataclass(frozen=True)
class Query:
    """A sentence with blanks, and its tokens; ``None`` is a blank."""

    sentence: BlankedSentence
    tokens: tuple[str | None, ...]

    def window(self, reading: Reading) -> Window:
        """All of it, every blank a target."""
        ids = reading.ids(self.tokens)
        return Window(ids, 1, len(ids) - 1, np.flatnonzero(ids == BLANK))

    def around(self, blank: int) -> tuple[tuple[str | None, ...], tuple[str | None, ...]]:
        """The tokens before and after blank number ``blank``."""
        place = [place for place, token in enumerate(self.tokens) if token is None][blank]
        return self.tokens[:place], self.tokens[place + 1 :]


def parse_query(text: str, predictor: Predictor) -> Query:
    """The query that ``text`` is.

    :raises SentenceError: as :func:`~tiankong.text.blanks.parse_blanks`, and no known word.
    """
    sentence = parse_blanks(text)
    tokens: list[str | None] = []
    for part in sentence.parts:
        tokens += [*predictor.tokenizer.tokens(part), None]
    tokens.pop()
    if not any(token in predictor.folder.vocabulary and is_target(token) for token in tokens if token is not None):
        raise SentenceError(f"no word beside the blank is known to the model in {text!r}: write more context")
    return Query(sentence, tuple(tokens))


def parse_queries(texts: str | Sequence[str], predictor: Predictor) -> list[Query]:
    """The queries that a sentence, or a list of them, is.

    :raises SentenceError: as :func:`parse_query`; of a list, the message begins with the sentence's number.
    """
    if isinstance(texts, str):
        return [parse_query(texts, predictor)]
    if not isinstance(texts, list | tuple):
        raise SentenceError(f"give a sentence or a list of sentences, not {type(texts).__name__}")
    queries = []
    for number, text in enumerate(texts, start=1):
        try:
            queries.append(parse_query(text, predictor))
        except SentenceError as error:
            raise SentenceError(f"sentence {number}: {error}") from None
    return queries
