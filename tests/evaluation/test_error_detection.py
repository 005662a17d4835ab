"""Learning to detect errors, on evidence made by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiankong.artifact.error_detection import ErrorDetection
from tiankong.evaluation import error_detection as module
from tiankong.evaluation.error_detection import Judged, curve, fit_error_detection
from tiankong.runtime.reading import Prediction
from tiankong.tasks.check import error_probability, evidence
from tiankong.text.vocabulary import Vocabulary

DETECTION = ErrorDetection(surprise=0.5, entropy=0.2, frequency=0.1, bias=-3.0, thresholds=[])


def test_evidence_by_its_definition():
    vocabulary = Vocabulary(["很", "好", "快"], [6, 3, 1])
    logs = np.log(
        np.array([0, 0, 0, 0, 0.7, 0.2, 0.1], dtype=np.float32), where=np.arange(7) > 3, out=np.full(7, -np.inf)
    )
    prediction = Prediction(logs.astype(np.float32), logs, logs)
    surprise, entropy, frequency = evidence(prediction, vocabulary.id_of("好"), vocabulary)
    assert surprise == pytest.approx(-math.log(0.2), abs=1e-5)
    assert entropy == pytest.approx(-sum(p * math.log(p) for p in (0.7, 0.2, 0.1)), abs=1e-5)
    assert frequency == pytest.approx(math.log(3 / 10))


def test_a_word_outside_the_vocabulary_counts_as_seen_once():
    vocabulary = Vocabulary(["很", "好"], [6, 4])
    logs = np.log(np.full(7, 1 / 7, dtype=np.float32))
    assert evidence(Prediction(logs, logs, logs), 6, vocabulary).frequency == pytest.approx(math.log(1 / 10))


def test_the_probability_of_an_error_is_the_documented_sigmoid():
    features = np.array([[8.0, 2.0, -6.0], [0.1, 3.0, -3.0]])
    expected = [1 / (1 + math.exp(-(0.5 * s - 0.2 * e + 0.1 * f - 3.0))) for s, e, f in features]
    assert error_probability(features, DETECTION) == pytest.approx(expected)


@given(st.lists(st.tuples(st.integers(0, 8), st.booleans()), min_size=1, max_size=60))
def test_the_curve_counts_what_each_threshold_flags(words):
    scores, wrong = np.array([score / 8 for score, _ in words]), np.array([is_wrong for _, is_wrong in words])
    points = curve(scores, wrong)
    assert [point.misfit for point in points] == sorted(set(scores.tolist()), reverse=True)
    for point in points:
        flagged = scores >= point.misfit
        assert point.precision == pytest.approx(wrong[flagged].mean())
        assert point.recall == pytest.approx(wrong[flagged].sum() / max(1, wrong.sum()))


def judged(texts, seed=0):
    """Ten words a text, of which the first is wrong and surprising."""
    generator = np.random.default_rng(seed)
    wrong = np.tile(np.arange(10) == 0, texts)
    features = generator.normal((0, 3, -6), 1, (10 * texts, 3))
    features[:, 0] = generator.normal(np.where(wrong, 9, 2), 1)
    return Judged(features, wrong, np.repeat(np.arange(texts), 10))


def fitted(monkeypatch, sample):
    monkeypatch.setattr(module, "judge_wrong_words", lambda *_: sample)
    monkeypatch.setattr(module, "random_exchange", lambda _: None)
    return fit_error_detection(None, None, 1)


def test_what_is_learned_tells_errors_from_other_words(monkeypatch):
    detection = fitted(monkeypatch, judged(200))
    assert detection.surprise > 0.5
    fresh = judged(100, seed=1)
    probabilities = error_probability(fresh.evidence, detection)
    assert probabilities[fresh.wrong].mean() > 0.8
    assert probabilities[~fresh.wrong].mean() < 0.1
    everything, *others = detection.thresholds
    assert everything.recall == 1
    assert everything.precision == pytest.approx(0.1)
    assert [threshold.misfit for threshold in others] == sorted(threshold.misfit for threshold in others)
    for threshold in others:
        flagged = probabilities >= threshold.misfit
        assert fresh.wrong[flagged].mean() >= threshold.precision - 0.1


def test_too_few_texts_teach_nothing(monkeypatch):
    assert fitted(monkeypatch, judged(19)) is None
    assert fitted(monkeypatch, judged(20)) is not None
