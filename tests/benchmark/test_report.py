"""The figures of the benchmark's page, from ranks that are made up."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiankong.benchmark.report import quality
from tiankong.benchmark.run import Result
from tiankong.benchmark.task import Task
from tiankong.evaluation.measure import Text

SPECIAL = 4
RESULT = Result("mine", "mine", gives_probabilities=True)

rows = st.lists(
    st.tuples(st.lists(st.integers(1, 40), min_size=1, max_size=6), st.integers(0, 3)), min_size=1, max_size=30
)
"""Texts: the ranks of their known targets, and the number of their unknown ones."""


def task_of(texts, words=None):
    """A task with these texts, whose targets are ``words``."""
    made = [Text(np.zeros(9, dtype=np.int64), np.arange(len(ranks)), unknown) for ranks, unknown in texts]
    size = sum(len(ranks) for ranks, _ in texts)
    targets = np.full(size, SPECIAL) if words is None else np.array(words)
    return Task(made, targets, sum(unknown for _, unknown in texts))


def answers_of(texts):
    ranks = np.array([rank for ranks, _ in texts for rank in ranks], dtype=np.float32)
    return {"ranks": ranks, "log_probabilities": -np.log1p(ranks)}


def measured(texts, others=None, seed=1, result=RESULT):
    return quality(result, task_of(texts), answers_of(texts), SPECIAL, seed, others and answers_of(others))


@given(texts=rows)
def test_shares_are_of_all_targets_and_unknown_ones_are_misses(texts):
    scores = measured(texts)
    ranks = [rank for ranks, _ in texts for rank in ranks]
    size = len(ranks) + sum(unknown for _, unknown in texts)
    for score, best in ((scores.top1, 1), (scores.top5, 5), (scores.top10, 10)):
        assert score == pytest.approx(sum(rank <= best for rank in ranks) / size)
    assert scores.mrr == pytest.approx(sum(1 / rank for rank in ranks) / size)
    assert scores.perplexity == pytest.approx(math.exp(np.mean([math.log1p(rank) for rank in ranks])), rel=1e-5)


def test_without_probabilities_there_is_no_perplexity():
    assert measured([([1, 2], 0)], result=dataclasses.replace(RESULT, gives_probabilities=False)).perplexity is None


@given(texts=rows, seed=st.integers(0, 9))
def test_an_interval_lies_between_the_worst_and_the_best_text_and_comes_again(texts, seed):
    low, high = measured(texts, seed=seed).interval
    shares = [sum(rank <= 10 for rank in ranks) / (len(ranks) + unknown) for ranks, unknown in texts]
    assert min(shares) - 1e-9 <= low <= high <= max(shares) + 1e-9
    assert measured(texts, seed=seed).interval == (low, high)


def test_an_interval_holds_the_truth_as_often_as_it_says():
    """Of texts whose targets are right together: a share of single targets would be far too sure."""
    generator, truth, held = np.random.default_rng(3), 0.4, 0
    trials = 200
    for trial in range(trials):
        right = generator.random(150) < truth
        low, high = measured([([1 if good else 99] * 8, 0) for good in right], seed=trial).interval
        held += low <= truth <= high
    assert 0.90 <= held / trials <= 0.99


def test_more_texts_make_it_narrower():
    def width(copies):
        low, high = measured([([1, 1, 20], 0), ([30, 2], 1), ([50], 0)] * copies).interval
        return high - low

    assert width(160) == pytest.approx(width(10) / 4, rel=0.2)


@given(texts=rows)
def test_nobody_is_ahead_of_themselves(texts):
    assert measured(texts, texts).lead == (0.0, 0.0)
    assert measured(texts).lead is None


@given(texts=rows)
def test_a_lead_turned_round_is_a_lag(texts):
    others = [([1 + (7 * rank) % 40 for rank in ranks], unknown) for ranks, unknown in texts]
    low, high = measured(texts, others).lead
    # The percentiles lie as far from either end.
    assert measured(others, texts).lead == pytest.approx((-high, -low))


def test_a_lead_is_surer_than_two_intervals_where_both_are_right_on_the_same_blanks():
    softmax = [([1 if number % 2 else 20], 0) for number in range(400)]
    ahead = [([1 if number % 2 or number % 20 == 0 else 20], 0) for number in range(400)]
    found, base = measured(ahead, softmax), measured(softmax)
    assert found.lead[0] > 0
    assert found.interval[0] < base.interval[1]  # which alone would leave it open


def test_bands_are_by_the_words_rank_in_the_vocabulary():
    # The last word of a band and the first of the next, counted from 1 after the special tokens.
    ranks_of_words = [1, 100, 101, 1000, 1001, 5000]
    texts = [([1, 11, 10, 1, 11, 12], 5)]
    task = task_of(texts, [SPECIAL + rank - 1 for rank in ranks_of_words])
    assert quality(RESULT, task, answers_of(texts), SPECIAL, 1).bands == (0.5, 1.0, 0.0, None)
