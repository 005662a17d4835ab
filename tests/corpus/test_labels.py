"""What is kept of the labels of texts, and why sometimes nothing is."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tiankong.config import PrepareConfig
from tiankong.corpus.labels import LONGEST_LABEL, MOST_DIFFERENT, LabelNames
from tiankong.corpus.prepare import Sizes, prepare
from tiankong.corpus.sources import GivenTexts
from tiankong.corpus.splits import SPLITS
from tiankong.errors import SourceError

FILLER = [(f"外套很好{number}", "好") for number in range(1000, 1040)]
"""Enough texts that no split is empty."""

few = settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
labelled = st.lists(st.sampled_from("好差中ab0"), max_size=60)


def prepared(pairs, folder, **options):
    """A corpus of these pairs, of which a shard holds a few."""
    names = options.pop("label_names", None)
    config = PrepareConfig(minimum_count=1, **options)
    return prepare(GivenTexts(pairs), folder / "out", config, label_names=names, force=True, sizes=Sizes(chunk=300))


def read_back(corpus):
    """The text and the label of each text that was kept, by split."""
    forms = corpus.vocabulary.words + corpus.other_words
    names = [label.name for label in corpus.manifest.labels]
    return {
        split: [
            ("".join(forms[number] for number in ids[1:-1]), names[label])
            for ids, label in zip(corpus.split(split), corpus.labels(split), strict=True)
        ]
        for split in SPLITS
    }


@few
@given(labels=labelled, keeps_words=st.booleans())
def test_numbers_stand_for_the_labels_of_the_texts_that_are_kept(labels, keeps_words, tmp_path_factory):
    rows = [(f"第{number}件很好", label) for number, label in enumerate(labels)] + FILLER
    corpus = prepared(rows, tmp_path_factory.mktemp("labels"), keep_unknown=keeps_words, maximum_vocabulary=30)
    names = [count.name for count in corpus.manifest.labels]
    assert names == sorted({label for _, label in rows})
    found = read_back(corpus)
    for split, pairs in found.items():
        assert Counter(label for _, label in pairs) == Counter(
            {count.name: getattr(count, split) for count in corpus.manifest.labels if getattr(count, split)}
        )
    if keeps_words:
        assert sorted(pair for pairs in found.values() for pair in pairs) == sorted(rows)


def test_several_labels_may_get_the_same_name(tmp_path):
    rows = [(f"第{number}件很好", label) for number, label in enumerate("ab0中a")] + FILLER
    names = {"a": "字母", "b": "字母", "0": "好"}
    corpus = prepared(rows, tmp_path, label_names=names)
    expected = Counter(names.get(label, label) for _, label in rows)
    counts = corpus.manifest.labels
    assert {count.name: count.train + count.validation + count.test for count in counts} == expected


def test_a_name_for_a_label_that_no_text_has_is_an_error():
    names = LabelNames({"1": "好评", "2": "差评"})
    assert [names.of(label) for label in ("1", "0", "1")] == ["好评", "0", "好评"]
    with pytest.raises(SourceError, match="no text has the label '2', the labels are 0, 1: correct `label_names`"):
        names.check()
    assert names.of("2") == "差评"
    names.check()


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ([], None),
        (["差" * LONGEST_LABEL], None),
        ([None, "好", None], "2 of 43 texts have no label, the first on text 41 of those given"),
        (["差" * (LONGEST_LABEL + 1)], f"text 41 of those given is longer than {LONGEST_LABEL} characters"),
        ([str(number) for number in range(MOST_DIFFERENT - 1)], None),
        ([str(number) for number in range(MOST_DIFFERENT)], f"more than {MOST_DIFFERENT:,} different labels"),
    ],
)
def test_why_labels_are_not_kept(labels, words, tmp_path):
    rows = FILLER + [(f"第{number}件很好", label) for number, label in enumerate(labels)]
    config = PrepareConfig(minimum_count=1)
    problem = prepare(GivenTexts(rows), tmp_path / "out", config).manifest.label_problem
    if words is None:
        assert problem is None
    else:
        assert words in problem


def test_texts_without_any_label(tmp_path):
    assert "have no labels" in prepared([text for text, _ in FILLER], tmp_path).manifest.label_problem


def test_the_first_text_without_a_label_is_named_in_whichever_shard_it_is(tmp_path):
    rows = FILLER + [("", None)] + [(f"第{number}件很好", None if number == 7 else "好") for number in range(20)]
    problem = prepared(rows, tmp_path).manifest.label_problem
    assert "1 of 60 texts has no label, the first on text 49 of those given" in problem


@few
@given(
    rows=st.lists(st.tuples(st.integers(0, 9), st.sampled_from("好差中")), max_size=60),
    unique=st.booleans(),
    hashes=st.sampled_from([3, 100]),
)
def test_disputed_texts_are_those_with_more_than_one_label(rows, unique, hashes, tmp_path_factory):
    pairs = FILLER + [(f"第{text}件很好{'！' * place}", label) for place, (text, label) in enumerate(rows)]
    config = PrepareConfig(minimum_count=1, unique=unique)
    folder = tmp_path_factory.mktemp("disputes")
    corpus = prepare(GivenTexts(pairs), folder / "out", config, sizes=Sizes(chunk=200, hashes=hashes))
    labels = {text: {label for other, label in rows if other == text} for text, _ in rows}
    assert corpus.manifest.disputed_texts == sum(len(different) > 1 for different in labels.values())
    assert corpus.manifest.duplicate_texts == len(rows) - len(labels)
    kept = [text for pairs in read_back(corpus).values() for text, _ in pairs]
    assert len(kept) == len(FILLER) + (len(labels) if unique else len(rows))
    if unique:  # the first of each is
        first = {f"第{text}件很好{'!' * place}" for place, (text, _) in reversed(list(enumerate(rows)))}
        firsts = {re.match(r"第\d+件", text)[0]: text for text in sorted(first, key=len, reverse=True)}
        assert {text for text in kept if text.startswith("第")} == set(firsts.values())
