"""Candidates and sentences compared with each other."""

from __future__ import annotations

import math

import pytest

from tiankong.errors import OptionError, SentenceError
from tiankong.model import load

SENTENCE = "物流__，第二天就到了"


@pytest.fixture(scope="module", params=["model_folder", "codes_model_folder", "hybrid_model_folder"])
def model(request):
    return load(request.getfixturevalue(request.param), threads=1)


def test_words_in_the_order_of_fill(model):
    answers = model.fill(SENTENCE, top_k=30, decoding="likelihood")[::7]
    ranked = model.rank(SENTENCE, [answer["token_str"] for answer in answers][::-1])
    assert [entry["candidate"] for entry in ranked] == [answer["token_str"] for answer in answers]
    assert sum(entry["score"] for entry in ranked) == pytest.approx(1)
    for entry, answer in zip(ranked, answers, strict=True):
        assert math.exp(entry["log_probability"]) == pytest.approx(answer["score"], rel=1e-4)
        assert entry["sequence"] == answer["sequence"]


def test_unknown_words_and_phrases(model):
    candidates = ["很快", "神速达", "很快，客服很好"]
    ranked = model.rank(SENTENCE, candidates)
    assert sorted(entry["candidate"] for entry in ranked) == sorted(candidates)
    assert sum(entry["score"] for entry in ranked) == pytest.approx(1)
    assert all(math.isfinite(entry["log_probability"]) for entry in ranked)


def test_far_apart_sentences_keep_their_order(model):
    """Shares of zero don't hide which is better."""
    good, bad, worse = "物流很快，" * 30, "快物流很，" * 30, "龘衣服了，" * 60
    ranked = [entry["candidate"] for entry in model.rank([worse, good, bad])]
    assert ranked == [entry["candidate"] for entry in model.rank([bad, worse, good])]
    logs = {entry["candidate"]: entry["log_probability"] for entry in model.rank([worse, good, bad])}
    assert all(math.isfinite(score) for score in logs.values())


def test_whole_sentences(model):
    sentences = ["物流很快，第二天就到了", "物流很快，第二天就衣服了", "龘龘很快"]
    ranked = model.rank(sentences)
    assert sorted(entry["candidate"] for entry in ranked) == sorted(sentences)
    assert [entry["score"] for entry in ranked] == sorted((entry["score"] for entry in ranked), reverse=True)
    assert sum(entry["score"] for entry in ranked) == pytest.approx(1)


def test_a_sentence_is_judged_word_by_word(model):
    """Its log probability is what filling each of its words in turn gives."""
    words = ["物流", "很快", ",", "客服", "很", "好"]
    assert model.predictor.tokenizer.tokens("".join(words)) == words
    total = 0.0
    for place, word in enumerate(words):
        if word != ",":
            blanked = "".join("__" if number == place else other for number, other in enumerate(words))
            total += math.log(model.fill(blanked, targets=[word], part_of_word=False)[0]["score"])
    ranked = model.rank(["".join(words), "客服不好"])
    (own,) = [entry for entry in ranked if entry["candidate"] == "".join(words)]
    assert own["log_probability"] == pytest.approx(total, abs=1e-3)


@pytest.mark.parametrize(
    ("sentence", "candidates", "error", "message"),
    [
        (SENTENCE, None, OptionError, "the list of candidates is empty"),
        ("物流很快", ["好"], SentenceError, "no blank"),
        ("物流__，客服__", ["好"], SentenceError, "has 2 blanks"),
        (SENTENCE, ["好", "Xl", "ＸＬ"], OptionError, "'Xl' and 'ＸＬ' are the same"),
        (["物流很快"], None, SentenceError, "at least two sentences"),
        (["物流很快", "客服好", "物流很快"], None, SentenceError, "sentence 3: it was given before"),
        (["物流很快", "快", "慢"], None, SentenceError, "has no blank and the others are single words"),
        (["a__b", "c"], None, SentenceError, "__ is text in whole sentences, .* as candidates for its blank"),
        (["物流很__", "快", "慢"], None, SentenceError, "all but the first are single words: give these as candidates"),
        (["物流很[MASK]", "快"], None, SentenceError, "give these as candidates"),
        (["物流很快", "！！"], None, SentenceError, "sentence 2: there is no word"),
        (["物流很快", 3], None, SentenceError, "sentence 2: a sentence must be a string"),
        (["物流很快", "客服好"], ["好"], OptionError, "candidates for the blank of one sentence"),
        (3, None, SentenceError, "a list of sentences"),
    ],
)
def test_what_can_not_be_ranked(model, sentence, candidates, error, message):
    with pytest.raises(error, match=message):
        model.rank(sentence, candidates)
