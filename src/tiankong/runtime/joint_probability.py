"""The joint probability of words for several blanks, and a search for the most probable.

A filling's probability follows the chain rule with the network's own conditionals: blank by blank, each given the
context, the words filled before it, and the blanks still open. Nothing makes the two orders, from the left and from the
right, agree; a filling's probability is the mean of both, which is still a distribution over all fillings.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from tiankong.runtime.decoding import Floats, best
from tiankong.runtime.reading import Reading
from tiankong.text.network_input import Ints, Window
from tiankong.text.vocabulary import BLANK, is_target

_STEPS_AT_ONCE = 512
"""Each is a copy of what is read."""

Filling = tuple[int, ...]
"""Ids of answers, one for each blank."""

_PartialFilling = tuple[int | None, ...]
"""The same, ``None`` for a blank still open."""

_Step = tuple[_PartialFilling, int]
"""What is filled already, and the blank to fill next."""

_BLOCK, _GROWTH = 64, 4
"""The phrases scored first, to see how probable the others have to be; by how much more the next are."""

_ROUNDING = 1e-3
"""By how much rounding may move a log probability, with much to spare."""


def phrase_log_probabilities(
    phrases: Sequence[Sequence[str]],
    before: Sequence[str | None],
    after: Sequence[str | None],
    reading: Reading,
    top_k: int | None = None,
) -> list[float]:
    """Natural log of the probability of each of ``phrases`` between the tokens ``before`` and ``after``, given its
    number of words.

    Tokens without a letter are context and not predicted; those at the ends are left out, since they would make other
    words likelier at no cost. Every word is an answer of ``reading``.

    With ``top_k``, phrases that are not among so many best may get ``-inf``, which saves most of the work if there are
    many: the words filled first bound the probability of a phrase.
    """
    phrases = list(map(_without_marks_at_its_ends, phrases))
    # Phrases with words in the same places are scored together.
    alike: dict[tuple[str | None, ...], list[int]] = defaultdict(list)
    for number, phrase in enumerate(phrases):
        alike[tuple(None if is_target(word) else word for word in phrase)].append(number)
    first = sum(token is None for token in before)
    groups = []
    for pattern, numbers in alike.items():
        ids = reading.ids([*before, *pattern, *after])
        blanks = np.flatnonzero(ids == BLANK)[first : first + pattern.count(None)].tolist()
        fillings = [tuple(reading.answer_id(word) for word in phrases[number] if is_target(word)) for number in numbers]
        groups.append((JointScorer(reading, ids, blanks), np.array(numbers), fillings))
    log_probabilities = np.full(len(phrases), -np.inf)

    def score(chosen: NDArray[np.bool_], least: float) -> None:
        for scorer, numbers, fillings in groups:
            places = np.flatnonzero(chosen[numbers])
            log_probabilities[numbers[places]] = scorer.log_probabilities([fillings[place] for place in places], least)

    if top_k is None or top_k >= len(phrases):
        score(np.ones(len(phrases), dtype=np.bool_), -np.inf)
        return log_probabilities.tolist()
    estimates = np.empty(len(phrases))
    for scorer, places, fillings in groups:
        estimates[places] = scorer.estimates(fillings)
    # Best first, so that soon only phrases that are as probable as those before have to be scored to the end.
    order, done, least = np.argsort(-estimates, kind="stable"), 0, -np.inf
    while done < len(order):
        upto = max(top_k, _BLOCK, _GROWTH * done)
        score(np.isin(np.arange(len(phrases)), order[done:upto]), least)
        done, least = upto, float(np.partition(log_probabilities, -top_k)[-top_k]) - _ROUNDING
    return log_probabilities.tolist()


def _without_marks_at_its_ends(phrase: Sequence[str]) -> Sequence[str]:
    words = [number for number, word in enumerate(phrase) if is_target(word)]
    return phrase[words[0] : words[-1] + 1]


class JointScorer:
    """Scores fillings of the M blanks of one text with R answers."""

    def __init__(
        self,
        reading: Reading,
        ids: Ints,
        blanks: Sequence[int],
        allowed: Sequence[NDArray[np.bool_] | None] | None = None,
    ) -> None:
        """``blanks`` are the positions of <BLANK> in ``ids``; ``allowed`` (R,) limits the search, for each blank."""
        self._reading = reading
        # What is read for each blank, and where all of them stand there, if they do.
        self._windows = [
            window._replace(targets=window.targets[number : number + 1]).cut_out()
            for window in reading.windows(ids, np.array(blanks, dtype=np.int64))
            for number in range(len(window.targets))
        ]
        self._places = [_places(blanks, blank, window) for blank, window in zip(blanks, self._windows, strict=True)]
        self._allowed = allowed if allowed is not None else [None] * len(blanks)
        self._orders = [list(range(len(blanks))), list(range(len(blanks)))[::-1]]
        self._scores: dict[tuple[_Step, int], float] = {}  # log probability of a word at a step

    def log_probabilities(self, fillings: Sequence[Filling], least: float = -np.inf) -> NDArray[np.float64]:
        """Natural log of the probability of each of ``fillings``, (F,); ``-inf`` for what turns out to be below
        ``least``: no word makes a filling more probable than it was without.
        """
        chains = [[self._chain(filling, order) for order in self._orders] for filling in fillings]
        if least == -np.inf:
            self._score(link for both in chains for chain in both for link in chain)
            return _mean(np.array([[sum(self._scores[link] for link in chain) for chain in both] for both in chains]))
        sums, filled = np.zeros((len(chains), 2)), np.zeros((len(chains), 2), dtype=np.int64)
        remaining = np.arange(len(chains))
        while len(remaining := remaining[_mean(sums[remaining]) >= least]):
            unfinished = remaining[filled[remaining].min(axis=1) < len(self._windows)]
            if not len(unfinished):
                break
            # The next word in the order that is more probable so far: the other may turn out not to matter.
            open_sums = np.where(filled[unfinished] < len(self._windows), sums[unfinished], -np.inf)
            sides = np.where(filled[unfinished, 0] == len(self._windows), 1, open_sums.argmax(axis=1))
            at = zip(unfinished.tolist(), sides.tolist(), filled[unfinished, sides].tolist(), strict=True)
            links = [chains[number][side][place] for number, side, place in at]
            self._score(links)
            sums[unfinished, sides] += [self._scores[link] for link in links]
            filled[unfinished, sides] += 1
        result = np.full(len(chains), -np.inf)
        result[remaining] = _mean(sums[remaining])
        return result

    def estimates(self, fillings: Sequence[Filling]) -> NDArray[np.float64]:
        """Log probabilities of ``fillings`` as if their words were independent of each other, (F,)."""
        steps = [self._step((None,) * len(self._windows), blank) for blank in range(len(self._windows))]
        self._score((step, word) for filling in fillings for step, word in zip(steps, filling, strict=True))
        return np.array(
            [sum(self._scores[step, word] for step, word in zip(steps, filling, strict=True)) for filling in fillings]
        )

    def search(self, top_k: int, width: int) -> list[tuple[Filling, float]]:
        """The ``top_k`` most probable fillings found and their log probabilities, best first.

        A beam search of ``width`` in each order; then the best filling is improved word by word while that helps.
        """
        candidates = {filling for order in self._orders for filling in self._beam(order, width)}
        scores: dict[Filling, float] = {}
        while candidates:
            unscored = sorted(candidates)
            scores.update(zip(unscored, self.log_probabilities(unscored).tolist(), strict=True))
            leading = max(scores, key=lambda filling: (scores[filling], [-word for word in filling]))
            candidates = self._changed(leading, width) - scores.keys() if leading in candidates else set()
        ranked = sorted(scores.items(), key=lambda entry: (-entry[1], entry[0]))
        return [(filling, score) for filling, score in ranked[:top_k] if np.isfinite(score)]

    def _chain(self, filling: Filling, order: Sequence[int]) -> list[tuple[_Step, int]]:
        """The words of a filling in an order, each with the step that fills it."""
        filled: _PartialFilling = (None,) * len(order)
        chain = []
        for blank in order:
            chain.append((self._step(filled, blank), filling[blank]))
            filled = _with(filled, blank, filling[blank])
        return chain

    def _beam(self, order: Sequence[int], width: int) -> list[Filling]:
        beams: list[tuple[_PartialFilling, float]] = [((None,) * len(order), 0.0)]
        for blank in order:
            steps = [self._step(filled, blank) for filled, _ in beams]
            beams = sorted(
                (
                    (_with(filled, blank, word), score + log_probability)
                    for (filled, score), leading in zip(beams, self._leading(steps, width), strict=True)
                    for word, log_probability in leading
                ),
                key=lambda beam: (-beam[1], beam[0]),
            )[:width]
        return [tuple(word for word in filled if word is not None) for filled, _ in beams]

    def _changed(self, filling: Filling, width: int) -> set[Filling]:
        """Fillings with one word replaced by one of the likeliest given all others."""
        steps = [self._step(_with(filling, blank, None), blank) for blank in range(len(filling))]
        return {
            tuple(word if place == blank else other for place, other in enumerate(filling))
            for (_, blank), leading in zip(steps, self._leading(steps, width), strict=True)
            for word, _ in leading
        }

    def _leading(self, steps: Sequence[_Step], width: int) -> Iterator[list[tuple[int, float]]]:
        """The likeliest words at each step and their log probabilities."""
        for (_, blank), row in zip(steps, self._rows(steps), strict=True):
            allowed = self._allowed[blank]
            limited = row if allowed is None else np.where(allowed, row, np.float32(-np.inf))
            yield [(word, float(row[word])) for word in best(limited, width).tolist()]

    def _score(self, links: Iterable[tuple[_Step, int]]) -> None:
        """Computes the log probabilities of words at steps that are missing."""
        wanted: dict[_Step, set[int]] = defaultdict(set)
        for step, word in links:
            if (step, word) not in self._scores:
                wanted[step].add(word)
        for (step, words), row in zip(wanted.items(), self._rows(wanted), strict=True):
            self._scores.update(((step, word), float(row[word])) for word in words)

    def _rows(self, steps: Iterable[_Step]) -> Iterator[Floats]:
        """Log probabilities (R,) for the blank of each step, given what is filled; few are in memory at once."""
        remaining = iter(steps)
        while windows := list(map(self._window, islice(remaining, _STEPS_AT_ONCE))):
            yield from (prediction.log_probabilities for prediction in self._reading.predictions(windows))

    def _step(self, filled: _PartialFilling, blank: int) -> _Step:
        """The step that fills ``blank``: blanks that are not read for it make no difference."""
        places = self._places[blank]
        return tuple(word if place is not None else None for place, word in zip(places, filled, strict=True)), blank

    def _window(self, step: _Step) -> Window:
        filled, blank = step
        window = self._windows[blank]
        ids = window.ids.copy()
        for place, word in zip(self._places[blank], filled, strict=True):
            if word is not None:
                ids[place] = self._reading.id_in_text(word)
        return window._replace(ids=ids)


def _mean(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log of the mean of the probabilities in both orders, (F,), from their logs (F, 2)."""
    sums = sums.reshape(-1, 2)
    with np.errstate(invalid="ignore"):  # both orders may rule a filling out
        return np.asarray(np.logaddexp(sums[:, 0], sums[:, 1]) - np.log(2))


def _places(blanks: Sequence[int], blank: int, window: Window) -> list[int | None]:
    """The positions of ``blanks`` in the window of ``blank``, ``None`` for those outside."""
    moved = int(window.targets[0]) - blank
    return [place + moved if 0 <= place + moved < len(window.ids) else None for place in blanks]


def _with(filled: _PartialFilling, blank: int, word: int | None) -> _PartialFilling:
    return tuple(word if place == blank else other for place, other in enumerate(filled))
