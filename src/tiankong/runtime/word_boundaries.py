"""Whether what stands right beside a blank belongs to its word, where words are not separated by spaces.

In ``踢__``, the segmenter's word may be 踢球, of which 球 is missing, or there are two words, as in 踢足球. Each way of
dividing the gap into words is as probable as the typed words in it are, one by one, given the rest of the text and how
many words are missing, times the probability of the word that has the blank in it. An answer's probability is the sum
over all ways, given what is typed::

    p(球 | 踢) = p(踢球 | one word) · JOINED / all  +  p(踢, 球 | two words) / all
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tiankong.runtime.decoding import Floats
from tiankong.runtime.reading import Reading
from tiankong.runtime.word_parts import WordParts
from tiankong.text.network_input import Ints, Window
from tiankong.text.vocabulary import BLANK

JOINED = 0.1
"""How probable it is that a neighbour belongs to the blank's word, as odds before anything is read: most blanks stand
for whole words (docs/lab/0032).
"""

MOST_BESIDE = 2
"""Words on a side of a blank that may belong to its word."""

_CONTEXT = 64
"""Tokens on each side of a blank that are read to decide on its boundaries."""

_UNSEEN = -20.0
"""Natural log of the probability of a typed word that is no answer."""

Tokens = Sequence[str | None]


class Beside(NamedTuple):
    """The words that stand right beside a blank on each side, the nearest first, and may belong to its word."""

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


class Weighed(NamedTuple):
    """Natural log of the probabilities of answers: of those of a reading, (R,), and of other texts; and that of the
    blank's word being what is missing and no more.
    """

    log_probabilities: Floats
    others: dict[str, float]
    whole: float

    def of_phrase(self, text: str, log_probability: float) -> float:
        """That of a phrase with this ``log_probability`` as what is missing and no more."""
        return float(np.logaddexp(self.whole + log_probability, self.others.get(text, -np.inf)))


class _Way(NamedTuple):
    """One way of dividing a gap. ``words`` are the ids of the words that have the blank in them, ``None`` for all; an
    answer is what such a word has between ``prefix`` and ``suffix``. ``steps`` are the windows that predict the typed
    words, each with its word, and ``last`` the one that predicts the word with the blank, by their numbers.
    """

    prefix: str
    suffix: str
    words: Ints | None
    steps: list[tuple[int, str]]
    last: int


class Boundaries:
    """A blank with all ways of dividing what is beside it. ``windows`` have one target each."""

    def __init__(self, tokens: Tokens, place: int, beside: Beside, reading: Reading, parts: WordParts) -> None:
        """``place`` is that of the blank in ``tokens``, between which the words of ``beside`` stand."""
        self._reading = reading
        start, stop = max(0, place - _CONTEXT), place + 1 + _CONTEXT
        before, after = list(tokens[start:place]), list(tokens[place + 1 : stop])
        self.windows: list[Window] = []
        self._ways: list[_Way] = []
        self._known: dict[tuple[bytes, int], int] = {}
        apart: tuple[tuple[str, ...], tuple[str, ...], Ints | None] = ((), (), None)
        found = [
            (left, right, joined)
            for left in _beginnings(beside.before)
            for right in _beginnings(beside.after)
            if (left or right) and len(joined := parts.words_with("".join(reversed(left)), "".join(right)))
        ]
        if not found:
            return
        # The gap has everything that is part of the word in one of the ways; around it stands what never is.
        most_left, most_right = (max(len(way[side]) for way in found) for side in (0, 1))
        outer_before, outer_after = before[: len(before) - most_left], after[most_right:]
        for left, right, words in [apart, *found]:
            own_before = beside.before[len(left) : most_left][::-1]
            own_after = beside.after[len(right) : most_right]
            steps, last = self._steps(outer_before, own_before, own_after, outer_after)
            self._ways.append(_Way("".join(reversed(left)), "".join(right), words, steps, last))

    def _steps(
        self, before: Tokens, left: Sequence[str], right: Sequence[str], after: Tokens
    ) -> tuple[list[tuple[int, str]], int]:
        """The windows that predict the gap's typed words, those on the ``left`` of the blank's word and those on its
        ``right``, each with its word; and the window that predicts the blank's word.
        """
        steps = []
        for number, word in enumerate(left):
            missing: Tokens = [None] * (len(left) - number + len(right))
            steps.append((self._window([*before, *left[:number]], [*missing, *after]), word))
        for number, word in reversed(list(enumerate(right))):
            missing = [None] * (1 + number)
            steps.append((self._window([*before, *left, *missing], [*right[number + 1 :], *after]), word))
        return steps, self._window([*before, *left], [*right, *after])

    def _window(self, before: Tokens, after: Tokens) -> int:
        """The number of the window that predicts the word between ``before`` and ``after``."""
        ids = self._reading.ids([*before, None, *after])
        target = np.flatnonzero(ids == BLANK)[sum(token is None for token in before)]
        key = ids.tobytes(), int(target)
        if key not in self._known:
            self._known[key] = len(self.windows)
            self.windows += self._reading.windows(ids, np.array([target]))
        return self._known[key]

    def weighed(self, row: Floats, rows: Sequence[Floats]) -> Weighed:
        """What the blank's own ``row`` (R,) and those of the ``windows`` come to."""
        if not self._ways:
            return Weighed(row, {}, 0.0)
        logs = []
        for way in self._ways:
            log = sum(self._log_probability(rows[number], word) for number, word in way.steps)
            if way.words is not None:
                sides = bool(way.prefix) + bool(way.suffix)
                log += sides * math.log(JOINED) + float(
                    np.logaddexp.reduce(rows[way.last][way.words], dtype=np.float64)
                )
            logs.append(log)
        total = float(np.logaddexp.reduce(logs))
        weighed: Floats = row + np.float32(logs[0] - total)
        others: dict[str, float] = defaultdict(lambda: -np.inf)
        for way, log in zip(self._ways, logs, strict=True):
            if way.words is None:
                continue
            of_words = rows[way.last][way.words].astype(np.float64)
            of_words += log - total - np.logaddexp.reduce(of_words)
            for word, log_probability in zip(way.words.tolist(), of_words.tolist(), strict=True):
                whole = self._reading.word(word)
                text = whole[len(way.prefix) : len(whole) - len(way.suffix)]
                if self._reading.has_answer(text):
                    answer = self._reading.answer_id(text)
                    weighed[answer] = np.logaddexp(weighed[answer], log_probability)
                else:
                    others[text] = float(np.logaddexp(others[text], log_probability))
        return Weighed(weighed, dict(others), logs[0] - total)

    def _log_probability(self, row: Floats, word: str) -> float:
        return max(float(row[self._reading.answer_id(word)]), _UNSEEN) if self._reading.has_answer(word) else _UNSEEN


def _beginnings(words: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [words[:number] for number in range(len(words) + 1)]
