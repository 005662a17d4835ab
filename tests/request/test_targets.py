"""Answers chosen by the caller: known words, unknown ones and phrases, over all heads."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest

from tiankong.errors import OptionError
from tiankong.model import load

SENTENCE = "物流__，第二天就到了"
UNKNOWN = "神速达"


@pytest.fixture(scope="module", params=["model_folder", "codes_model_folder", "hybrid_model_folder"])
def folder(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def model(folder):
    return load(folder, threads=1)


def words_of(answers):
    return [answer["token_str"] for answer in answers]


def test_only_targets_come_and_all_of_them(model):
    everything = model.fill(SENTENCE, top_k=10_000, decoding="likelihood")
    wanted = words_of(everything)[3:300:37]
    found = model.fill(SENTENCE, top_k=100, decoding="likelihood", targets=[*wanted[::-1], wanted[0]])
    assert found == [answer for answer in everything if answer["token_str"] in wanted]


def test_unknown_words_and_phrases_are_scored_whole(model):
    known = words_of(model.fill(SENTENCE, top_k=1))[0]
    phrase = f"{known}，{known}"
    found = model.fill(SENTENCE, targets=[UNKNOWN, known, phrase], decoding="likelihood")
    assert sorted(words_of(found)) == sorted([UNKNOWN, known, phrase])
    assert [answer["score"] for answer in found] == sorted((answer["score"] for answer in found), reverse=True)
    scores = {answer["token_str"]: answer["score"] for answer in found}
    assert all(0 < score < 1 for score in scores.values())
    assert scores[known] > scores[UNKNOWN]
    tokens = {answer["token_str"]: answer["token"] for answer in found}
    assert tokens[UNKNOWN] is tokens[phrase] is None
    assert tokens[known] == model.folder.vocabulary.id_of(known)
    assert {answer["sequence"] for answer in found} == {SENTENCE.replace("__", word) for word in scores}


def test_a_phrase_is_as_likely_as_its_words_together(model):
    joint = model.joint("物流__，__，第二天就到了", top_k=64)
    likely = {tuple(answer["token_strs"]): answer["score"] for answer in joint}
    pair = next(iter(likely))
    phrase = model.fill(SENTENCE, targets=[f"{pair[0]}，{pair[1]}"], decoding="likelihood")[0]
    assert phrase["score"] == pytest.approx(likely[pair], rel=1e-3)


def test_marks_at_the_ends_of_a_candidate_do_not_count(model):
    plain, marked, inner = (model.fill(SENTENCE, targets=[text])[0] for text in ("很快", "“很快”！", "很快！很好"))
    assert marked["score"] == pytest.approx(plain["score"], rel=1e-4)
    assert marked["sequence"] == SENTENCE.replace("__", "“很快”！")
    both = model.fill(SENTENCE, targets=["很快！很好😀"])[0]
    assert both["score"] == pytest.approx(inner["score"], rel=1e-4)


def test_a_phrase_changes_nothing_about_the_words_beside_it(model):
    words = words_of(model.fill(SENTENCE, top_k=40, decoding="likelihood"))[::5]
    phrases = [f"{words[0]}，{words[1]}", f"{words[2]} {words[3]}", f"{words[0]}，{words[3]}"]
    for decoding in ("likelihood", None):
        alone = model.fill(SENTENCE, targets=words, decoding=decoding)
        together = model.fill(SENTENCE, targets=[*phrases, *words], top_k=100, decoding=decoding)
        known = [answer for answer in together if answer["token"] is not None]
        assert words_of(known) == words_of(alone)
        for own, same in zip(known, alone, strict=True):
            assert own == {**same, "score": pytest.approx(same["score"], rel=1e-4)}
        for phrase in phrases:
            (own,) = model.fill(SENTENCE, targets=[phrase], decoding=decoding)
            (same,) = [answer for answer in together if answer["token_str"] == phrase]
            assert own["score"] == pytest.approx(same["score"], rel=1e-4)


def test_constraints_choose_among_targets(model):
    found = model.fill(SENTENCE, targets=["很快", "快", UNKNOWN], length=(3, 9))
    assert words_of(found) == [UNKNOWN]
    assert model.fill(SENTENCE, targets=["快"], exclude=["快"]) == []


def test_probabilities_with_new_words_sum_to_one(folder):
    words = [UNKNOWN, "龘龘", "准时送达"]
    model = load(folder, threads=1, words=words)
    answers = model.fill(SENTENCE, top_k=10_000, decoding="likelihood")
    assert set(words) <= set(words_of(answers))
    assert sum(answer["score"] for answer in answers) == pytest.approx(1, abs=1e-4)
    before = {answer["token_str"]: answer["score"] for answer in load(folder).fill(SENTENCE, top_k=10_000)}
    share = sum(answer["score"] for answer in answers if answer["token_str"] in words)
    for answer in answers:
        if answer["token_str"] not in words:
            assert answer["score"] == pytest.approx(before[answer["token_str"]] * (1 - share), rel=1e-3, abs=1e-7)


def test_a_joined_word_answers_and_is_read(folder):
    model = load(folder, threads=1, words=["神速达"])
    assert model.predictor.tokenizer.tokens("物流神速达了") == ["物流", "神速达", "了"]
    together = model.joint("物流__，客服__", top_k=5, starts_with="神")
    assert "神速达" in together[0]["token_strs"]
    target = model.fill(SENTENCE, targets=["神速达"])[0]
    own = next(answer for answer in model.fill(SENTENCE, top_k=10_000) if answer["token_str"] == "神速达")
    assert target["score"] == pytest.approx(own["score"], rel=1e-4)


def test_a_joined_word_is_as_near_as_the_words_it_is_like(codes_model_folder):
    vocabulary = load(codes_model_folder, threads=1).predictor.folder.vocabulary
    candidates = [vocabulary.words[number] for number in np.flatnonzero(vocabulary.targets()).tolist()]
    having = Counter(character for word in candidates for character in set(word))
    alike = next(word for word in candidates if having[word[0]] == 1)  # nothing else has its first character
    joined = alike[0] * 5
    model = load(codes_model_folder, threads=1, words=[joined])
    answers = model.fill(SENTENCE, top_k=10_000, decoding="distance")
    distances = {answer["token_str"]: answer["distance"] for answer in answers}
    assert list(distances.values()) == sorted(distances.values())
    assert distances[joined] == distances[alike]
    assert len(set(distances.values())) > 5
    by_likelihood = model.fill(SENTENCE, top_k=10_000, decoding="likelihood")
    assert {answer["token_str"]: answer["distance"] for answer in by_likelihood} == distances


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        ([], "the list of candidates is empty"),
        ("很快", "must be a list"),
        ([1], "must be a list"),
        (["，"], "'，' has no letter"),
        ([""], "has no letter"),
        (["很快" * 100], "has .* words"),
        (["很\ud800"], "not valid Unicode"),
        (["__"], "'__' has no letter"),
    ],
)
def test_bad_targets(model, targets, message):
    with pytest.raises(OptionError, match=message):
        model.fill(SENTENCE, targets=targets)


@pytest.mark.parametrize("word", ["", "，", "两 个", "3", "很\ud800", "你好·世界"])
def test_words_that_can_not_join(folder, word):
    with pytest.raises(OptionError, match="can't be added to the vocabulary"):
        load(folder, words=[word])


def test_a_joined_word_is_context_enough(folder):
    assert load(folder, threads=1, words=["神速达"]).fill("神速达__", top_k=3)


def test_context_vectors(model):
    first, second = model.embed(["物流__，客服__", "物流__，客服__，很满意"])
    assert first.shape == second.shape
    assert len(first) == 2
    assert np.abs(first[1] - second[1]).max() > 0
    np.testing.assert_allclose(model.embed("物流__，客服__"), first, atol=1e-5)
    assert all(math.isfinite(number) for number in first.ravel())
