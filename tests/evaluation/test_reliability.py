"""The calibration error against a plain loop, and what it must be in clear cases."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiankong.evaluation.reliability import BINS, Reliability

ANSWERS = st.lists(st.tuples(st.floats(0, 1, width=32), st.booleans()), min_size=1, max_size=60)


def measured(answers, parts=1):
    found = Reliability()
    for part in np.array_split(np.arange(len(answers)), parts):
        chosen = [answers[number] for number in part]
        if chosen:
            probability, right = zip(*chosen, strict=True)
            found.add(np.array(probability, dtype=np.float32), np.array(right))
    return found


@given(ANSWERS, st.integers(1, 4))
def test_error_is_the_weighted_gap_of_the_bins(answers, parts):
    bins = {}
    for probability, right in answers:
        bins.setdefault(min(int(np.float32(probability) * BINS), BINS - 1), []).append((probability, right))
    gaps = [abs(sum(p for p, _ in rows) - sum(r for _, r in rows)) for rows in bins.values()]
    found = measured(answers, parts)
    assert found.error == pytest.approx(sum(gaps) / len(answers), abs=1e-6)
    assert sum(row[2] for row in found.table()) == len(answers)


def test_half_of_what_is_said_at_a_half_is_right():
    assert measured([(0.5, True), (0.5, False)]).error == 0
    assert measured([(1.0, False)] * 3).error == 1
    assert measured([(1.0, False)] * 3).table() == [[1.0, 0.0, 3.0]]
