"""Several blanks filled together: the probability of a whole filling, and a search for the best.

A filling is drawn one blank after the other, each given the context, the words filled before it, and the blanks still
open: the chain rule with the network's own conditionals. Nothing makes the two orders, from the left and from the
right, agree, so a filling's probability is the mean of both: still a distribution over all fillings.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from tiankong.errors import SentenceError
from tiankong.inference.answers import JointAnswer
from tiankong.inference.choice import Choice
from tiankong.inference.decoding import Floats, best
from tiankong.inference.predictor import Reading
from tiankong.inference.queries import Query
from tiankong.text.network_input import Ints, Window
from tiankong.text.vocabulary import BLANK, is_target

MOST_BLANKS = 12
"""Blanks that are filled together at most."""

_WIDTH = 8
_MOST_WIDTH = 64

Filling = tuple[int, ...]
"""Ids of answers, one for each blank."""

_Open = tuple[int | None, ...]
"""The same, ``None`` for a blank still open."""


def fill_together(query: Query, top_k: int, choice: Choice) -> list[JointAnswer]:
    """The ``top_k`` best fillings of all blanks of ``query`` with single words.

    :raises SentenceError: more than :data:`MOST_BLANKS` blanks.
    """
    blanks = len(query.sentence.blanks)
    if blanks > MOST_BLANKS:
        raise SentenceError(f"the sentence has {blanks} blanks and at most {MOST_BLANKS} are filled together")
    reading = choice.reading()
    window = query.window(reading)
    method = choice.predictor.folder.manifest.prepare.normalisation
    allowed = [choice.allowed(reading, *query.affixes(blank, method)) for blank in range(blanks)]
    scorer = JointScorer(reading, window.ids, window.targets.tolist(), allowed)
    answers: list[JointAnswer] = []
    for filling, score in scorer.search(top_k, min(_MOST_WIDTH, max(_WIDTH, top_k))):
        words = [reading.word(word) for word in filling]
        sequence = query.sentence.with_pieces(words)
        answers.append({"score": float(np.exp(score)), "token_strs": words, "sequence": sequence})
    return answers


def candidate_log_probability(
    words: Sequence[str], before: Sequence[str | None], after: Sequence[str | None], reading: Reading
) -> float:
    """Natural log of the probability of ``words`` between the tokens ``before`` and ``after``, given how many they are.

    Those without a letter are read as they are. Every other is in the vocabulary or joined it for ``reading``.
    """
    wanted = [word for word in words if is_target(word)]
    ids = reading.ids([*before, *(None if is_target(word) else word for word in words), *after])
    first = sum(token is None for token in before)
    blanks = np.flatnonzero(ids == BLANK)[first : first + len(wanted)].tolist()
    filling = tuple(reading.answer_id(word) for word in wanted)
    return float(JointScorer(reading, ids, blanks).log_probabilities([filling])[0])


class JointScorer:
    """Fillings of the blanks of one text. Blanks M, words R."""

    def __init__(
        self,
        reading: Reading,
        ids: Ints,
        blanks: Sequence[int],
        allowed: Sequence[NDArray[np.bool_] | None] | None = None,
    ) -> None:
        """``blanks`` are positions in ``ids``, which has <BLANK> there; ``allowed`` (R,) limits the words searched for
        each.
        """
        self._reading = reading
        self._ids = ids
        self._blanks = list(blanks)
        self._allowed = allowed if allowed is not None else [None] * len(blanks)
        self._rows: dict[tuple[_Open, int], Floats] = {}

    def log_probabilities(self, fillings: Sequence[Filling]) -> NDArray[np.float64]:
        """Natural log of the probability of each of ``fillings``, (F,)."""
        size = len(self._blanks)
        orders = [list(range(size)), list(range(size))[::-1]]
        steps = [
            [(self._partly(filling, order[:number]), blank) for number, blank in enumerate(order)]
            for filling in fillings
            for order in orders
        ]
        self._read(step for chain in steps for step in chain)
        chains = np.array(
            [
                sum(float(self._rows[step][filling[step[1]]]) for step in chain)
                for filling, chain in zip(np.repeat(np.array(fillings), 2, axis=0).tolist(), steps, strict=True)
            ]
        ).reshape(-1, 2)
        with np.errstate(invalid="ignore"):  # both orders may rule a filling out
            return np.asarray(np.logaddexp(chains[:, 0], chains[:, 1]) - np.log(2))

    def search(self, top_k: int, width: int) -> list[tuple[Filling, float]]:
        """The ``top_k`` most probable fillings found and their log probabilities, best first.

        A beam of ``width`` in each order; then the best is improved a word at a time for as long as that helps.
        """
        size = len(self._blanks)
        found = {*self._beam(list(range(size)), width), *self._beam(list(range(size))[::-1], width)}
        scores: dict[Filling, float] = {}
        while found:
            fresh = sorted(found)
            scores.update(zip(fresh, self.log_probabilities(fresh).tolist(), strict=True))
            leading = max(scores, key=lambda filling: (scores[filling], [-word for word in filling]))
            found = self._changed(leading, width) - scores.keys() if leading in found else set()
        ranked = sorted(scores.items(), key=lambda entry: (-entry[1], entry[0]))
        return [(filling, score) for filling, score in ranked[:top_k] if np.isfinite(score)]

    def _beam(self, order: Sequence[int], width: int) -> list[Filling]:
        beams: list[tuple[_Open, float]] = [((None,) * len(order), 0.0)]
        for blank in order:
            self._read((filled, blank) for filled, _ in beams)
            longer = []
            for filled, score in beams:
                row = self._limited(blank, self._rows[filled, blank])
                longer += [(_with(filled, blank, word), score + float(row[word])) for word in best(row, width).tolist()]
            beams = sorted(longer, key=lambda beam: (-beam[1], beam[0]))[:width] if len(order) else longer
        return [tuple(word for word in filled if word is not None) for filled, _ in beams]

    def _changed(self, filling: Filling, width: int) -> set[Filling]:
        """Fillings with one word exchanged for one of the likeliest given all others."""
        opened = [(_with(filling, blank, None), blank) for blank in range(len(filling))]
        self._read(opened)
        return {
            tuple(word if place == blank else other for place, other in enumerate(filling))
            for filled, blank in opened
            for word in best(self._limited(blank, self._rows[filled, blank]), width).tolist()
        }

    def _limited(self, blank: int, row: Floats) -> Floats:
        allowed = self._allowed[blank]
        return row if allowed is None else np.where(allowed, row, np.float32(-np.inf))

    def _partly(self, filling: Filling, blanks: Sequence[int]) -> _Open:
        return tuple(word if blank in blanks else None for blank, word in enumerate(filling))

    def _read(self, steps: Iterable[tuple[_Open, int]]) -> None:
        """Makes sure that the log probabilities (R,) of each blank, given what is filled, are there."""
        wanted = [step for step in dict.fromkeys(steps) if step not in self._rows]
        windows = []
        for filled, blank in wanted:
            ids = self._ids.copy()
            for place, word in zip(self._blanks, filled, strict=True):
                if word is not None:
                    ids[place] = self._reading.id_in_text(word)
            windows.append(Window(ids, 1, len(ids) - 1, np.array([self._blanks[blank]])))
        for step, prediction in zip(wanted, self._reading.predictions(windows), strict=True):
            self._rows[step] = prediction.log_probabilities


def _with(filled: _Open, blank: int, word: int | None) -> _Open:
    return tuple(word if place == blank else other for place, other in enumerate(filled))
