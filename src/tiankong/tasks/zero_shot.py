"""Texts classified by a model that only fills blanks: the words that fit into a prompt beside a text say what it is.

Schick & Schütze 2021, section 3 (patterns and verbalisers), without training; each word's log probability is taken
relative to the same prompt without a text, so that words that fit the prompt anyway decide nothing (Holtzman et al.
2021, section 3; Zhao et al. 2021, section 5).
"""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tiankong.errors import OptionError, SentenceError
from tiankong.request.answers import LabelShare
from tiankong.request.candidates import Candidate, oov_words, parse_candidates
from tiankong.runtime.predictor import Predictor, Reading
from tiankong.tasks.classify import label_shares
from tiankong.tasks.joint import phrase_log_probabilities
from tiankong.text.blanks import cut_at_blanks
from tiankong.text.network_input import Window
from tiankong.text.normalise import surrogate_in
from tiankong.text.pieces import piece_edges

PLACE = "{text}"
"""Where a prompt takes the text in."""

MOST_PROMPTS, MOST_LABELS = 16, 1000
_TEXTS_AT_ONCE = 256

Floats = NDArray[np.float64]
Tokens = tuple[str, ...]


class _Prompt(NamedTuple):
    """The tokens around a prompt's blank; the text goes before or behind those of its side."""

    before: tuple[Tokens, Tokens]
    after: tuple[Tokens, Tokens]
    text_first: bool

    def around(self, text: Tokens) -> tuple[Tokens, Tokens]:
        """The tokens before and after the blank with ``text`` in its place."""
        if self.text_first:
            return (*self.before[0], *text, *self.before[1]), (*self.after[0], *self.after[1])
        return (*self.before[0], *self.before[1]), (*self.after[0], *text, *self.after[1])


class Question(NamedTuple):
    """What texts are asked: the prompts, and the words of each label."""

    prompts: tuple[str, ...]
    labels: tuple[tuple[str, tuple[str, ...]], ...]


def as_question(prompts: Sequence[str], labels: Mapping[str, Sequence[str]]) -> Question:
    """Prompts and labels as a user gives them.

    :raises OptionError: they are not lists of strings, too many or too few, or a label has no fit name.
    """
    if not _are_strings(prompts):
        raise OptionError("prompts must be a list of strings")
    if not 1 <= len(prompts) <= MOST_PROMPTS:
        raise OptionError(f"give from 1 to {MOST_PROMPTS} prompts, not {len(prompts)}")
    if not isinstance(labels, Mapping) or not all(isinstance(name, str) and name.strip() for name in labels):
        raise OptionError("labels must give a list of words by each label's name")
    if not 2 <= len(labels) <= MOST_LABELS:
        raise OptionError(f"give from 2 to {MOST_LABELS:,} labels, not {len(labels)}")
    for name, words in labels.items():
        if surrogate_in(name) is not None:
            raise OptionError(f"the label's name {name!r} is no valid Unicode: convert it to UTF-8")
        if any(unicodedata.category(character) == "Cc" for character in name):
            raise OptionError(f"the label's name {name!r} has a line break or another control character: leave it out")
        if not _are_strings(words):
            raise OptionError(f"label {name}: its words must be a list of strings")
    return Question(tuple(prompts), tuple((name, tuple(words)) for name, words in labels.items()))


def _are_strings(values: Sequence[str]) -> bool:
    return isinstance(values, list | tuple) and all(isinstance(value, str) for value in values)


