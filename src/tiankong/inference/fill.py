"""The best words for each blank, each blank on its own."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tiankong.inference.answers import Answer, Filled
from tiankong.inference.candidates import Candidate
from tiankong.inference.choice import Choice
from tiankong.inference.constraints import Constraints
from tiankong.inference.decoding import Floats, best
from tiankong.inference.joint import candidate_log_probability
from tiankong.inference.predictor import Prediction, Predictor, Reading
from tiankong.inference.queries import Query

_QUERIES_AT_ONCE = 64


def fill(queries: Sequence[Query], top_k: int, decoding: str | None, choice: Choice) -> Iterator[Filled]:
    """The ``top_k`` best answers for each of ``queries``; of several blanks, a list for each.

    ``decoding`` is ``likelihood``, ``distance``, or ``None`` for the model's own.
    """
    by_distance = (decoding or choice.predictor.folder.manifest.model.decoding) == "distance"
    for start in range(0, len(queries), _QUERIES_AT_ONCE):
        batch = queries[start : start + _QUERIES_AT_ONCE]
        reading = choice.reading()
        method = choice.predictor.folder.manifest.prepare.normalisation
        predictions = reading.predictions([query.window(reading) for query in batch])
        for query in batch:
            lists = []
            for blank in range(len(query.sentence.blanks)):
                answers = _Answers(query, blank, choice.predictor, reading)
                allowed = choice.allowed(reading, *query.affixes(blank, method))
                words = answers.words(next(predictions), top_k, by_distance, allowed)
                if choice.phrases:
                    words = sorted(words + answers.phrases(choice.phrases), key=_order)[:top_k]
                lists.append(words)
            yield lists[0] if len(lists) == 1 else lists


def _order(answer: Answer) -> tuple[float, float]:
    """Phrases have no distance: they come after the words that have one."""
    return answer.get("distance", math.inf), -answer["score"]


@dataclass(frozen=True)
class _Answers:
    """Answers for one blank."""

    query: Query
    blank: int
    predictor: Predictor
    reading: Reading

    def words(
        self, prediction: Prediction, top_k: int, by_distance: bool, allowed: NDArray[np.bool_] | None
    ) -> list[Answer]:
        """The best single words."""
        row = prediction.log_probabilities
        distances = self._distances(prediction, len(row))
        order = -distances if by_distance and distances is not None else row
        if allowed is not None:
            order = np.where(allowed, order, np.float32(-np.inf))
        answers = []
        known = len(self.predictor.folder.vocabulary)
        for word in best(order, top_k).tolist():
            answer = self._answer(float(np.exp(row[word])), self.reading.word(word), word if word < known else None)
            if distances is not None and word < known:
                answer["distance"] = float(distances[word])
            answers.append(answer)
        return answers

    def phrases(self, phrases: Sequence[Candidate]) -> list[Answer]:
        """Every phrase that has what is given of the blank's word, with its probability."""
        prefix, suffix = self.query.affixes(self.blank, self.predictor.folder.manifest.prepare.normalisation)
        affixed = Constraints(starts_with=prefix, ends_with=suffix)
        return [
            self._answer(math.exp(self._log_probability(phrase)), phrase.text, None)
            for phrase in phrases
            if affixed.allow(phrase.normalised)
        ]

    def _log_probability(self, phrase: Candidate) -> float:
        before, after = self.query.around(self.blank)
        return candidate_log_probability(phrase.words, before, after, self.reading)

    def _distances(self, prediction: Prediction, words: int) -> Floats | None:
        """To every word (R,); those that joined the vocabulary have no code and come last."""
        if self.predictor.distances is None:
            return None
        known = self.predictor.distances(prediction.scores[None])[0]
        far = known[np.isfinite(known)].max() + 1
        return np.concatenate((known, np.full(words - len(known), far, dtype=np.float32)))

    def _answer(self, score: float, text: str, token: int | None) -> Answer:
        sequence = self.query.sentence.filled(self.blank, text)
        return {"score": score, "token": token, "token_str": text, "sequence": sequence}
