"""Metrics of classifying, against their definitions, with a classifier made by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiankong.evaluation.labelled import Labelled, measure_labelled, wilson

NAMES = ["好", "差", "中"]


def classify(texts):
    """A text is the label it gets and its probability."""
    return [
        [
            {"label": name, "score": score},
            *({"label": other, "score": (1 - score) / 2} for other in NAMES if other != name),
        ]
        for name, score in texts
    ]


CASES = st.lists(
    st.tuples(st.tuples(st.sampled_from(NAMES), st.floats(0.4, 0.99)), st.sampled_from(NAMES)), min_size=1, max_size=80
)


@given(CASES)
def test_accuracy_confusion_and_rows(cases):
    texts = [Labelled(text, label) for text, label in cases]
    metrics = measure_labelled(classify, texts)
    assert metrics["texts"] == len(texts)
    assert metrics["accuracy"] == pytest.approx(np.mean([text[0] == label for text, label in cases]))
    names = [row["label"] for row in metrics["labels"]]
    for place, name in enumerate(names):
        for other_place, other in enumerate(names):
            count = sum(label == name and text[0] == other for text, label in cases)
            assert metrics["confusion"][place][other_place] == count
    for row in metrics["labels"]:
        given_it = [label for text, label in cases if text[0] == row["label"]]
        has_it = [text[0] for text, label in cases if label == row["label"]]
        precision = np.mean([label == row["label"] for label in given_it]) if given_it else 0
        recall = np.mean([label == row["label"] for label in has_it]) if has_it else 0
        assert (row["precision"], row["recall"]) == pytest.approx((precision, recall))
        f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0
        assert row["f1"] == pytest.approx(f1)
    present = [row["f1"] for row in metrics["labels"] if row["texts"]]
    assert metrics["macro_f1"] == pytest.approx(np.mean(present))
    surprise = [-math.log(text[1] if text[0] == label else (1 - text[1]) / 2) for text, label in cases]
    assert metrics["log_loss"] == pytest.approx(np.mean(surprise))


def test_progress_counts_every_text():
    heard = []
    measure_labelled(classify, [Labelled(("好", 0.9), "好")] * 600, heard.append)
    assert sum(heard) == 600
    assert len(heard) > 1


@pytest.mark.parametrize(
    ("hits", "texts", "low", "high"),
    # Newcombe 1998, table I, and values that can be worked out by hand.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_is_wilsons(hits, texts, low, high):
    assert wilson(hits, texts) == pytest.approx((low, high), abs=1e-4)


@given(st.integers(1, 10_000).flatmap(lambda texts: st.tuples(st.integers(0, texts), st.just(texts))))
def test_the_interval_holds_the_share(counts):
    hits, texts = counts
    low, high = wilson(hits, texts)
    assert -1e-9 <= low <= hits / texts + 1e-9
    assert hits / texts - 1e-9 <= high <= 1 + 1e-9
    assert wilson(texts - hits, texts) == pytest.approx((1 - high, 1 - low))
