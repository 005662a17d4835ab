"""Many phrases for a blank: the best of them, with the probabilities that reading all of them gives."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest

from tests.answers import same
from tiankong.model import load
from tiankong.request.candidates import parse_candidates
from tiankong.request.queries import parse_query
from tiankong.runtime import oov_words
from tiankong.runtime.joint_probability import phrase_log_probabilities
from tiankong.runtime.reading import Reading
from tiankong.sample.grammar import reviews
from tiankong.text.network_input import Window
from tiankong.text.vocabulary import BLANK, is_target

SENTENCE = "这件衣服质量__，很失望"


@pytest.fixture(scope="module", params=["reviews-zh", "model_folder", "codes_model_folder", "hybrid_model_folder"])
def model(request):
    if request.param == "reviews-zh":
        return load("reviews-zh", threads=2, words=["神速达"])
    return load(request.getfixturevalue(request.param), threads=2)


def phrases_of(model, count, lengths=(2, 3)):
    """Words that stand next to each other in reviews, some with a mark between them, some of unknown words."""
    phrases = {"神速达 很 快": None, "龘靐 很 快": None, "很 犇犇": None}
    for review in reviews(5000, seed=3):
        tokens = model.predictor.tokenizer.tokens(review.text)
        for length in lengths:
            for start in range(len(tokens) - length + 1):
                words = tokens[start : start + length]
                if is_target(words[0]) and is_target(words[-1]):
                    phrases[" ".join(words)] = None
        if len(phrases) >= count:
            break
    return list(phrases)[:count]


def by_hand(model, phrase, sentence):
    """The mean over both orders of the products of what a reading of the text for every word gives."""
    query = parse_query(sentence, model.predictor)
    unknown = [word for word in phrase if is_target(word) and not model.predictor.knows(word)]
    reading = Reading(model.predictor, model.predictor.oov_words(list(dict.fromkeys(unknown))))
    before, after = query.around(0)
    ids = reading.ids([*before, *(None if is_target(word) else word for word in phrase), *after])
    places, words = np.flatnonzero(ids == BLANK).tolist(), [word for word in phrase if is_target(word)]
    logs = []
    for order in (range(len(words)), reversed(range(len(words)))):
        filled, total = ids.copy(), 0.0
        for number in order:
            (found,) = reading.predictions([Window(filled, 1, len(filled) - 1, np.array([places[number]]))])
            answer = reading.answer_id(words[number])
            total += float(found.log_probabilities[answer])
            filled[places[number]] = reading.id_in_text(answer)
        logs.append(total)
    return float(np.exp(np.logaddexp(*logs) - np.log(2)))


@pytest.mark.parametrize("top_k", [1, 10, 100])
def test_the_best_of_many_are_those_of_all(model, top_k):
    phrases = phrases_of(model, 1200)
    every = model.fill(SENTENCE, targets=phrases, top_k=len(phrases), decoding="likelihood")
    assert len(every) >= len(phrases) - 3  # the tiny models may drop none; two phrases may be the same to a model
    best = model.fill(SENTENCE, targets=phrases, top_k=top_k, decoding="likelihood")
    assert len(best) == top_k
    assert [answer["score"] for answer in best] == pytest.approx(
        [answer["score"] for answer in every[:top_k]], rel=1e-4
    )
    scores = {answer["token_str"]: answer["score"] for answer in every}
    for answer in best:
        assert answer["score"] == pytest.approx(scores[answer["token_str"]], abs=1e-5, rel=1e-4)
        assert answer["sequence"] == SENTENCE.replace("__", answer["token_str"])


def test_scores_are_those_of_the_definition(model):
    """Those of known words; unknown ones share their probability with all others of the request."""
    phrases = [one for one in phrases_of(model, 600) if all(map(model.predictor.knows, one.split()))]
    parsed = {one.text: one.words for one in parse_candidates(phrases, model.predictor)}
    for answer in model.fill(SENTENCE, targets=phrases, top_k=5, decoding="likelihood"):
        assert answer["score"] == pytest.approx(by_hand(model, parsed[answer["token_str"]], SENTENCE), abs=1e-5)


@pytest.mark.parametrize("best", [1, 7, 64, 65, 300])
def test_what_is_left_out_is_not_among_the_best(model, best):
    phrases = [tuple(one.split()) for one in phrases_of(model, 400)]
    unknown = dict.fromkeys(
        word for one in phrases for word in one if is_target(word) and not model.predictor.knows(word)
    )
    reading = Reading(model.predictor, model.predictor.oov_words(list(unknown)))
    around = parse_query(SENTENCE, model.predictor).around(0)
    every = np.array(phrase_log_probabilities(phrases, *around, reading))
    some = np.array(phrase_log_probabilities(phrases, *around, reading, best))
    scored = np.isfinite(some)
    np.testing.assert_allclose(some[scored], every[scored], atol=1e-4)
    assert scored.sum() >= best
    assert every[~scored].max(initial=-np.inf) <= np.sort(every)[-best] + 1e-4


def test_words_and_phrases_among_each_other():
    model = load("reviews-zh", threads=1)
    words = [word for word in model.folder.vocabulary.words[4:4000] if is_target(word)][:500]
    phrases = phrases_of(model, 500)
    mixed = list(itertools.chain.from_iterable(zip(words, phrases, strict=True)))
    every = model.fill(SENTENCE, targets=mixed, top_k=1000)
    same(model.fill(SENTENCE, targets=mixed, top_k=20), every[:20])


def test_a_product_in_blocks_is_the_product():
    generator = np.random.default_rng(1)
    for rows, words, size in itertools.product((2, 31, 32, 33, 256), (1, 33, 1000), (16, 256, 300)):
        vectors = generator.standard_normal((words, size)).astype(np.float32)
        context = generator.standard_normal((rows, size)).astype(np.float32)
        some = oov_words.OovWords([str(number) for number in range(words)], None, vectors, 0.0)
        np.testing.assert_allclose(some._products(context), context @ vectors.T, atol=1e-3, rtol=1e-4)


def test_nine_thousand_phrases_take_no_longer_than_a_few_hundred_words():
    model = load("reviews-zh", threads=1)
    phrases = phrases_of(model, 9000)
    assert len(phrases) == 9000
    model.fill(SENTENCE, targets=phrases[:500])
    start = time.process_time()
    model.fill(SENTENCE, targets=phrases)
    seconds = time.process_time() - start
    start = time.process_time()
    model.fill(SENTENCE, targets=phrases[:2000], top_k=2000)  # all of these are scored
    assert seconds < 2 * (time.process_time() - start)
