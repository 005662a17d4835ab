"""The best words for each blank, each blank on its own."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tiankong.request.allowed_answers import AllowedAnswers
from tiankong.request.answers import Answer, Filled
from tiankong.request.candidates import Candidate
from tiankong.request.queries import Query
from tiankong.runtime.decoding import Order, best, excluded
from tiankong.runtime.predictor import Prediction, Predictor, Reading
from tiankong.tasks.joint import phrase_log_probabilities

_QUERIES_AT_ONCE = 512


def fill(
    queries: Sequence[Query], top_k: int, decoding: str | None, allowed_answers: AllowedAnswers
) -> Iterator[Filled]:
    """The ``top_k`` best answers for each of ``queries``; of several blanks, a list for each.

    ``decoding`` is ``likelihood``, ``distance``, or ``None`` for the model's own.
    """
    by_distance = (decoding or allowed_answers.predictor.folder.manifest.model.decoding) == "distance"
    order: Callable[[Answer], Any] = _nearest if by_distance else _likeliest
    for start in range(0, len(queries), _QUERIES_AT_ONCE):
        batch = queries[start : start + _QUERIES_AT_ONCE]
        reading = allowed_answers.reading()
        predictions = reading.predictions([query.window(reading) for query in batch])
        for query in batch:
            lists = []
            for blank in range(len(query.affixes)):
                answers = _Answers(query, blank, allowed_answers.predictor, reading)
                allowed = allowed_answers.allowed(reading, *query.affixes[blank])
                words = answers.words(next(predictions), top_k, by_distance, allowed)
                phrases = allowed_answers.phrases_with(*query.affixes[blank])
                if phrases:
                    words = sorted(words + answers.phrases(phrases), key=order)[:top_k]
                lists.append(words)
            yield lists[0] if len(lists) == 1 else lists


def _likeliest(answer: Answer) -> float:
    return -answer["score"]


def _nearest(answer: Answer) -> tuple[float, float]:
    """Phrases have no distance: they come after the words, the likeliest first. Words equally near stay as they came,
    by word rank.
    """
    return (answer["distance"], 0.0) if "distance" in answer else (math.inf, -answer["score"])


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
        row, has_codes = prediction.log_probabilities, self.predictor.codes_decoder is not None
        known = len(self.predictor.folder.vocabulary)
        order: Order = self.reading.agreements(prediction.scores) if by_distance and has_codes else row
        if allowed is not None:
            order = np.where(allowed, order, excluded(order))
        ids = best(order, top_k)
        tokens = [word if word < known else None for word in ids.tolist()]
        answers = self._answers(np.exp(row[ids]).tolist(), list(map(self.reading.word, ids.tolist())), tokens)
        if has_codes:
            for answer, distance in zip(answers, self.reading.distances(prediction.scores, ids).tolist(), strict=True):
                answer["distance"] = distance
        return answers

    def phrases(self, phrases: Sequence[Candidate]) -> list[Answer]:
        """Every phrase, with its probability."""
        before, after = self.query.around(self.blank)
        logs = phrase_log_probabilities([phrase.words for phrase in phrases], before, after, self.reading)
        return self._answers(list(map(math.exp, logs)), [phrase.text for phrase in phrases], [None] * len(phrases))

    def _answers(self, scores: Sequence[float], texts: Sequence[str], tokens: Sequence[int | None]) -> list[Answer]:
        sequences = self.query.filled_one(self.blank, texts)
        return [
            {"score": score, "token": token, "token_str": text, "sequence": sequence}
            for score, token, text, sequence in zip(scores, tokens, texts, sequences, strict=True)
        ]
