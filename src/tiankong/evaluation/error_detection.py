"""Learning to detect errors from texts in which one word each was replaced by a random one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tiankong.artifact.error_detection import ErrorDetection, Threshold
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.evaluation.measure import check_vocabulary, split_texts
from tiankong.runtime.predictor import Predictor
from tiankong.runtime.pseudo_likelihood import predict_words
from tiankong.tasks.check import Evidence, error_probability, evidence
from tiankong.text.network_input import Ints

MOST_TEXTS = 1500
"""The most validation texts that are used."""

_FEWEST_WORDS = 4
_FEWEST_TEXTS = 20
_FEWEST_FLAGGED = 50
_STEPS = 30
_PRECISIONS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)

Exchange = Callable[[int, np.random.Generator], int | None]
"""From the id of a word to that of the error that replaces it, ``None`` if there is none."""


class Judged(NamedTuple):
    """N words of texts with one error each: the evidence (N, 3), which are errors (N,), and the text's number (N,)."""

    evidence: NDArray[np.float64]
    wrong: NDArray[np.bool_]
    text: Ints


def fit_error_detection(
    predictor: Predictor, corpus: PreparedCorpus, seed: int, on_text: Callable[[int], None] = lambda _: None
) -> ErrorDetection | None:
    """Weights by logistic regression on every other validation text, thresholds from the rest; ``None`` if there are
    too few texts. ``on_text`` is called with the number of texts read since the last call.
    """
    judged = judge_wrong_words(predictor, corpus, "validation", random_exchange(corpus), MOST_TEXTS, seed, on_text)
    if len(np.unique(judged.text)) < _FEWEST_TEXTS:
        return None
    fitting = judged.text % 2 == 0
    surprise, entropy, frequency, bias = _logistic(judged.evidence[fitting], judged.wrong[fitting])
    scores = error_probability(judged.evidence[~fitting], ErrorDetection(surprise, -entropy, frequency, bias, []))
    thresholds = curve(scores, judged.wrong[~fitting])
    lowest = [_lowest_threshold(thresholds, precision) for precision in _PRECISIONS]
    kept = [thresholds[-1], *(threshold for threshold in lowest if threshold)]  # the first one flags every word
    return ErrorDetection(surprise, -entropy, frequency, bias, kept)


def random_exchange(corpus: PreparedCorpus) -> Exchange:
    """Replaces a word by any other, in proportion to its count."""
    weights = corpus.vocabulary.counts * corpus.vocabulary.targets()
    shares = np.cumsum(weights / weights.sum())

    def exchange(word: int, generator: np.random.Generator) -> int | None:
        other = int(np.searchsorted(shares, generator.random()))
        return None if other == word else other

    return exchange


def judge_wrong_words(
    predictor: Predictor,
    corpus: PreparedCorpus,
    split: str,
    exchange: Exchange,
    texts: int,
    seed: int,
    on_text: Callable[[int], None] = lambda _: None,
) -> Judged:
    """Evidence for every word of ``texts`` texts of a split, in each of which one known word is replaced.

    :raises FolderError: the model has another vocabulary.
    """
    check_vocabulary(predictor, corpus)
    generator = np.random.default_rng(seed)
    forms = corpus.vocabulary.words + corpus.other_words
    rows: list[Evidence] = []
    wrong: list[bool] = []
    numbers: list[int] = []
    for number, (ids, place) in enumerate(_with_errors(corpus, split, exchange, texts, generator)):
        for predicted in predict_words([forms[word] for word in ids[1:-1].tolist()], predictor):
            rows.append(evidence(predicted.prediction, predicted.answer, corpus.vocabulary))
            wrong.append(predicted.number == place - 1)
            numbers.append(number)
        on_text(1)
    return Judged(np.array(rows).reshape(-1, 3), np.array(wrong, dtype=np.bool_), np.array(numbers, dtype=np.int64))


def curve(scores: NDArray[np.float64], wrong: NDArray[np.bool_]) -> list[Threshold]:
    """Precision and recall at every distinct score (N,), from the highest down."""
    order = np.argsort(-scores, kind="stable")
    right = np.cumsum(wrong[order])
    last = np.append(np.diff(scores[order]) != 0, True)  # of several words with one score
    flagged = np.arange(1, len(order) + 1)
    return [
        Threshold(
            float(right[place] / flagged[place]), float(right[place] / max(1, right[-1])), float(scores[order[place]])
        )
        for place in np.flatnonzero(last).tolist()
    ]


def _lowest_threshold(thresholds: list[Threshold], precision: float) -> Threshold | None:
    """The lowest threshold with that precision that flags enough words."""
    precise = [threshold for threshold in thresholds[_FEWEST_FLAGGED:] if threshold.precision >= precision]
    return precise[-1] if precise else None


def _with_errors(
    corpus: PreparedCorpus, split: str, exchange: Exchange, texts: int, generator: np.random.Generator
) -> Iterator[tuple[Ints, int]]:
    """Texts with one word replaced, and its position."""
    for text in split_texts(corpus, split, texts):
        if len(text.targets) < _FEWEST_WORDS:
            continue
        place = int(generator.choice(text.targets))
        other = exchange(int(text.ids[place]), generator)
        if other is not None:
            ids = text.ids.copy()
            ids[place] = other
            yield ids, place


def _logistic(features: NDArray[np.float64], wrong: NDArray[np.bool_]) -> tuple[float, float, float, float]:
    """Weights and bias of logistic regression by Newton's method, with weak weight decay."""
    inputs = np.column_stack((features, np.ones(len(features))))
    weights = np.zeros(inputs.shape[1])
    decay = 1e-3 * np.eye(len(weights))
    for _ in range(_STEPS):
        shares = 1 / (1 + np.exp(-inputs @ weights))
        gradient = inputs.T @ (shares - wrong) / len(wrong) + decay @ weights
        curvature = (inputs * (shares * (1 - shares))[:, None]).T @ inputs / len(wrong) + decay
        weights -= np.linalg.solve(curvature, gradient)
    surprise, entropy, frequency, bias = weights.tolist()
    return surprise, entropy, frequency, bias
