"""Every word of a text predicted from all others: the terms of its pseudo-log-likelihood (Salazar et al. 2020)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from tiankong.runtime.predictor import Predictor
from tiankong.runtime.reading import Prediction, Reading, TextIds
from tiankong.text.vocabulary import is_target

_WINDOWS_TOGETHER = 16
"""Windows of a long text that have the same answers: about as many tokens as of a text that is read whole."""


class PredictedWord(NamedTuple):
    """Token ``number`` of a text: the prediction at its place, its id as an answer there, and the reading that maps ids
    to words.
    """

    number: int
    prediction: Prediction
    answer: int
    reading: Reading

    @property
    def log_probability(self) -> float:
        """Natural log of the probability of the word that stands there."""
        return float(self.prediction.log_probabilities[self.answer])


def predict_words(tokens: Sequence[str], predictor: Predictor) -> Iterator[PredictedWord]:
    """Predicts every token that has a letter, in order; words outside the vocabulary are answers in this text, or in
    their part of a long one.

    A model that reads no unknown words (``keep_unknown`` false) skips them.
    """
    texts = TextIds(predictor)
    read = [number for number, token in enumerate(tokens) if predictor.reads(token)]
    ids = texts.ids([tokens[number] for number in read])
    places = [place for place, number in enumerate(read, start=1) if is_target(tokens[number])]
    windows = predictor.windows(ids, np.array(places, dtype=np.int64)) if places else []
    for start in range(0, len(windows), _WINDOWS_TOGETHER):
        together = windows[start : start + _WINDOWS_TOGETHER]
        numbers = [read[place - 1] for window in together for place in window.targets.tolist()]
        oov = None
        if predictor.folder.manifest.prepare.keep_unknown:
            unknown = dict.fromkeys(tokens[number] for number in numbers if not predictor.knows(tokens[number]))
            oov = predictor.oov_words(list(unknown))
        reading = Reading(predictor, oov, texts)
        for number, prediction in zip(numbers, reading.predictions(together), strict=True):
            yield PredictedWord(number, prediction, reading.answer_id(tokens[number]), reading)
