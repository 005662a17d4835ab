"""Sentences with blanks: parsed into tokens, and filled as typed."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from tiankong.config import SPACED
from tiankong.errors import OptionError, SentenceError
from tiankong.request.divisions import divisions_after, divisions_before
from tiankong.request.texts import RAISE, OnError, each
from tiankong.runtime.predictor import Predictor
from tiankong.runtime.reading import Reading
from tiankong.runtime.word_boundaries import Beside, Boundaries
from tiankong.text.blank_forms import USUAL, BlankForm
from tiankong.text.blanks import BlankedSentence, parse_blanks, with_affixes
from tiankong.text.language import is_unspaced
from tiankong.text.network_input import Window
from tiankong.text.script import AUTO
from tiankong.text.segment import Tokenizer
from tiankong.text.typed_forms import begins_sentence
from tiankong.text.vocabulary import BLANK, is_target

MOST_REPEATED = 1 << 29
"""The most characters of the answers to a sentence, each of which repeats it: about a gigabyte."""

_SHOWN = 40
"""The most characters of a sentence in a message."""

_BEFORE_SPACE = frozenset(",;!?")
"""Marks that stand right behind a word and are followed by a space."""

_APOSTROPHES = ("'", "\u2019")
"""Those of contractions, which the segmenters leave within a word."""

_QUOTES = ("'", "\u2018")
"""What a word in single quotes follows."""

_LETTER = "x"
"""Stands for the missing part of a word where it is segmented."""


@dataclass(frozen=True)
class Query:
    """A sentence with blanks, and its tokens as the ``reader`` reads them; ``None`` is a blank.

    ``affixes`` are the normalised prefix and suffix of each blank's word; ``beside`` are the words right beside each
    blank that may be. If the language is ``spaced``, words that are filled in are separated from their neighbours by
    spaces.
    """

    sentence: BlankedSentence
    tokens: tuple[str | None, ...]
    affixes: tuple[tuple[str, str], ...]
    reader: Predictor
    spaced: bool = False
    beside: tuple[Beside, ...] = ()

    def windows(self, reading: Reading) -> list[Window]:
        """What is read of the sentence to predict every blank."""
        ids = reading.ids(self.tokens)
        return reading.windows(ids, np.flatnonzero(ids == BLANK))

    def around(self, blank: int) -> tuple[tuple[str | None, ...], tuple[str | None, ...]]:
        """The tokens before and after blank number ``blank``."""
        place = self._blank_places[blank]
        return self.tokens[:place], self.tokens[place + 1 :]

    def boundaries(self, blank: int, reading: Reading, *, weigh: bool = True) -> Boundaries:
        """Blank number ``blank``, with all ways of dividing what is beside it into words, or with one if they are not
        to be weighed.
        """
        beside = self.beside[blank] if self.beside and weigh else Beside()
        return Boundaries(self.tokens, self._blank_places[blank], beside, reading, self.reader.word_parts)

    @cached_property
    def _blank_places(self) -> list[int]:
        return [place for place, token in enumerate(self.tokens) if token is None]

    def written(self, words: Sequence[str], blank: int) -> list[str]:
        """The model's ``words`` as people write them in blank number ``blank``."""
        before, after = self.sentence.parts[blank], self.sentence.parts[blank + 1]
        first = self.reader.typed_forms.capitalises and self._begins_sentence(blank)
        return self.reader.written(words, before, after, begins_sentence=first)

    def _begins_sentence(self, blank: int) -> bool:
        """Whether the word of blank number ``blank`` is the first of a sentence; not if its beginning is given."""
        before = self.sentence.parts[blank]
        if self.sentence.affixes[blank][0]:
            return False
        return begins_sentence(f"x{before}" if blank else before)  # a blank before it is a word

    def filled(self, words: Sequence[str | None]) -> str:
        """The sentence with each of ``words`` in its blank, ``None`` for one left blank; everything else as typed."""
        blanks, parts = self.sentence.blanks, self.sentence.parts
        filled = parts[0]
        for at, word in enumerate(words):
            if word is None:
                filled += blanks[at] + parts[at + 1]
                continue
            after_blank = at > 0 and not parts[at] and words[at - 1] is None
            before_blank = at + 1 < len(words) and not parts[at + 1] and words[at + 1] is None
            filled = self._put(filled, self._piece(at, word), parts[at + 1], after_blank, before_blank)
        return filled

    def filled_one(self, blank: int, words: Sequence[str]) -> list[str]:
        """The sentence with each of ``words`` in one blank, as :meth:`filled`."""
        marks, parts = self.sentence.blanks, self.sentence.parts
        before = "".join(part + mark for part, mark in zip(parts[:blank], marks, strict=False)) + parts[blank]
        after = "".join(part + mark for part, mark in zip(parts[blank + 1 :], [*marks[blank + 1 :], ""], strict=True))
        after_blank = blank > 0 and not parts[blank]
        before_blank = blank + 1 < len(marks) and not parts[blank + 1]
        return [self._put(before, self._piece(blank, word), after, after_blank, before_blank) for word in words]

    def _put(self, before: str, word: str, after: str, after_blank: bool, before_blank: bool) -> str:
        """``word`` between two texts, of which one may end, the other begin with a blank, with a space on a side where
        another word or a blank is, or where the comma, or the like, of another word stands.
        """
        if not self.spaced:
            return f"{before}{word}{after}"
        left = right = ""
        if _is_word(word[:1]):
            after_mark = before[-1:] in _BEFORE_SPACE and before[-2:-1].isalpha() and _is_word(before[-2:-1])
            left = " " if after_blank or after_mark or _is_word(before[-1:]) else ""
        if _is_word(word[-1:]):
            right = " " if before_blank or _is_word(after[:1]) else ""
        return f"{before}{left}{word}{right}{after}"

    def _piece(self, blank: int, word: str) -> str:
        """The text of a blank, with the prefix and suffix of its word as typed."""
        prefix, suffix = self.affixes[blank]
        if not prefix and not suffix:
            return word
        read = word if self.reader.conversion is None else self.reader.conversion.read(word)
        read = self.reader.tokenizer.normalise(read)
        if (
            len(read) != len(word)
            or not read.startswith(prefix)
            or not read.endswith(suffix)
            or len(read) < len(prefix) + len(suffix)
        ):
            return word
        typed_prefix, typed_suffix = self.sentence.affixes[blank]
        return f"{typed_prefix}{word[len(prefix) : len(word) - len(suffix)]}{typed_suffix}"


