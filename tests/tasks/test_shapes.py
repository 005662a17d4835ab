"""Inside, every verb answers with a list a text and a list a blank; the public face collapses one of either."""

from __future__ import annotations

import numpy as np
import pytest

from tiankong.model import load
from tiankong.tasks.check import check
from tiankong.tasks.embed import embed
from tiankong.tasks.fill import fill
from tiankong.tasks.joint import joint

ONE, TWO = "外套做工__，穿着很暖和", "外套做工__，穿着很__"


@pytest.fixture(scope="module")
def model():
    return load(threads=1)


@pytest.mark.parametrize(("sentence", "blanks"), [(ONE, 1), (TWO, 2)])
def test_fill(model, sentence, blanks):
    (answers,) = fill(model.predictor, sentence, 3)
    assert [len(words) for words in answers] == [3] * blanks
    assert model.fill(sentence, 3) == (answers[0] if blanks == 1 else answers)
    assert fill(model.predictor, [sentence], 3) == [answers]
    assert model.fill([sentence], 3) == [model.fill(sentence, 3)]


def test_fill_without_an_answer(model):
    assert fill(model.predictor, [ONE, TWO], starts_with="龘") == [[[]], [[], []]]
    assert model.fill([ONE, TWO], starts_with="龘") == [[], [[], []]]


def test_fill_of_no_sentence(model):
    assert fill(model.predictor, []) == model.fill([]) == []


def test_joint(model):
    (fillings,) = joint(model.predictor, TWO, 2)
    assert [len(filling["token_strs"]) for filling in fillings] == [2, 2]
    assert model.joint(TWO, 2) == fillings
    assert model.joint([TWO], 2) == [fillings]


def test_check(model):
    (words,) = check(model.predictor, "外套做工很好")
    assert model.check("外套做工很好") == words
    assert model.check(["外套做工很好"]) == [words]
    assert model.check([]) == []


def test_embed(model):
    one, two = embed(model.predictor, [ONE, TWO])
    assert (len(one), len(two)) == (1, 2)
    np.testing.assert_allclose(model.embed(TWO), two, atol=1e-5)
    assert model.embed(ONE).shape == one.shape
