"""Batches hold every target once, in order, within the limits."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tiankong.runtime.batching import ANSWERING, LABELLING, MEASURING, BatchLimits, batches
from tiankong.text.network_input import Window

SHAPES = st.lists(st.tuples(st.integers(1, 60), st.integers(0, 40)), max_size=40)
LIMITS = st.builds(BatchLimits, predictions=st.integers(1, 50), tokens=st.integers(1, 300), targets=st.integers(1, 20))


def windows_of(shapes):
    """Windows of these lengths and numbers of targets; the ids of each are its number."""
    return [
        Window(np.full(length + 2, number), 1, length + 1, np.arange(min(length, targets)) + 1)
        for number, (length, targets) in enumerate(shapes)
    ]


def targets_of(windows):
    return [(int(window.ids[0]), target) for window in windows for target in window.targets.tolist()]


@given(SHAPES, LIMITS)
def test_every_target_comes_once_and_in_order(shapes, limits):
    windows = windows_of(shapes)
    read = [window for batch in batches(windows, limits) for window in batch]
    assert targets_of(read) == targets_of(windows)
    assert {int(window.ids[0]) for window in read} == set(range(len(windows)))  # also those without a target


@given(SHAPES, LIMITS)
def test_limits_hold_unless_a_window_exceeds_them_by_itself(shapes, limits):
    for batch in batches(windows_of(shapes), limits):
        assert batch
        assert all(len(window.targets) <= limits.targets for window in batch)
        if len(batch) > 1:
            longest = max(window.stop - window.start for window in batch)
            assert longest * len(batch) <= limits.tokens
            assert sum(len(window.targets) for window in batch) <= limits.predictions


@given(SHAPES, LIMITS)
def test_no_two_neighbouring_batches_fit_into_one(shapes, limits):
    runs = list(batches(windows_of(shapes), limits))
    for batch, following in itertools.pairwise(runs):
        together = [*batch, following[0]]
        longest = max(window.stop - window.start for window in together)
        predictions = sum(len(window.targets) for window in together)
        assert longest * len(together) > limits.tokens or predictions > limits.predictions


def test_nothing_to_read_makes_no_batch():
    for limits in (ANSWERING, LABELLING, MEASURING):
        assert list(batches([], limits)) == []


def test_a_text_with_many_targets_is_read_again_for_the_rest():
    (window,) = windows_of([(600, 600)])
    sizes = [len(part.targets) for batch in batches([window], ANSWERING) for part in batch]
    assert sizes == [256, 256, 88]
