"""Texts of any length through every verb, on the built-in model."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.answers import same
from tiankong.errors import OptionError, SentenceError
from tiankong.model import load
from tiankong.request.queries import parse_query
from tiankong.runtime import loaded_model
from tiankong.runtime.reading import Reading
from tiankong.sample.grammar import reviews
from tiankong.text.network_input import Window
from tiankong.text.pieces import LONGEST_WHOLE, MOST_TARGETS, PIECES_AROUND
from tiankong.text.vocabulary import is_target

REVIEWS = "。\n".join(review.text for review in reviews(1000))
"""Some 19,000 tokens."""

ODD = ["e\u0301", "\u200d", "\r\n", "𠮷", "👩\u200d👩\u200d👧", "ｶﾞ", "&amp;", "\ufeff", "ﬁ", " \t", "㍿", "\u200b"]
"""What normalisation or the file changes in length, or a cut through a character would break."""

WRONG = "衣服颜色很正，穿着很合身，物流也很苹果"


@pytest.fixture(scope="module")
def model():
    return load("reviews-zh", threads=2)


@pytest.fixture(scope="module")
def tokens(model):
    return model.predictor.tokenizer.located_tokens(REVIEWS)


def filler(tokens, count, skipped=0):
    """Reviews of about so many tokens, to a full stop, those at the beginning left out."""
    start = REVIEWS.index("\n", tokens[skipped].start) + 1
    return REVIEWS[start : REVIEWS.index("\n", tokens[skipped + count].end)]


def test_a_text_up_to_the_old_limit_is_read_whole_to_the_last_bit(model):
    """4,096 characters were the limit of a sentence. No answer up to there has changed."""
    text = REVIEWS[:4096]
    located = model.predictor.tokenizer.located_tokens(text)
    unknown = dict.fromkeys(t.text for t in located if t.text.isalpha() and not model.predictor.knows(t.text))
    reading = Reading(model.predictor, model.predictor.oov_words(list(unknown)))
    ids = reading.ids([token.text for token in located])
    words = model.check(text)
    places = [place for place, token in enumerate(located, start=1) if is_target(token.text)]
    whole = reading.predictions([Window(ids, 1, len(ids) - 1, np.array(places))])
    predicted = dict(zip(places, whole, strict=True))
    place_at = {token.start: place for place, token in enumerate(located, start=1)}
    compared = 0
    for word in words:
        place = place_at[word["start"]]
        if word["end"] == located[place - 1].end:  # not several that are flagged as one
            answer = reading.answer_id(located[place - 1].text)
            assert word["score"] == float(np.exp(float(predicted[place].log_probabilities[answer])))
            compared += 1
    assert compared > 0.98 * len(places)


def test_scores_of_pieces_are_those_of_the_whole_text(model, tokens, monkeypatch):
    """As near to a cut as elsewhere."""
    text = filler(tokens, 3000)
    assert len(model.predictor.tokenizer.tokens(text)) < LONGEST_WHOLE
    whole = model.check(text, precision=0.5)
    monkeypatch.setattr(loaded_model, "LONGEST_WHOLE", 0)
    pieces = model.check(text, precision=0.5)
    assert [word["start"] for word in pieces] == [word["start"] for word in whole]
    moved = np.abs(
        np.array([[word["misfit"], np.log(word["score"])] for word in pieces])
        - np.array([[word["misfit"], np.log(word["score"])] for word in whole])
    )
    reading = Reading(model.predictor)
    ids = reading.ids([token.text for token in model.predictor.tokenizer.located_tokens(text)])
    windows = reading.windows(ids, np.arange(1, len(ids) - 1))
    assert len(windows) > 10
    located = model.predictor.tokenizer.located_tokens(text)
    edges = np.array([located[int(window.targets[0]) - 1].start for window in windows[1:]])
    starts = np.array([word["start"] for word in whole])
    beside = np.abs(starts[:, None] - edges).min(axis=1) < 12
    assert beside.sum() > 50
    for part in (moved, moved[beside]):
        assert part.mean(axis=0) == pytest.approx([0, 0], abs=0.25)
        assert part[:, 0].mean() < 0.003
    flags = [one["fits"] == other["fits"] for one, other in zip(pieces, whole, strict=True)]
    assert np.mean(flags) > 0.995


@settings(max_examples=8)
@given(st.lists(st.sampled_from(ODD), min_size=1, max_size=40), st.integers(1, 30), st.randoms(use_true_random=False))
def test_offsets_are_those_of_the_whole_text(model, tokens, odd, every, generator):
    words = [token.text for token in tokens[:5000]]
    for place in range(0, len(words), every):
        words[place] += generator.choice(odd)
    text = "".join(words)
    assert len(model.predictor.tokenizer.tokens(text)) > LONGEST_WHOLE
    at = 0
    for word in model.segment(text):
        assert word["start"] >= at
        assert word["word"] == text[word["start"] : word["end"]]
        at = word["end"]
    located = model.predictor.tokenizer.located_tokens(text)
    assert [token.text for token in located] == model.predictor.tokenizer.tokens(text)


@pytest.mark.parametrize("separator", ["。", "。\r\n", "。\u200b", "！ ", "。👩\u200d👩\u200d👧。", "。𠮷。"])
def test_what_is_flagged_far_apart_is_what_is_flagged_alone(model, tokens, separator):
    between = filler(tokens, LONGEST_WHOLE, 500)
    first, second = "这件外套做工很好，" + WRONG, WRONG + "，客服态度很好"
    text = separator.join([first, between, second])
    flagged = [word for word in model.check(text, precision=0.6) if not word["fits"]]
    for word in flagged:
        assert text[word["start"] : word["end"]] == word["word"]
    places = {(word["start"], word["word"]) for word in flagged}
    away = len(text) - len(second)
    assert {place for place in places if place[0] < len(first)} == {(first.index("苹果"), "苹果")}
    assert {place for place in places if place[0] >= away} == {(away + second.index("苹果"), "苹果")}


def test_a_blank_is_filled_from_what_is_around_it(model, tokens):
    """Wherever it is; and what is beyond its pieces makes no difference."""
    sentence = "物流__，第二天就到了"
    best = model.fill(sentence, top_k=3)[0]["token_str"]
    before, after = filler(tokens, 4000), filler(tokens, 4000, 6000)
    for text in (sentence + "。" + before, before + sentence, before + sentence + "。" + after):
        answers = model.fill(text, top_k=3)
        assert best in [answer["token_str"] for answer in answers]
        assert answers[0]["sequence"] == text.replace("__", answers[0]["token_str"])
    one, other = before + sentence, "完全不同的开头。" * 10 + before[80:] + sentence
    assert len(one) == len(other)
    reads = [len(model.predictor.tokenizer.tokens(text[:80])) for text in (one, other)]
    if reads[0] == reads[1]:
        same(
            model.fill(other),
            [{**answer, "sequence": other.replace("__", answer["token_str"])} for answer in model.fill(one)],
        )


def test_several_blanks_anywhere_and_their_vectors(model, tokens):
    parts = [filler(tokens, 2500, skipped) for skipped in (0, 4000, 8000)]
    text = "__很快。".join(parts) + "质量__"
    blanks = model.fill(text, top_k=2)
    assert len(blanks) == 3
    assert model.embed(text).shape == (3, model.embed("质量__").shape[1])
    for number, answers in enumerate(blanks):
        marks = text.split("__")
        expected = "__".join(marks[: number + 1]) + answers[0]["token_str"] + "__".join(marks[number + 1 :])
        assert answers[0]["sequence"] == expected
    reading = Reading(model.predictor)
    windows = parse_query(text, model.predictor).windows(reading)
    assert len(windows) == 3
    assert all(window.stop - window.start <= (2 * PIECES_AROUND + 1) * MOST_TARGETS for window in windows)


def test_blanks_far_apart_are_filled_independently(model, tokens):
    far = filler(tokens, 5000)
    text = "物流__，第二天就到了。" + far + "。客服__，下次还会来"
    together = model.joint(text, top_k=8)
    first, second = model.fill(text, top_k=8)
    pairs = sorted((a["score"] * b["score"] for a, b in itertools.product(first, second)), reverse=True)
    assert [answer["score"] for answer in together] == pytest.approx(pairs[:8], rel=1e-3)
    assert together[0]["token_strs"] == [first[0]["token_str"], second[0]["token_str"]]
    assert together[0]["sequence"] == text.replace("__", first[0]["token_str"], 1).replace("__", second[0]["token_str"])


def test_blanks_near_each_other_in_a_long_text_are_filled_together(model, tokens):
    far = filler(tokens, 5000)
    near = "客服__，态度__"
    answers = model.joint(far + near, top_k=3)
    alone = {tuple(answer["token_strs"]) for answer in model.joint(near + "，", top_k=60)}
    assert any(tuple(answer["token_strs"]) in alone for answer in answers)
    product = [a["score"] * b["score"] for a, b in zip(*model.fill(far + near, top_k=1), strict=True)]
    assert answers[0]["score"] != pytest.approx(product[0], rel=1e-3)


def test_phrases_and_candidates_in_a_long_text(model, tokens):
    sentence = "质量__，以后不会再来了"
    text = filler(tokens, 3000) + sentence + "。" + filler(tokens, 3000, 6000)
    phrases = ["很 差", "太 差 了", "很差", "苹果 手机"]
    filled = {answer["token_str"]: answer["score"] for answer in model.fill(text, targets=phrases)}
    ranked = {answer["candidate"]: np.exp(answer["log_probability"]) for answer in model.rank(text, phrases)}
    assert filled == pytest.approx(ranked, abs=1e-5)
    assert filled["苹果 手机"] == min(filled.values())


def test_a_word_is_explained_at_its_place_in_the_whole_text(model, tokens):
    before = filler(tokens, 5000)
    text = before + "物流__，第二天就到了"
    explained = model.explain(text)
    influences = [word for word in explained["context"] if word["influence"] is not None]
    assert len(influences) == 32 + len(model.predictor.tokenizer.tokens("，第二天就到了"))
    for word in explained["context"]:
        assert text[word["start"] : word["end"]] == word["word"]
    assert influences[0]["start"] > len(before) - 150
    strongest = max(influences, key=lambda word: word["influence"])
    assert strongest["start"] >= len(before) - 20
    best = model.fill(text, top_k=1)[0]
    assert (explained["token_str"], explained["score"]) == (best["token_str"], pytest.approx(best["score"], abs=1e-5))


def test_long_texts_are_ranked_by_the_words_of_all_their_pieces(model, tokens):
    good = filler(tokens, 5000)
    place = good.index("。", len(good) // 2) + 1
    bad = good[:place] + "苹果跑步蓝色地，" * 40 + good[place:]
    ranked = model.rank([bad, good])
    assert [entry["candidate"] for entry in ranked] == [good, bad]
    checked = model.check(good)
    assert ranked[0]["log_probability"] == pytest.approx(sum(np.log(word["score"]) for word in checked), rel=1e-5)


def test_long_texts_are_classified_by_prompts(model):
    question = (["{text}，总的来说很__。"], {"好评": ["好", "满意"], "差评": ["差", "糟糕"]})
    text = "质量很差，太糟糕了，非常失望。" * 1000
    assert model.classify(text, *question)[0]["label"] == "差评"
    with pytest.raises(OptionError, match="more than 4,096 characters"):
        model.classify(text, ["很" * 5000 + "{text}__"], question[1])


HARD = {
    "spaces": " " * 1_000_000,
    "line ends": "\r\n" * 300_000,
    "zero-width spaces": "\u200b" * 300_000,
    "one character": "好" * 100_000,
    "one letter": "a" * 1_000_000,
    "one mark": "。" * 100_000,
    "no punctuation": "这家店的衣服质量很好物流也很快" * 5000,
    "unknown characters": "".join(map(chr, range(0x20000, 0x20000 + 20_000))),
    "accents": "a" + "\u0301\u0316" * 10_000,
    "emoji": "👩\u200d👩\u200d👧" * 20_000,
    "ampersands": "&" * 300_000,
    "underscores apart": "_ " * 100_000,
}


@pytest.mark.parametrize("kind", HARD)
def test_hard_texts_take_no_longer_than_others(model, kind):
    """None takes time that grows with the square of its length: that would be minutes."""
    text = HARD[kind]
    start = time.process_time()
    words = model.check(text)
    assert time.process_time() - start < 90
    for word in words[:: max(1, len(words) // 100)]:
        assert text[word["start"] : word["end"]] == word["word"]


def test_a_hundred_thousand_blanks(model):
    text = "很好，__，" * 100_000
    with pytest.raises(SentenceError, match="10 answers for each of 100,000 blanks would repeat 600,000 characters"):
        model.fill(text)
    with pytest.raises(SentenceError, match=r"^sentence 2: 10 answers"):
        model.fill(["很__", text])
    with pytest.raises(SentenceError, match="at most 12"):
        model.joint(text)
    with pytest.raises(SentenceError, match="nothing but blanks"):
        model.fill("__ " * 100_000)
    assert model.embed("很好，__，" * 5000).shape[0] == 5000
    assert sum(word["kind"] == "blank" for word in model.segment(text)) == 100_000


def test_a_message_does_not_repeat_a_long_sentence(model):
    with pytest.raises(SentenceError, match="nothing beside the blank") as caught:
        model.fill("\u200b" * 10_000 + "__")
    assert len(str(caught.value)) < 500