def parse_query(
    text: str,
    predictor: Predictor,
    part_of_word: bool | None = None,
    form: BlankForm = USUAL,
    script: str = AUTO,
) -> Query:
    """Parses ``text``, whose blanks have this ``form``, read as ``script`` says
    (:meth:`~tiankong.runtime.loaded_model.LoadedModel.reader`).

    With ``part_of_word``, a word that ends right before a blank is part of the missing word; in languages with spaces,
    so is a word that begins right after it. ``None`` means true for languages with spaces; in others, what stands right
    beside a blank may be part of its word.

    :raises SentenceError: as :func:`~tiankong.text.blanks.parse_blanks`; the model reads nothing beside the blanks.
    :raises OptionError: ``part_of_word`` is something else.
    """
    if not isinstance(part_of_word, bool | None):
        raise OptionError(f"`part_of_word` must be true, false or none, not {part_of_word!r}")
    sentence = parse_blanks(text, form)
    predictor = predictor.reader(script, text)
    tokenizer = predictor.tokenizer
    spaced = predictor.folder.manifest.prepare.segmenter in SPACED
    if part_of_word is None and spaced:
        sentence = with_affixes(
            sentence,
            lambda part: _unless_unspaced(_last_word(part, tokenizer)),
            lambda part: _unless_unspaced(_first_word(part, tokenizer)),
        )
    elif part_of_word:
        after = (lambda part: _first_word(part, tokenizer)) if spaced else (lambda _: "")
        sentence = with_affixes(sentence, lambda part: _last_word(part, tokenizer), after)
    tokens: list[str | None] = []
    located = [tokenizer.located_tokens(part) for part in sentence.parts]
    for of_part in located:
        tokens += [*(token.text for token in of_part), None]
    tokens.pop()
    affixes = tuple((tokenizer.normalise(prefix), tokenizer.normalise(suffix)) for prefix, suffix in sentence.affixes)
    has_context = any(token is not None and predictor.reads(token) for token in tokens)
    if not has_context and not any(prefix or suffix for prefix, suffix in affixes):
        shown = repr(text) if len(text) <= _SHOWN else f"{text[:_SHOWN]!r}…"
        raise SentenceError(f"the model reads nothing beside the blank of {shown}: write more context")
    beside: tuple[Beside, ...] = ()
    if part_of_word is None and not spaced:
        sides = zip(zip(sentence.parts, located, strict=True), located[1:], strict=False)
        beside = tuple(
            Beside(divisions_before(part, before, predictor), divisions_after(after, predictor))
            for (part, before), after in sides
        )
    return Query(sentence, tuple(tokens), affixes, predictor, spaced, beside)


