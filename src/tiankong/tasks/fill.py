"""``fill``: the best words for each blank, independently of the other blanks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Unpack

import numpy as np
from numpy.typing import NDArray

from tiankong.errors import SentenceError
from tiankong.request.allowed_answers import AllowedAnswers, allowed_by_reader
from tiankong.request.answers import MOST_ANSWERS, Answer
from tiankong.request.candidates import Candidate
from tiankong.request.constraints import Constraints
from tiankong.request.options import ConstraintOptions, check_fill_options
from tiankong.request.queries import Query, parse_queries
from tiankong.request.texts import RAISE, OnError
from tiankong.runtime.decoding import Order, best, excluded
from tiankong.runtime.joint_probability import phrase_log_probabilities
from tiankong.runtime.predictor import Predictor
from tiankong.runtime.reading import Prediction, Reading
from tiankong.runtime.word_boundaries import Weighed
from tiankong.text.blank_forms import blank_form
from tiankong.text.script import AUTO

_QUERIES_AT_ONCE = 512

_SHOWN_ALIKE = 5
"""More words than answers, where several words may be shown alike."""


def fill(
    predictor: Predictor,
    sentences: str | Sequence[str],
    top_k: int = 10,
    decoding: str | None = None,
    targets: Sequence[str] | None = None,
    part_of_word: bool | None = None,
    blank: str | None = None,
    script: str = AUTO,
    on_error: OnError = RAISE,
    **constraints: Unpack[ConstraintOptions],
) -> list[list[list[Answer]] | SentenceError]:
    """The ``top_k`` best answers, best first, for each blank of each sentence; with ``on_error="return"``, what is
    wrong with a sentence stands for its answers.

    ``decoding`` is ``likelihood``, ``distance``, or ``None`` for the model's own. See :meth:`tiankong.Model.fill`.

    :raises SentenceError: a sentence is unusable.
    :raises OptionError: ``top_k``, ``decoding``, ``targets``, ``blank``, ``script`` or the constraints are unusable.
    """

    def checked(reader: Predictor) -> Constraints | None:
        return check_fill_options(reader, top_k, MOST_ANSWERS, constraints, decoding)

    allowed_answers = allowed_by_reader(targets, checked)
    form = blank_form(blank)
    checked(predictor.reader(script))  # what is wrong with the options comes before what is wrong with a sentence
    queries = parse_queries(
        sentences, predictor, part_of_word, form=form, script=script, top_k=top_k, on_error=on_error
    )
    by_distance = (decoding or predictor.folder.manifest.model.decoding) == "distance"
    answers: list[list[list[Answer]] | SentenceError] = [
        query if isinstance(query, SentenceError) else [] for query in queries
    ]
    good = [(number, query) for number, query in enumerate(queries) if isinstance(query, Query)]
    for reader in dict.fromkeys(query.reader for _, query in good):
        of_reader = [(number, query) for number, query in good if query.reader is reader]
        for start in range(0, len(of_reader), _QUERIES_AT_ONCE):
            numbers, together = zip(*of_reader[start : start + _QUERIES_AT_ONCE], strict=True)
            filled = _filled(together, top_k, by_distance, allowed_answers(reader))
            for number, blanks in zip(numbers, filled, strict=True):
                answers[number] = blanks
    return answers


def _filled(
    queries: Sequence[Query], top_k: int, by_distance: bool, allowed_answers: AllowedAnswers
) -> Iterator[list[list[Answer]]]:
    """Answers for each blank of queries that are read together."""
    reading = allowed_answers.reading()
    by_distance = by_distance and reading.has_distances
    predictions = reading.predictions([window for query in queries for window in query.windows(reading)])
    boundaries = [
        [query.boundaries(blank, reading, weigh=not by_distance) for blank in range(len(query.affixes))]
        for query in queries
    ]
    beside = reading.predictions([window for blanks in boundaries for blank in blanks for window in blank.windows])
    for query, of_query in zip(queries, boundaries, strict=True):
        answers_of_blanks = []
        most = top_k if query.reader.conversion is None else top_k + _SHOWN_ALIKE
        for blank, affixes in enumerate(query.affixes):
            allowed = allowed_answers.allowed(reading, *affixes)
            prediction = next(predictions)
            rows = [row.log_probabilities for row in islice(beside, len(of_query[blank].windows))]
            weighed = of_query[blank].weighed(prediction.log_probabilities, rows)
            order = reading.agreements(prediction.scores) if by_distance else weighed.log_probabilities
            answers = _words(query, blank, prediction, weighed, order, reading, allowed, most, allowed_answers)
            phrases = allowed_answers.phrases_with(*affixes) if allowed_answers.phrases else []
            if phrases:
                answers += _phrases(query, blank, phrases, weighed, reading, most)
            if weighed.others:
                answers += _parts_of_words(query, blank, weighed.others, most, allowed_answers)
            if most > top_k:
                answers = _merged(answers)
            answers_of_blanks.append(sorted(answers, key=_nearest if by_distance else _likeliest)[:top_k])
        yield answers_of_blanks


def _words(
    query: Query,
    blank: int,
    prediction: Prediction,
    weighed: Weighed,
    order: Order,
    reading: Reading,
    allowed: NDArray[np.bool_] | None,
    top_k: int,
    allowed_answers: AllowedAnswers,
) -> list[Answer]:
    """The first single words in this ``order``."""
    if allowed is not None:
        order = np.where(allowed, order, excluded(order))
    ids = best(order, top_k)
    known = reading.vocabulary_size
    tokens = [word if word < known else None for word in ids.tolist()]
    words = allowed_answers.shown(list(map(reading.word, ids.tolist())), query, blank)
    answers = _answers(query, blank, np.exp(weighed.log_probabilities[ids]).tolist(), words, tokens)
    if reading.has_distances:
        for answer, distance in zip(answers, reading.distances(prediction.scores, ids).tolist(), strict=True):
            answer["distance"] = distance
    return answers


def _phrases(
    query: Query, blank: int, phrases: Sequence[Candidate], weighed: Weighed, reading: Reading, top_k: int
) -> list[Answer]:
    """The most probable phrases, best first."""
    before, after = query.around(blank)
    logs = phrase_log_probabilities([phrase.words for phrase in phrases], before, after, reading, top_k)
    logs = [weighed.of_phrase(phrase.normalised, log) for phrase, log in zip(phrases, logs, strict=True)]
    numbers = sorted(range(len(phrases)), key=lambda number: -logs[number])[:top_k]
    scores, texts = [math.exp(logs[number]) for number in numbers], [phrases[number].text for number in numbers]
    return _answers(query, blank, scores, texts, [None] * len(numbers))


def _parts_of_words(
    query: Query, blank: int, others: Mapping[str, float], top_k: int, allowed_answers: AllowedAnswers
) -> list[Answer]:
    """The most probable texts that are words only together with what is beside the blank."""
    allowed = [text for text, allows in zip(others, allowed_answers.allows(list(others)), strict=True) if allows]
    texts = sorted(allowed, key=lambda text: (-others[text], text))[:top_k]
    scores, shown = [math.exp(others[text]) for text in texts], allowed_answers.shown(texts, query, blank)
    return _answers(query, blank, scores, shown, [None] * len(texts))


def _answers(
    query: Query, blank: int, scores: Sequence[float], texts: Sequence[str], tokens: Sequence[int | None]
) -> list[Answer]:
    sequences = query.filled_one(blank, texts)
    return [
        {"score": score, "token": token, "token_str": text, "sequence": sequence}
        for score, token, text, sequence in zip(scores, tokens, texts, sequences, strict=True)
    ]


def _merged(answers: Sequence[Answer]) -> list[Answer]:
    """One answer for those that are shown alike, as probable as all of them: in traditional Chinese, 穿着 is 穿著."""
    by_text: dict[str, Answer] = {}
    for answer in answers:
        first = by_text.setdefault(answer["token_str"], answer)
        if first is not answer:
            first["score"] += answer["score"]
    return list(by_text.values())


def _likeliest(answer: Answer) -> tuple[float, float]:
    return (-answer["score"], 0.0)


def _nearest(answer: Answer) -> tuple[float, float]:
    """Phrases have no distance: they follow the words, the likeliest first. Words at the same distance keep their
    order, which is by rank.
    """
    return (answer["distance"], 0.0) if "distance" in answer else (math.inf, -answer["score"])
