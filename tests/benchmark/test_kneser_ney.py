"""The n-gram estimate, read back by KenLM itself."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import optional_package
from tiankong.benchmark.peers.kneser_ney import write_arpa

kenlm = optional_package("kenlm")
BEGIN, END = 0, 1
WORDS = ["<s>", "</s>", "<unk>", *(f"w{number}" for number in range(3, 12))]

texts = st.lists(st.lists(st.integers(2, 10), min_size=1, max_size=12), min_size=1, max_size=40)


def estimated(folder, rows, order):
    file = folder / "model.arpa"
    write_arpa(file, [np.array([BEGIN, *row, END]) for row in rows], WORDS, BEGIN, order)
    config = kenlm.Config()
    config.show_progress = False
    return kenlm.Model(str(file), config)


def probability(model, context, word):
    """Of ``word`` after ``context``, a list that may start with <s>."""
    state, following = kenlm.State(), kenlm.State()
    if context[:1] == ["<s>"]:
        model.BeginSentenceWrite(state)
        context = context[1:]
    else:
        model.NullContextWrite(state)
    for before in context:
        model.BaseScore(state, before, following)
        state, following = following, state
    return 10 ** model.BaseScore(state, word, following)


@settings(max_examples=40, deadline=None)
@given(rows=texts, order=st.integers(2, 5), context=st.lists(st.integers(2, 11), max_size=5), begins=st.booleans())
def test_probabilities_add_up_to_one_after_any_context(tmp_path_factory, rows, order, context, begins):
    model = estimated(tmp_path_factory.mktemp("arpa"), rows, order)
    words = ["<s>"] * begins + [WORDS[number] for number in context]
    total = sum(probability(model, words, word) for word in WORDS[1:])
    assert total == pytest.approx(1, abs=1e-3)


def test_unigrams_count_what_stands_before_a_word(tmp_path):
    # w3 occurs often but only after w4; w5 occurs less often, after three different words.
    rows = [[4, 3]] * 6 + [[6, 5], [7, 5], [8, 5]]
    model = estimated(tmp_path, rows, 2)
    assert probability(model, [], "w5") > probability(model, [], "w3")
    assert probability(model, ["w4"], "w3") > probability(model, ["w4"], "w5")


def test_a_hand_computed_bigram(tmp_path):
    # Too little text for estimated discounts: half a count is taken off. After w3: w4 twice, w5 once.
    rows = [[3, 4], [3, 4], [3, 5]]
    model = estimated(tmp_path, rows, 2)
    # Distinct words before: w3 1 (<s>), w4 1, w5 1, </s> 2; 5 in all, 2 discounted, over 11 predicted words.
    spread = 2 / 5 / (len(WORDS) - 1)
    lower = {"w3": 0.5 / 5 + spread, "w4": 0.5 / 5 + spread, "w5": 0.5 / 5 + spread, "</s>": 1.5 / 5 + spread}
    assert probability(model, [], "w4") == pytest.approx(lower["w4"], rel=1e-4)
    assert probability(model, ["w3"], "w4") == pytest.approx(1.5 / 3 + 1 / 3 * lower["w4"], rel=1e-4)
    assert probability(model, ["w3"], "w5") == pytest.approx(0.5 / 3 + 1 / 3 * lower["w5"], rel=1e-4)
    assert probability(model, ["w3"], "w9") == pytest.approx(1 / 3 * spread, rel=1e-4)


def test_longer_contexts_are_read(tmp_path):
    rows = [list(row) for row in itertools.product([3, 4], [5], [6, 7])] + [[3, 5, 6]] * 8 + [[4, 5, 7]] * 8
    model = estimated(tmp_path, rows, 3)
    assert probability(model, ["w3", "w5"], "w6") > 2 * probability(model, ["w4", "w5"], "w6")
