"""Sentences as typed to blanks among tokens."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tiankong.config import SPACED
from tiankong.errors import OptionError, SentenceError, in_which
from tiankong.runtime.predictor import Predictor, Reading
from tiankong.text.blanks import BlankedSentence, parse_blanks, with_affixes
from tiankong.text.network_input import Window
from tiankong.text.segment import Tokenizer
from tiankong.text.vocabulary import BLANK, is_target

_WRITTEN_TOGETHER = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN")
"""Scripts without spaces between words, by the names of their letters."""


@dataclass(frozen=True)
class Query:
    """A sentence with blanks, and its tokens; ``None`` is a blank.

    ``affixes`` are what the word of each blank begins and ends with, normalised. In a language that is ``spaced``,
    words that are filled in get the spaces that part them from what stands right beside them.
    """

    sentence: BlankedSentence
    tokens: tuple[str | None, ...]
    affixes: tuple[tuple[str, str], ...]
    spaced: bool = False

    def window(self, reading: Reading) -> Window:
        """All of it, every blank a target."""
        ids = reading.ids(self.tokens)
        return Window(ids, 1, len(ids) - 1, np.flatnonzero(ids == BLANK))

    def around(self, blank: int) -> tuple[tuple[str | None, ...], tuple[str | None, ...]]:
        """The tokens before and after blank number ``blank``."""
        place = [place for place, token in enumerate(self.tokens) if token is None][blank]
        return self.tokens[:place], self.tokens[place + 1 :]

    def filled(self, words: Sequence[str | None]) -> str:
        """The sentence with each of ``words`` in its blank, ``None`` leaving it blank, everything else as typed."""
        blanks = self.sentence.blanks
        pieces = [blanks[at] if word is None else self._piece(at, word) for at, word in enumerate(words)]
        filled = self.sentence.parts[0]
        for piece, part in zip(pieces, self.sentence.parts[1:], strict=True):
            filled = self._beside(self._beside(filled, piece), part)
        return filled

    def filled_one(self, blank: int, words: Sequence[str]) -> list[str]:
        """The sentence with each of ``words`` in one blank, as :meth:`filled`."""
        marks, parts = self.sentence.blanks, self.sentence.parts
        before = "".join(part + mark for part, mark in zip(parts[:blank], marks, strict=False)) + parts[blank]
        after = "".join(part + mark for part, mark in zip(parts[blank + 1 :], [*marks[blank + 1 :], ""], strict=True))
        return [self._beside(self._beside(before, self._piece(blank, word)), after) for word in words]

    def _beside(self, left: str, right: str) -> str:
        """One behind the other, a space between them if both are words there."""
        return f"{left} {right}" if self.spaced and _are_words(left[-1:], right[:1]) else f"{left}{right}"

    def _piece(self, blank: int, word: str) -> str:
        """What stands in a blank, whose word's beginning and end are there as typed."""
        prefix, suffix = self.affixes[blank]
        if not word.startswith(prefix) or not word.endswith(suffix) or len(word) < len(prefix) + len(suffix):
            return word
        typed_prefix, typed_suffix = self.sentence.affixes[blank]
        return f"{typed_prefix}{word[len(prefix) : len(word) - len(suffix)]}{typed_suffix}"


def parse_query(text: str, predictor: Predictor, part_of_word: bool | None = None) -> Query:
    """The query that ``text`` is.

    With ``part_of_word``, the word that ends right before a blank belongs to the missing word, and where words are
    written with spaces, the one that begins right behind it too. ``None``: where words are written with spaces.

    :raises SentenceError: as :func:`~tiankong.text.blanks.parse_blanks`, and no known word.
    :raises OptionError: ``part_of_word`` is something else.
    """
    if not isinstance(part_of_word, bool | None):
        raise OptionError(f"part_of_word must be true, false or none, not {part_of_word!r}")
    sentence = parse_blanks(text)
    tokenizer = predictor.tokenizer
    spaced = predictor.folder.manifest.prepare.segmenter in SPACED
    if part_of_word is None and spaced:
        sentence = with_affixes(
            sentence,
            lambda part: _unless_together(_last_word(part, tokenizer)),
            lambda part: _unless_together(_first_word(part, tokenizer)),
        )
    elif part_of_word:
        behind = (lambda part: _first_word(part, tokenizer)) if spaced else (lambda _: "")
        sentence = with_affixes(sentence, lambda part: _last_word(part, tokenizer), behind)
    tokens: list[str | None] = []
    for part in sentence.parts:
        tokens += [*tokenizer.tokens(part), None]
    tokens.pop()
    affixes = tuple((tokenizer.normalise(prefix), tokenizer.normalise(suffix)) for prefix, suffix in sentence.affixes)
    known = any(predictor.knows(token) and is_target(token) for token in tokens if token is not None)
    if not known and not any(prefix or suffix for prefix, suffix in affixes):
        raise SentenceError(f"no word beside the blank is known to the model in {text!r}: write more context")
    return Query(sentence, tuple(tokens), affixes, spaced)


def parse_queries(
    texts: str | Sequence[str], predictor: Predictor, part_of_word: bool | None = None, most_blanks: int | None = None
) -> list[Query]:
    """The queries that a sentence, or a list of them, is.

    :raises SentenceError: as :func:`parse_query`, and more than ``most_blanks``; of a list, the message begins with the
        sentence's number.
    """
    if isinstance(texts, str):
        return [_limited_query(texts, predictor, part_of_word, most_blanks)]
    if not isinstance(texts, list | tuple):
        raise SentenceError(f"give a sentence or a list of sentences, not {type(texts).__name__}")
    queries = []
    for number, text in enumerate(texts, start=1):
        with in_which(f"sentence {number}"):
            queries.append(_limited_query(text, predictor, part_of_word, most_blanks))
    return queries


def _limited_query(text: str, predictor: Predictor, part_of_word: bool | None, most_blanks: int | None) -> Query:
    query = parse_query(text, predictor, part_of_word)
    blanks = len(query.affixes)
    if most_blanks is not None and blanks > most_blanks:
        raise SentenceError(f"the sentence has {blanks} blanks and at most {most_blanks} are filled together")
    return query


def _last_word(text: str, tokenizer: Tokenizer) -> str:
    """The word that ``text`` ends with, as typed, empty if it ends otherwise."""
    tokens = tokenizer.located_tokens(text)
    return text[tokens[-1].start :] if tokens and tokens[-1].end == len(text) and is_target(tokens[-1].text) else ""


def _first_word(text: str, tokenizer: Tokenizer) -> str:
    """The word that ``text`` begins with."""
    tokens = tokenizer.located_tokens(text)
    return text[: tokens[0].end] if tokens and tokens[0].start == 0 and is_target(tokens[0].text) else ""


def _unless_together(word: str) -> str:
    """``word``, or nothing if its script is written without spaces: there, any word may stand right beside a blank."""
    return "" if any(map(_is_written_together, word)) else word


def _are_words(left: str, right: str) -> bool:
    """Whether two characters are of words that a space parts."""
    return all(
        unicodedata.category(character)[0] in "LMN" and not _is_written_together(character)
        for character in (left or " ", right or " ")
    )


def _is_written_together(character: str) -> bool:
    return unicodedata.name(character, "").startswith(_WRITTEN_TOGETHER)