def parse_queries(
    sentences: str | Sequence[str],
    predictor: Predictor,
    part_of_word: bool | None = None,
    most_blanks: int | None = None,
    form: BlankForm = USUAL,
    script: str = AUTO,
    top_k: int = 0,
    on_error: OnError = RAISE,
) -> list[Query | SentenceError]:
    """Parses a sentence, or each of a list.

    :raises SentenceError: as :func:`parse_query`; more than ``most_blanks``, or so many that ``top_k`` answers for each
        of them would exceed :data:`MOST_REPEATED`. For a list, the message begins with the number of the sentence. With
        ``on_error="return"``, the error stands in the place of the query.
    """

    def parse(sentence: str) -> Query:
        query = parse_query(sentence, predictor, part_of_word, form, script)
        blanks = len(query.affixes)
        if most_blanks is not None and blanks > most_blanks:
            raise SentenceError(
                f"the sentence has {blanks} blanks: at most {most_blanks} are filled together; {form.how_to_escape}"
            )
        if blanks * top_k * len(sentence) > MOST_REPEATED:
            answers, way_out = ("answer", "") if top_k == 1 else ("answers", "ask for fewer answers, or ")
            raise SentenceError(
                f"{top_k:,} {answers} for each of {blanks:,} blanks would repeat {len(sentence):,} characters "
                f"{blanks * top_k:,} times: {way_out}split the sentence"
            )
        return query

    return each(sentences, parse, "sentence", on_error)


class PlacedToken(NamedTuple):
    """A token, normalised, or ``None`` for a blank, from ``start`` to ``end`` of the sentence as typed."""

    token: str | None
    start: int
    end: int


def placed_tokens(sentence: BlankedSentence, tokenizer: Tokenizer) -> list[PlacedToken]:
    """Tokens and blanks in order."""
    tokens = []
    for number, part in enumerate(sentence.parts):
        for token in tokenizer.located_tokens(part):
            tokens.append(PlacedToken(token.text, *sentence.span_in_text(number, token.start, token.end)))
        if number < len(sentence.spans):
            tokens.append(PlacedToken(None, *sentence.spans[number]))
    return tokens


def _last_word(text: str, tokenizer: Tokenizer) -> str:
    """The word at the end of ``text``, as typed; empty if there is none."""
    added = _LETTER if text[-1:] in _APOSTROPHES and text[-2:-1].isalpha() else ""
    tokens = tokenizer.located_tokens(f"{text}{added}")
    if not tokens or tokens[-1].end != len(text) + len(added) or not is_target(tokens[-1].text):
        return ""
    start = tokens[-1].start
    return "" if added and text[start - 1 : start] in _QUOTES else text[start:]  # 'yes'


def _first_word(text: str, tokenizer: Tokenizer) -> str:
    """The word at the beginning of ``text``, as typed; empty if there is none."""
    added = _LETTER if text[:1] in _APOSTROPHES and text[1:2].isalpha() else ""
    tokens = tokenizer.located_tokens(f"{added}{text}")
    if not tokens or tokens[0].start != 0 or not is_target(tokens[0].text):
        return ""
    return text[: tokens[0].end - len(added)]


def _unless_unspaced(word: str) -> str:
    """``word``, or nothing if its script has no spaces: there, any word may stand next to a blank."""
    return "" if any(map(is_unspaced, word)) else word


def _is_word(character: str) -> bool:
    """Whether ``character``, if there is one, is a letter or digit of a script with spaces."""
    return bool(character) and unicodedata.category(character)[0] in "LMN" and not is_unspaced(character)
