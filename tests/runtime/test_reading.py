"""Ids and predictions of texts that are read together, on the built-in model."""

from __future__ import annotations

import numpy as np
import pytest

from tiankong.model import load
from tiankong.runtime.reading import Reading
from tiankong.text.network_input import Window
from tiankong.text.vocabulary import BEGIN, BLANK, END


@pytest.fixture(scope="module")
def predictor():
    return load(threads=2, words=["神速达"]).predictor


def window(reading, tokens):
    ids = reading.ids(tokens)
    return Window(ids, 1, len(ids) - 1, np.flatnonzero(ids == BLANK))


def test_ids_of_known_words_blanks_and_others(predictor):
    reading, vocabulary = Reading(predictor), predictor.folder.vocabulary
    ids = reading.ids(["质量", None, "龘靐", "很", "龘靐", "犇"])
    size = len(vocabulary)
    expected = [BEGIN, vocabulary.id_of("质量"), BLANK, size, vocabulary.id_of("很"), size, size + 1, END]
    assert ids.tolist() == expected
    np.testing.assert_array_equal(reading.oov_characters, predictor.folder.characters.ids(["龘靐", "犇"]))
    assert reading.ids(["犇"]).tolist() == [BEGIN, size + 1, END]


def test_no_other_words_no_characters(predictor):
    reading = Reading(predictor)
    reading.ids(["质量", None])
    assert reading.oov_characters is None


def test_answers_are_the_vocabulary_then_the_added_then_the_readings_own(predictor):
    reading, size = Reading(predictor, predictor.oov_words(["犇犇"])), len(predictor.folder.vocabulary)
    assert list(reading.words())[size:] == ["神速达", "犇犇"]
    for word in ("质量", "神速达", "犇犇"):
        assert reading.word(reading.answer_id(word)) == word
    assert reading.id_in_text(reading.answer_id("质量")) == reading.answer_id("质量")
    assert reading.id_in_text(reading.answer_id("犇犇")) == reading.ids(["犇犇"])[1]
    (prediction,) = reading.predictions([window(reading, ["质量", None])])
    assert prediction.log_probabilities.shape == (size + 2,)
    assert np.exp(prediction.log_probabilities).sum() == pytest.approx(1, abs=1e-4)


def test_predictions_come_in_order_and_do_not_depend_on_the_batch(predictor):
    texts = [["质量", None, "，", "物流", word, None] for word in predictor.folder.vocabulary.words[10:80]]
    together = Reading(predictor)
    rows = [prediction.log_probabilities for prediction in together.predictions([window(together, t) for t in texts])]
    assert len(rows) == 2 * len(texts)
    for number in (0, 33, 69):
        alone = Reading(predictor)
        expected = [prediction.log_probabilities for prediction in alone.predictions([window(alone, texts[number])])]
        np.testing.assert_allclose(np.exp(rows[2 * number : 2 * number + 2]), np.exp(expected), atol=1e-5)


def test_a_model_without_codes_has_no_distances(predictor):
    reading = Reading(predictor)
    assert not reading.has_distances
    with pytest.raises(ValueError, match="no codes"):
        reading.agreements(np.zeros(50, dtype=np.float32))
