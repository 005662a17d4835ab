"""Words that don't fit their context."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tiankong.artifact.error_detection import ErrorDetection, Threshold
from tiankong.errors import OptionError
from tiankong.request.answers import CheckedWord, Suggestion
from tiankong.runtime.decoding import best
from tiankong.runtime.predictor import Prediction, Predictor
from tiankong.runtime.pseudo_likelihood import PredictedWord, predict_words
from tiankong.text.blanks import check_whole_text
from tiankong.text.vocabulary import Vocabulary

SURE = 0.8
"""Share of the flagged words that should really be wrong, unless asked for another."""


class Evidence(NamedTuple):
    """What is judged of a word: the negative log probability of it in its context, the entropy of all words there, and
    the log of its share among all words, natural logarithms.
    """

    surprise: float
    entropy: float
    frequency: float


def evidence(prediction: Prediction, answer: int, vocabulary: Vocabulary) -> Evidence:
    """Of the word with that id as an answer."""
    logs = prediction.log_probabilities
    possible = logs[np.isfinite(logs)]
    entropy = -float((np.exp(possible) * possible).sum())
    count = max(1, int(vocabulary.counts[answer])) if answer < len(vocabulary) else 1
    return Evidence(-float(logs[answer]), entropy, float(np.log(count / vocabulary.counts.sum())))


def misfit(found: NDArray[np.float64], error_detection: ErrorDetection) -> NDArray[np.float64]:
    """Probability (N,) that words with the evidence ``found`` (N, 3) are wrong."""
    weights = np.array([error_detection.surprise, -error_detection.entropy, error_detection.frequency])
    return np.asarray(1 / (1 + np.exp(-(found @ weights + error_detection.bias))))


def check(text: str, precision: float, suggestions: int, predictor: Predictor) -> list[CheckedWord]:
    """Every word of ``text``.

    :raises SentenceError: as :func:`~tiankong.text.blanks.check_whole_text`.
    :raises OptionError: the model has no error detection, or does not reach ``precision``.
    """
    error_detection = predictor.folder.error_detection
    if error_detection is None:
        raise OptionError(f"{predictor.folder.path} was made without what check needs: train or export it again")
    threshold = _threshold(error_detection, precision)
    check_whole_text(text)
    tokens = predictor.tokenizer.located_tokens(text)
    words = []
    for found in predict_words([token.text for token in tokens], predictor):
        token = tokens[found.number]
        own = evidence(found.prediction, found.answer, predictor.folder.vocabulary)
        share = float(misfit(np.array([own], dtype=np.float64), error_detection)[0])
        fits = share < threshold.misfit
        word: CheckedWord = {
            "word": text[token.start : token.end],
            "start": token.start,
            "end": token.end,
            "score": float(np.exp(-own.surprise)),
            "misfit": share,
            "fits": fits,
            "suggestions": [] if fits else _suggestions(found, suggestions),
        }
        words.append(word)
    return words


def _threshold(error_detection: ErrorDetection, precision: float) -> Threshold:
    if isinstance(precision, bool) or not isinstance(precision, int | float) or not 0 < precision < 1:
        raise OptionError(f"precision must be a number between 0 and 1, not {precision!r}")
    reached = [threshold for threshold in error_detection.thresholds if threshold.precision >= precision]
    if not reached:
        highest = max((threshold.precision for threshold in error_detection.thresholds), default=0.0)
        raise OptionError(f"this model reaches a precision of {highest:.2f} at most, not {precision}: ask for less")
    return min(reached, key=lambda threshold: threshold.misfit)


def _suggestions(found: PredictedWord, count: int) -> list[Suggestion]:
    logs = found.prediction.log_probabilities
    ids = [word for word in best(logs, count + 1).tolist() if word != found.answer][:count]
    return [{"token_str": found.reading.word(word), "score": float(np.exp(logs[word]))} for word in ids]
