"""The shapes of what a model answers."""

from __future__ import annotations

import sys
from typing import Literal, NotRequired

if sys.version_info >= (3, 12):
    from typing import TypedDict
else:  # so that pydantic takes the service's answers from here
    from typing_extensions import TypedDict

MOST_ANSWERS = 10_000
"""Answers of one blank at most."""


class Answer(TypedDict):
    """One word for one blank, in the shape of Hugging Face's fill-mask; codes models add ``distance``.

    ``token`` is the word's id, ``None`` for one outside the vocabulary and for a phrase.
    """

    score: float
    token: int | None
    token_str: str
    sequence: str
    distance: NotRequired[float]


Filled = list[Answer] | list[list[Answer]]
"""Answers best first; a sentence with several blanks has a list for each."""


class JointAnswer(TypedDict):
    """Words for all blanks of a sentence together; ``score`` is the probability of the whole."""

    score: float
    token_strs: list[str]
    sequence: str


class RankedCandidate(TypedDict):
    """One candidate of several. ``score`` is its share: those of all candidates sum to one. ``log_probability`` is the
    natural logarithm of its probability in its context.
    """

    score: float
    log_probability: float
    candidate: str
    sequence: str


class Suggestion(TypedDict):
    """A word that would fit better, and its probability there."""

    token_str: str
    score: float


class CheckedWord(TypedDict):
    """A word as typed, from ``start`` to ``end`` of the text. ``score`` is its probability given all other words,
    ``misfit`` the probability that it is wrong there. A word that does not fit comes with suggestions.
    """

    word: str
    start: int
    end: int
    score: float
    misfit: float
    fits: bool
    suggestions: list[Suggestion]


class SegmentedWord(TypedDict):
    """A word, a mark or a blank as typed, from ``start`` to ``end`` of the text. ``known`` words are in the vocabulary;
    others are read by their characters.
    """

    word: str
    start: int
    end: int
    kind: Literal["word", "mark", "blank"]
    known: bool


class ContextWord(TypedDict):
    """A word or mark of the context as typed, from ``start`` to ``end``, and by how much the probability of the answer
    falls without it: ``None`` where it is not read or too far away.
    """

    word: str
    start: int
    end: int
    influence: float | None


class LabelShare(TypedDict):
    """A label of a text and its probability: those of all labels sum to one."""

    label: str
    score: float


class Explanation(TypedDict):
    """An answer, its probability in the whole context, and what each word does for it."""

    token_str: str
    score: float
    context: list[ContextWord]
