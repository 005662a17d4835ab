"""Learning to detect errors, on evidence made by hand."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiankong.artifact.error_detection import BrokenWords, ErrorDetection, TypedWords
from tiankong.evaluation import error_detection as module
from tiankong.evaluation.error_detection import Judged, curve, fit_error_detection
from tiankong.runtime.error_judge import error_probability, lowest_thresholds

BROKEN = BrokenWords(surprise=0.4, entropy=0.3, alike=0.5, near=0.1, context=-0.6, bias=1.5, thresholds=[])
TYPED = TypedWords(surprise=0.5, entropy=0.2, frequency=0.1, alike=0.3, context=-0.4, bias=-3.0)
DETECTION = ErrorDetection(
    surprise=0.6, entropy=0.1, frequency=0.3, bias=-6.0, thresholds=[], context=-0.1, typed=TYPED, broken=BROKEN
)


def test_the_probability_of_an_error_is_the_documented_sigmoid():
    rows = np.array(
        [
            [8.0, 2.0, -6.0, -1.0, -12.0, 4.0],
            [18.0, 2.0, -6.0, -12.0, -12.0, 4.0],
            [15.0, 3.0, -14.0, -2.0, -7.0, 5.0],
        ]
    )
    known = np.array([True, True, False])
    by_sound, by_any = (
        [0.5 * s - 0.2 * e + 0.1 * f + 0.3 * a - 0.4 * c - 3, 0.6 * s - 0.1 * e + 0.3 * f - 0.1 * c - 6]
        for s, e, f, a, _, c in rows[:2].tolist()
    )
    assert by_sound[0] > by_sound[1]
    assert by_any[0] < by_any[1]
    _, _, (s, e, _, a, n, c) = rows.tolist()
    expected = [by_sound[0], by_any[1], 0.4 * s - 0.3 * e + 0.5 * a + 0.1 * n - 0.6 * c + 1.5]
    assert error_probability(rows, known, DETECTION) == pytest.approx([1 / (1 + math.exp(-x)) for x in expected])


def test_without_typing_errors_words_are_judged_by_their_own_weights_alone():
    """As in folders of version 0.2."""
    row = np.array([[8.0, 2.0, -6.0, -1.0, -12.0, 4.0]])
    old = ErrorDetection(surprise=0.9, entropy=0.3, frequency=1.1, bias=-0.9, thresholds=[], broken=BROKEN)
    expected = 0.9 * 8 - 0.3 * 2 - 1.1 * 6 - 0.9
    assert error_probability(row, np.array([True]), old) == pytest.approx(1 / (1 + math.exp(-expected)))


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
    """Ten words a text, of which the first is wrong, surprising and alike to a probable one, in half of the texts a
    broken word. The last is a rare word.
    """
    generator = np.random.default_rng(seed)
    number, place = np.divmod(np.arange(10 * texts), 10)
    wrong = place == 0
    known = np.where(wrong, number % 4 < 2, place < 9)
    evidence = generator.normal((2, 3, -6, -11, -11, 4), 1, (10 * texts, 6))
    evidence[:, 0] = generator.normal(np.where(wrong | ~known, 9, 2), 1)
    evidence[:, 3] = generator.normal(np.where(wrong, -5, -11), 2)
    return Judged(evidence, known, wrong, number)


def fitted(monkeypatch, sample):
    monkeypatch.setattr(module, "judge_typing_errors", lambda *_: sample)
    monkeypatch.setattr(module, "any_mistake", lambda _: None)
    monkeypatch.setattr(module, "any_word", lambda _: None)
    corpus = SimpleNamespace(vocabulary=[])
    mix = SimpleNamespace(first=corpus, parts=[SimpleNamespace(corpus=corpus, share=1.0)])
    return fit_error_detection(None, mix, 1)


def test_what_is_learned_tells_errors_from_other_words(monkeypatch):
    detection = fitted(monkeypatch, judged(1000))
    assert detection.surprise > 0.2
    assert detection.typed.alike > 0.2
    assert detection.broken.alike > 0.2
    fresh = judged(200, seed=1)
    probabilities = error_probability(fresh.evidence, fresh.known, detection)
    for known in (True, False):
        of_kind = fresh.known == known
        assert probabilities[fresh.wrong & of_kind].mean() > 0.8
        assert probabilities[~fresh.wrong & of_kind].mean() < 0.1
    words = fresh.known & (fresh.text % 4 < 2)  # of texts where a word is wrong
    for thresholds, of_kind in ((detection.thresholds, words), (detection.broken.thresholds, ~fresh.known)):
        everything, *others = thresholds
        assert everything.recall == 1
        assert [threshold.misfit for threshold in others] == sorted(threshold.misfit for threshold in others)
        for threshold in others:
            flagged = of_kind & (probabilities >= threshold.misfit)
            assert fresh.wrong[flagged].mean() >= threshold.precision - 0.1


def test_each_kind_has_its_own_thresholds(monkeypatch):
    detection = fitted(monkeypatch, judged(1000))
    for precision in (0.5, 0.8, 0.95):
        for found, thresholds in zip(
            lowest_thresholds(detection, precision), (detection.thresholds, detection.broken.thresholds), strict=True
        ):
            assert found == min(point.misfit for point in thresholds if point.precision >= precision)
    assert lowest_thresholds(detection, 1.01) == (math.inf, math.inf)


def test_too_few_texts_teach_nothing(monkeypatch):
    assert fitted(monkeypatch, judged(19)) is None
    assert fitted(monkeypatch, judged(20)).broken is None