class ZeroShot:
    """A classifier made of prompts and of the words that speak for each label."""

    def __init__(self, question: Question, predictor: Predictor) -> None:
        """Prompts have ``{text}`` and one blank each.

        :raises OptionError: prompts or labels that can't be used.
        """
        self._predictor = predictor
        self._prompts = [_parse_prompt(prompt, predictor) for prompt in question.prompts]
        self._labels = [name for name, _ in question.labels]
        self._words = _parse_labels(question, predictor)
        together = list(itertools.chain.from_iterable(self._words))
        self._new = predictor.oov_words(oov_words(together, predictor))
        # What each word's log probability is without a text, (prompts, words).
        self._prior = self._word_scores([()])[0]

    def shares(self, texts: Sequence[Sequence[str]]) -> list[list[LabelShare]]:
        """The labels of texts, each the tokens that are read of it, most probable first; those of a text sum to one.

        A text is read in pieces of equal length if it is long, which count by their length, and without the marks at
        its end unless it has nothing else.
        """
        found: list[list[LabelShare]] = []
        for start in range(0, len(texts), _TEXTS_AT_ONCE):
            batch = list(map(_pieces, texts[start : start + _TEXTS_AT_ONCE]))
            evidence = self._evidence(list(itertools.chain.from_iterable(batch)))
            edges = np.cumsum([0, *map(len, batch)])
            for pieces, (first, last) in zip(batch, itertools.pairwise(edges), strict=True):
                weights = np.array([len(piece) for piece in pieces], dtype=np.float64)
                found.append(label_shares(self._labels, weights @ evidence[first:last] / weights.sum()))
        return found

    def _evidence(self, pieces: Sequence[Tokens]) -> Floats:
        """For each label, (pieces, labels): the mean over prompts and over the label's words of what the text adds to
        the word's log probability.
        """
        added = (self._word_scores(pieces) - self._prior).mean(axis=1)  # (pieces, words)
        edges = np.cumsum([0, *map(len, self._words)])
        return np.stack([added[:, a:b].mean(axis=1) for a, b in itertools.pairwise(edges)], axis=1)

    def _word_scores(self, pieces: Sequence[Tokens]) -> Floats:
        """Log probabilities (pieces, prompts, words)."""
        reading = Reading(self._predictor, self._new)
        words = list(itertools.chain.from_iterable(self._words))
        single = [number for number, word in enumerate(words) if len(word.words) == 1]
        phrases = [number for number, word in enumerate(words) if len(word.words) > 1]
        answers = [reading.answer_id(words[number].words[0]) for number in single]
        places = [prompt.around(piece) for piece in pieces for prompt in self._prompts]
        scores = np.empty((len(places), len(words)))
        rows = reading.predictions([_window(before, after, reading) for before, after in places])
        for score, row in zip(scores, rows, strict=True):
            score[single] = row.log_probabilities[answers]
        if phrases:
            for score, (before, after) in zip(scores, places, strict=True):
                score[phrases] = phrase_log_probabilities([words[n].words for n in phrases], before, after, reading)
        return scores.reshape(len(pieces), len(self._prompts), len(words))


def _pieces(tokens: Sequence[str]) -> list[Tokens]:
    last = max((place for place, token in enumerate(tokens) if any(map(str.isalnum, token))), default=len(tokens))
    tokens = tokens[: last + 1]
    return [tuple(tokens[start:stop]) for start, stop in itertools.pairwise(piece_edges(0, len(tokens)))]


def _window(before: Tokens, after: Tokens, reading: Reading) -> Window:
    ids = reading.ids([*before, None, *after])
    return Window(ids, 1, len(ids) - 1, np.array([1 + len(before)]))


def _parse_prompt(prompt: str, predictor: Predictor) -> _Prompt:
    problem = f"the prompt {prompt!r} must have {PLACE} once and one blank, as in {PLACE}，总的来说很__。"
    try:
        sentence = cut_at_blanks(prompt)
    except SentenceError as error:
        raise OptionError(f"the prompt {prompt[:40]!r} can't be used: {error}") from None
    if len(sentence.blanks) != 1 or prompt.count(PLACE) != 1:
        raise OptionError(problem)
    sides = []
    for part in sentence.parts:
        first, _, second = part.partition(PLACE)
        sides.append(
            tuple(tuple(filter(predictor.reads, predictor.tokenizer.tokens(half))) for half in (first, second))
        )
    (before, after), text_first = sides, PLACE in sentence.parts[0]
    return _Prompt((before[0], before[1]), (after[0], after[1]), text_first)


def _parse_labels(question: Question, predictor: Predictor) -> list[list[Candidate]]:
    owner: dict[Tokens, str] = {}
    words = []
    for name, own in question.labels:
        try:
            words.append(parse_candidates(own, predictor))
        except OptionError as error:
            raise OptionError(f"label {name}: {error}") from None
        for candidate in words[-1]:
            other = owner.setdefault(candidate.words, name)
            if other != name:
                raise OptionError(f"{candidate.text!r} speaks for two labels, {other} and {name}: leave one out")
    return words
