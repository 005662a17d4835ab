"""``check``: words that do not fit their context, with suggestions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tiankong.artifact.error_detection import ErrorDetection, Threshold
from tiankong.errors import OptionError
from tiankong.request.answers import MOST_ANSWERS, CheckedWord, Suggestion
from tiankong.request.ignored_words import IgnoredWords, parse_ignored
from tiankong.request.options import is_whole
from tiankong.request.texts import each
from tiankong.runtime.decoding import best
from tiankong.runtime.predictor import Predictor
from tiankong.runtime.pseudo_likelihood import PredictedWord, predict_words
from tiankong.runtime.reading import Prediction
from tiankong.text.blanks import check_text
from tiankong.text.conversion import NEIGHBOURS
from tiankong.text.script import AUTO
from tiankong.text.segment import Token
from tiankong.text.vocabulary import Vocabulary

DEFAULT_PRECISION = 0.8
"""The share of flagged words that are errors, unless another is requested."""


class Evidence(NamedTuple):
    """The features by which a word is judged, in nats: its negative log probability in its context, the entropy of the
    distribution over all words there, and the log of its share among all words of the corpus.
    """

    surprise: float
    entropy: float
    frequency: float


def evidence(prediction: Prediction, answer: int, vocabulary: Vocabulary) -> Evidence:
    """The evidence for the word with the id ``answer``."""
    logs = prediction.log_probabilities
    possible = logs[np.isfinite(logs)]
    entropy = -float((np.exp(possible) * possible).sum())
    count = max(1, int(vocabulary.counts[answer])) if answer < len(vocabulary) else 1
    return Evidence(-float(logs[answer]), entropy, float(np.log(count / vocabulary.counts.sum())))


def error_probability(features: NDArray[np.float64], detection: ErrorDetection) -> NDArray[np.float64]:
    """The probability (N,) that words with the :class:`Evidence` ``features`` (N, 3) are errors."""
    weights = np.array([detection.surprise, -detection.entropy, detection.frequency])
    return np.asarray(1 / (1 + np.exp(-(features @ weights + detection.bias))))


def check(
    predictor: Predictor,
    texts: str | Sequence[str],
    precision: float = DEFAULT_PRECISION,
    suggestions: int = 3,
    ignore: Collection[str] = (),
    script: str = AUTO,
    on_read: Callable[[int], None] = lambda _: None,
) -> list[list[CheckedWord]]:
    """Every word of each text. ``on_read`` is called with the number of characters checked since the last call.

    :raises SentenceError: as :func:`~tiankong.text.blanks.check_text`.
    :raises OptionError: ``precision``, ``suggestions`` or ``ignore``; the model can't detect errors, or not that
        precisely.
    """
    if not is_whole(suggestions) or not 0 <= suggestions <= MOST_ANSWERS:
        raise OptionError(f"suggestions must be a whole number from 0 to {MOST_ANSWERS:,}, not {suggestions!r}")
    ignored = parse_ignored(ignore, predictor.folder.manifest.prepare)
    return each(
        texts, lambda text: _checked(predictor.reader(script, text), text, precision, suggestions, ignored, on_read)
    )


def _checked(
    predictor: Predictor,
    text: str,
    precision: float,
    suggestions: int,
    ignored: IgnoredWords,
    on_read: Callable[[int], None],
) -> list[CheckedWord]:
    detection = predictor.folder.error_detection
    if detection is None:
        raise OptionError(f"{predictor.folder.path} was made without what check needs: train or export it again")
    threshold = _threshold(detection, precision)
    check_text(text)
    tokens = predictor.tokenizer.located_tokens(text)
    places = ignored.places(text, predictor.tokenizer.converted)
    words: list[CheckedWord] = []
    for predicted in predict_words([token.text for token in tokens], predictor):
        token = tokens[predicted.number]
        features = evidence(predicted.prediction, predicted.answer, predictor.folder.vocabulary)
        probability = float(error_probability(np.array([features], dtype=np.float64), detection)[0])
        fits = probability < threshold.misfit or places.cover(token.start, token.end)
        word: CheckedWord = {
            "word": text[token.start : token.end],
            "start": token.start,
            "end": token.end,
            "score": float(np.exp(-features.surprise)),
            "misfit": probability,
            "fits": fits,
            "suggestions": [] if fits else _suggestions(predicted, suggestions, predictor, text, token),
        }
        on_read(word["end"] - (words[-1]["end"] if words else 0))
        words.append(word)
    return words


def _threshold(detection: ErrorDetection, precision: float) -> Threshold:
    if isinstance(precision, bool) or not isinstance(precision, int | float) or not 0 < precision < 1:
        raise OptionError(f"precision must be a number between 0 and 1, not {precision!r}")
    precise = [threshold for threshold in detection.thresholds if threshold.precision >= precision]
    if not precise:
        highest = max((threshold.precision for threshold in detection.thresholds), default=0.0)
        raise OptionError(f"this model reaches a precision of at most {highest:.2f}, not {precision}: request less")
    return min(precise, key=lambda threshold: threshold.misfit)


def _suggestions(
    predicted: PredictedWord, count: int, predictor: Predictor, text: str, token: Token
) -> list[Suggestion]:
    logs = predicted.prediction.log_probabilities
    ids = [word for word in best(logs, count + 1).tolist() if word != predicted.answer][:count]
    beside = text[max(0, token.start - NEIGHBOURS) : token.start], text[token.end : token.end + NEIGHBOURS]
    words = predictor.written(list(map(predicted.reading.word, ids)), *beside)
    return [{"token_str": word, "score": float(np.exp(logs[number]))} for word, number in zip(words, ids, strict=True)]
