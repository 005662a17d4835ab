"""Blanks filled together, against every possible filling of a tiny vocabulary."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tests.answers import same
from tiankong.errors import OptionError, SentenceError
from tiankong.model import load
from tiankong.request.queries import parse_query
from tiankong.runtime.reading import Reading
from tiankong.tasks.joint import MOST_BLANKS, JointScorer
from tiankong.text.network_input import Window

SENTENCE = "物流__，客服__，下次还会来"
ALLOWED = 12


@pytest.fixture(scope="module", params=["model_folder", "codes_model_folder", "hybrid_model_folder"])
def model(request):
    return load(request.getfixturevalue(request.param), threads=1)


def chain(reading, window, filling, order):
    """The log probability of a filling by the chain rule in one order, a reading of the text for every step."""
    ids, total = window.ids.copy(), 0.0
    for blank in order:
        place = window.targets[blank]
        (found,) = reading.predictions([Window(ids, 1, len(ids) - 1, np.array([place]))])
        total += float(found.log_probabilities[filling[blank]])
        ids[place] = filling[blank]
    return total


@pytest.mark.parametrize("sentence", [SENTENCE, "包装__ __，很快", "__很好，__也好，__不好"])
def test_the_search_finds_the_best_of_all_fillings(model, sentence):
    query = parse_query(sentence, model.predictor)
    reading = Reading(model.predictor)
    (window,) = query.windows(reading)
    words = np.flatnonzero(model.folder.vocabulary.targets())[:ALLOWED]
    allowed = np.isin(np.arange(len(model.folder.vocabulary)), words)
    scorer = JointScorer(reading, window.ids, window.targets.tolist(), [allowed] * len(window.targets))
    blanks = range(len(window.targets))
    expected = {
        filling: np.logaddexp(
            chain(reading, window, filling, blanks), chain(reading, window, filling, list(blanks)[::-1])
        )
        - np.log(2)
        for filling in itertools.product(words.tolist(), repeat=len(blanks))
    }
    best = sorted(expected, key=lambda filling: -expected[filling])[:5]
    found = scorer.search(5, ALLOWED ** len(blanks))
    assert [score for _, score in found] == pytest.approx([expected[filling] for filling in best], abs=1e-4)
    for filling, score in found:
        assert score == pytest.approx(expected[filling], abs=1e-4)


def test_all_fillings_together_have_probability_one(model_folder):
    model = load(model_folder)
    reading = Reading(model.predictor)
    (window,) = parse_query("物流__，客服__", model.predictor).windows(reading)
    scorer = JointScorer(reading, window.ids, window.targets.tolist())
    words = np.flatnonzero(model.folder.vocabulary.targets()).tolist()
    fillings = list(itertools.product(words, repeat=2))
    scores = scorer.log_probabilities(fillings)
    assert np.exp(scores).sum() == pytest.approx(1, abs=1e-3)
    # The narrow search of every day finds the best of these hundreds of thousands, or one as good as it.
    assert scorer.search(1, 8)[0][1] >= scores.max() - 0.05


def test_answers(model):
    answers = model.joint(SENTENCE, top_k=3)
    assert [answer["score"] for answer in answers] == sorted((answer["score"] for answer in answers), reverse=True)
    for answer in answers:
        first, second = answer["token_strs"]
        assert answer["sequence"] == f"物流{first}，客服{second}，下次还会来"
    same(model.joint([SENTENCE, SENTENCE], top_k=3), [answers, answers])


def test_constraints_hold_for_every_blank(model):
    for answer in model.joint(SENTENCE, top_k=4, length=1):
        assert [len(word) for word in answer["token_strs"]] == [1, 1]
    assert model.joint(SENTENCE, starts_with="没有这样的词") == []


def test_one_blank_is_filled_as_alone(model):
    alone = model.fill("物流__，第二天就到了", top_k=4, decoding="likelihood")
    together = model.joint("物流__，第二天就到了", top_k=4)
    assert [answer["token_strs"] for answer in together] == [[answer["token_str"]] for answer in alone]
    assert [answer["score"] for answer in together] == pytest.approx([answer["score"] for answer in alone], rel=1e-4)


def test_too_many_blanks(model):
    many = "物流很快" + "，__" * (MOST_BLANKS + 1)
    with pytest.raises(SentenceError, match=f"^the sentence has {MOST_BLANKS + 1} blanks: at most {MOST_BLANKS}"):
        model.joint(many)
    with pytest.raises(SentenceError, match=f"^sentence 2: the sentence has {MOST_BLANKS + 1} blanks"):
        model.joint([SENTENCE, many])
    with pytest.raises(OptionError, match="from 1 to 64"):
        model.joint(SENTENCE, top_k=65)


def test_phrases_take_no_part(model):
    phrases = ["很 快", "不 错"]
    assert model.joint(SENTENCE, targets=phrases) == []
    together = model.joint(SENTENCE, targets=[*phrases, "很快", "不错"])
    assert {word for answer in together for word in answer["token_strs"]} == {"很快", "不错"}
    assert all(len(answers) == 2 for answers in model.fill(SENTENCE, targets=phrases))
