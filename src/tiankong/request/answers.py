"""The shapes of answers."""

from __future__ import annotations

import sys
from typing import Literal, NotRequired

if sys.version_info >= (3, 12):
    from typing import TypedDict
else:  # pydantic, which documents the service's answers, needs this one
    from typing_extensions import TypedDict

MOST_ANSWERS = 10_000
"""The most answers for one blank."""


class Answer(TypedDict):
    """One word for one blank, in the shape of Hugging Face's fill-mask; codes models add ``distance``.

    ``token`` is the word's id, ``None`` for a word outside the vocabulary and for a phrase.
    """

    score: float
    token: int | None
    token_str: str
    sequence: str
    distance: NotRequired[float]


Filled = list[Answer] | list[list[Answer]]
"""Answers best first; a sentence with several blanks has a list for each."""


class JointAnswer(TypedDict):
    """Words for all blanks of a sentence together; ``score`` is their joint probability."""

    score: float
    token_strs: list[str]
    sequence: str


class RankedCandidate(TypedDict):
    """One of several candidates. ``score`` is normalised over the candidates: it sums to one. ``log_probability`` is
    the natural log of the candidate's probability in its context.
    """

    score: float
    log_probability: float
    candidate: str
    sequence: str


class Suggestion(TypedDict):
    """A word that fits better, and its probability there."""

    token_str: str
    score: float


class CheckedWord(TypedDict):
    """A word as typed, from ``start`` to ``end`` of the text; one that does not fit may be several to the segmenter.
    ``score`` is its probability given all other words, ``misfit`` the probability that it is an error. Words that do
    not fit have suggestions, first what may have been meant.
    """

    word: str
    start: int
    end: int
    score: float
    misfit: float
    fits: bool
    suggestions: list[Suggestion]


class SegmentedWord(TypedDict):
    """A word, a punctuation mark or a blank as typed, from ``start`` to ``end`` of the text. ``known`` words are in the
    vocabulary; others are read by their characters.
    """

    word: str
    start: int
    end: int
    kind: Literal["word", "mark", "blank"]
    known: bool


class ContextWord(TypedDict):
    """A word or punctuation mark of the context as typed, from ``start`` to ``end``. ``influence`` is how much the
    answer's probability falls without it; ``None`` if the model does not read it or it is too far away.
    """

    word: str
    start: int
    end: int
    influence: float | None


class LabelShare(TypedDict):
    """A label and its probability; the probabilities of all labels sum to one."""

    label: str
    score: float


class Explanation(TypedDict):
    """An answer, its probability in the whole context, and the influence of each word on it."""

    token_str: str
    score: float
    context: list[ContextWord]
