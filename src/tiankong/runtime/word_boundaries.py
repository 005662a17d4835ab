"""Whether what stands right beside a blank belongs to its word, where words are not separated by spaces.

In ``踢__``, the segmenter's word may be 踢球, of which 球 is missing, or there are two words, as in 踢足球. In
``我喜__`` it makes a word of what is typed, 我喜, although 喜 is the beginning of 喜欢. Each way of dividing the gap
into words is as probable as the typed words in it are, one by one, given the rest of the text and how many words are
missing, times the probability of the word that has the blank in it. An answer's probability is the sum over all ways,
given what is typed::

    p(球 | 踢) = p(踢球 | one word) · JOINED / all  +  p(踢, 球 | two words) / all
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from itertools import takewhile
from typing import NamedTuple

import numpy as np

from tiankong.runtime.decoding import Floats
from tiankong.runtime.reading import Reading
from tiankong.runtime.word_parts import WordParts
from tiankong.text.network_input import Ints, Window
from tiankong.text.vocabulary import BLANK

JOINED = 0.1
"""How probable it is that what stands beside a blank belongs to its word, as odds before anything is read, and that
the segmenter's word has to be cut for that: most blanks stand for whole words (docs/lab/0032).
"""

_CONTEXT = 64
"""Tokens on each side of a blank that are read to decide on its boundaries."""

Tokens = Sequence[str | None]


class Division(NamedTuple):
    """One way of dividing what is typed right beside a blank: ``part`` belongs to the blank's word, and ``tokens``, in
    reading order, stand between it and what is never divided. If it is cut out of a word, that is ``cut``, and ``rest``
    are the tokens of what is left of it.
    """

    part: str
    tokens: tuple[str, ...]
    cut: str = ""
    rest: tuple[str, ...] = ()


_UNDIVIDED = (Division("", ()),)


class Beside(NamedTuple):
    """The ways of dividing what is typed on each side of a blank. The first has no part of the blank's word; it has
    the tokens next to the blank of which the others are made.
    """

    before: tuple[Division, ...] = _UNDIVIDED
    after: tuple[Division, ...] = _UNDIVIDED


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
    words, each with its word, and ``last`` the one that predicts the word with the blank, by their numbers. ``odds`` is
    the natural log of the way's own, before anything is read.
    """

    prefix: str
    suffix: str
    words: Ints | None
    steps: list[tuple[int, str]]
    last: int
    odds: float


class Boundaries:
    """A blank with all ways of dividing what is beside it. ``windows`` have one target each."""

    def __init__(self, tokens: Tokens, place: int, beside: Beside, reading: Reading, parts: WordParts) -> None:
        """``place`` is that of the blank in ``tokens``, between which the words of ``beside`` stand."""
        self._reading = reading
        start, stop = max(0, place - _CONTEXT), place + 1 + _CONTEXT
        self.windows: list[Window] = []
        self._ways: list[_Way] = []
        self._known: dict[tuple[bytes, int], int] = {}
        self._parts = parts
        apart: tuple[Division, Division, Ints | None] = (beside.before[0], beside.after[0], None)
        found = [
            (left, right, joined)
            for left in beside.before
            for right in beside.after
            if (left.part or right.part) and len(joined := self._words(left, right))
        ]
        if not found:
            return
        ways = [apart, *found]
        # The gap has what is divided in several ways; around it stands what is not.
        alike_left = _common([left.tokens for left, _, _ in ways])
        alike_right = _common([right.tokens[::-1] for _, right, _ in ways])
        before = tokens[start : place - len(apart[0].tokens) + alike_left]
        after = tokens[place + 1 + len(apart[1].tokens) - alike_right : stop]
        for left, right, words in ways:
            own = left.tokens[alike_left:], right.tokens[: len(right.tokens) - alike_right]
            steps, last = self._steps(before, *own, after)
            unusual = [left.part, left.cut, right.part, right.cut]
            odds = sum(map(bool, unusual)) * math.log(JOINED)
            self._ways.append(_Way(left.part, right.part, words, steps, last, odds))

    def _words(self, left: Division, right: Division) -> Ints:
        """The words that have the blank in them; none if they are too rare to be worth a try."""
        words = self._parts.words_with(left.part, right.part)
        is_tried = all(self._parts.is_worth_cutting(side.cut, side.rest, words) for side in (left, right) if side.cut)
        return words if is_tried else words[:0]

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
            log = way.odds + sum(self._log_probability(rows[number], word) for number, word in way.steps)
            if way.words is not None:
                log += float(np.logaddexp.reduce(rows[way.last][way.words], dtype=np.float64))
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
        of_unknown = self._parts.log_probability_of_unknown(word)
        return (
            max(float(row[self._reading.answer_id(word)]), of_unknown) if self._reading.has_answer(word) else of_unknown
        )


def _common(texts: Sequence[tuple[str, ...]]) -> int:
    """How many tokens all ``texts`` begin with."""
    return sum(1 for _ in takewhile(lambda tokens: len(set(tokens)) == 1, zip(*texts, strict=False)))
