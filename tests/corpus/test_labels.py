"""What is kept of the labels of texts, and why sometimes nothing is."""

from __future__ import annotations

from array import array
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiankong.corpus.labels import LONGEST_LABEL, MOST_DIFFERENT, LabelNames, LabelRecord, labels_file
from tiankong.corpus.reader import Text
from tiankong.corpus.splits import SPLITS
from tiankong.errors import SourceError

labelled = st.lists(st.tuples(st.integers(0, 2), st.sampled_from("好差中ab0")), min_size=1, max_size=60)
"""Pairs of the number of a split and a label."""


def record(rows, names=None):
    labels = LabelRecord(LabelNames(names or {}))
    for line, (split, label) in enumerate(rows, 1):
        labels.add(split, Text("很好", label, "reviews.csv", line))
    return labels


def everything(rows):
    return [np.ones(sum(split == number for split, _ in rows), dtype=np.bool_) for number in range(len(SPLITS))]


@given(rows=labelled, keep=st.randoms(use_true_random=False))
def test_numbers_stand_for_the_labels_of_the_texts_that_are_kept(rows, keep, tmp_path_factory):
    folder = tmp_path_factory.mktemp("labels")
    kept = [np.array([keep.random() < 0.7 for _ in split], dtype=np.bool_) for split in everything(rows)]
    counts = record(rows).write(folder, kept)
    names = [count.name for count in counts]
    assert names == sorted({label for _, label in rows})
    for number, split in enumerate(SPLITS):
        labels = [label for place, label in rows if place == number]
        expected = [label for label, is_kept in zip(labels, kept[number], strict=True) if is_kept]
        written = np.load(folder / labels_file(split))
        assert [names[each] for each in written] == expected
        assert {count.name: getattr(count, split) for count in counts} == {
            name: Counter(expected)[name] for name in names
        }


@given(rows=labelled)
def test_several_labels_may_get_the_same_name(rows, tmp_path_factory):
    names = {"a": "字母", "b": "字母", "0": "好"}
    folder = tmp_path_factory.mktemp("labels")
    counts = record(rows, names).write(folder, everything(rows))
    expected = Counter(names.get(label, label) for _, label in rows)
    assert {count.name: count.train + count.validation + count.test for count in counts} == expected


def test_a_name_for_a_label_that_no_text_has_is_an_error():
    names = LabelNames({"1": "好评", "2": "差评"})
    assert [names.of(label) for label in ("1", "0", "1")] == ["好评", "0", "好评"]
    with pytest.raises(SourceError, match="no text has the label '2', the labels are 0, 1: correct `label_names`"):
        names.check()
    assert names.of("2") == "差评"
    names.check()


GOOD = [(0, "好")] * 3


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (GOOD, None),
        ([*GOOD, (1, "差" * LONGEST_LABEL)], None),
        ([(0, None), (2, None)], "have no labels"),
        ([*GOOD, (1, None), (2, None)], "2 of 5 texts have no label, the first on line 4 of reviews.csv"),
        ([*GOOD, (1, "差" * (LONGEST_LABEL + 1))], f"line 4 of reviews.csv is longer than {LONGEST_LABEL} characters"),
        ([(0, str(number)) for number in range(MOST_DIFFERENT)], None),
        ([(0, str(number)) for number in range(MOST_DIFFERENT + 1)], f"more than {MOST_DIFFERENT:,} different labels"),
    ],
)
def test_why_labels_are_not_kept(rows, words):
    problem = record(rows).problem
    if words is None:
        assert problem is None
    else:
        assert words in problem


@given(rows=st.lists(st.tuples(st.integers(0, 9), st.sampled_from("好差中")), max_size=60))
def test_disputed_texts_are_those_with_more_than_one_label(rows):
    """A text's hash decides its split, so that its copies are in the same."""
    disputes = record([(text % 3, label) for text, label in rows])
    hashes = [array("Q", [text for text, _ in rows if text % 3 == number]) for number in range(3)]
    labels = {text: {label for other, label in rows if other == text} for text, _ in rows}
    assert disputes.disputed(hashes) == sum(len(different) > 1 for different in labels.values())
