"""Every word of a text predicted from all others: the terms of its pseudo-log-likelihood (Salazar et al. 2020)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from tiankong.runtime.predictor import Predictor
from tiankong.runtime.reading import Prediction, Reading
from tiankong.text.network_input import Window
from tiankong.text.vocabulary import is_target


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
    """Predicts every token that has a letter, in order; words outside the vocabulary are answers in this text.

    A model that reads no unknown words (``keep_unknown`` false) skips them.
    """
    oov = None
    if predictor.folder.manifest.prepare.keep_unknown:
        unknown = [token for token in dict.fromkeys(tokens) if is_target(token) and not predictor.knows(token)]
        oov = predictor.oov_words(unknown)
    reading = Reading(predictor, oov)
    read = [number for number, token in enumerate(tokens) if predictor.reads(token)]
    ids = reading.ids([tokens[number] for number in read])
    places = [(place, number) for place, number in enumerate(read, start=1) if is_target(tokens[number])]
    window = Window(ids, 1, len(ids) - 1, np.array([place for place, _ in places], dtype=np.int64))
    for (_, number), prediction in zip(places, reading.predictions([window] if places else []), strict=True):
        yield PredictedWord(number, prediction, reading.answer_id(tokens[number]), reading)
