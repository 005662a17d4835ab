"""Every word of a text predicted from all others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from tiankong.runtime.predictor import Prediction, Predictor, Reading
from tiankong.text.network_input import Window
from tiankong.text.vocabulary import is_target


class PredictedWord(NamedTuple):
    """Token number ``number`` of a text: the prediction for its place, the id it has as an answer there, and the
    reading that knows the ids.
    """

    number: int
    prediction: Prediction
    answer: int
    reading: Reading


def predict_words(tokens: Sequence[str], predictor: Predictor) -> Iterator[PredictedWord]:
    """For every token with a letter, in order; words outside the vocabulary join it for this text.

    A model that leaves such words out (``keep_unknown`` false) has no place for them: they are passed over.
    """
    keeps = predictor.folder.manifest.prepare.keep_unknown
    new = [token for token in dict.fromkeys(tokens) if is_target(token) and not predictor.knows(token)]
    reading = Reading(predictor, predictor.oov_words(new) if keeps else None)
    read = [number for number, token in enumerate(tokens) if predictor.reads(token)]
    ids = reading.ids([tokens[number] for number in read])
    places = [(place, number) for place, number in enumerate(read, start=1) if is_target(tokens[number])]
    window = Window(ids, 1, len(ids) - 1, np.array([place for place, _ in places], dtype=np.int64))
    for (_, number), prediction in zip(places, reading.predictions([window] if places else []), strict=True):
        yield PredictedWord(number, prediction, reading.answer_id(tokens[number]), reading)
