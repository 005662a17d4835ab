"""Words outside the vocabulary, against plain arithmetic on a vocabulary made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tiankong.model import load
from tiankong.runtime.decoding import CodesDecoder, SoftmaxDecoder
from tiankong.runtime.oov_words import CharacterIndex, OovWords
from tiankong.text.vocabulary import SPECIAL_TOKENS, Vocabulary

WORDS = ["很好", "好看", "，", "质量", "物流", "3", "量大", "快"]
COUNTS = [90, 60, 50, 40, 20, 9, 5, 2]
VOCABULARY = Vocabulary(WORDS, COUNTS)
INDEX = CharacterIndex(VOCABULARY)
FIRST = len(SPECIAL_TOKENS)
SIZE = len(VOCABULARY)


def id_of(word):
    return VOCABULARY.id_of(word)


def rows(number, seed=0):
    """Logits and the log probabilities that they make."""
    logits = np.random.default_rng(seed).normal(size=(number, SIZE)).astype(np.float32)
    return logits, SoftmaxDecoder(VOCABULARY.targets()).log_probabilities(logits)


def dice(word, other):
    return 2 * len(set(word) & set(other)) / (len(set(word)) + len(set(other)))


def test_similar_words_share_characters():
    words, weights = INDEX.similar("好质量")
    expected = {word: dice("好质量", word) ** 2 for word in ("质量", "很好", "好看", "量大")}
    assert {VOCABULARY.words[word] for word in words} == set(expected)
    total = sum(expected.values())
    for word, weight in zip(words.tolist(), weights.tolist(), strict=True):
        assert weight == pytest.approx(expected[VOCABULARY.words[word]] / total, abs=1e-6)
    assert words[0] == id_of("质量")  # two of three characters


def test_a_word_that_shares_no_character_is_like_the_rarest():
    words, weights = INDEX.similar("龘")
    assert {VOCABULARY.words[word] for word in words} == {word for word in WORDS if word not in "，3"}
    assert weights == pytest.approx(1 / len(words))


def test_log_counts_of_the_special_tokens_are_finite():
    assert INDEX.log_counts[:FIRST] == pytest.approx(0)
    assert INDEX.log_counts[FIRST:] == pytest.approx(np.log(COUNTS))


def test_without_words_nothing_changes():
    logits, logs = rows(2)
    empty = OovWords([], INDEX, None, 0.0)
    assert len(empty) == 0
    assert empty.append_to(logs, logits, logits) is logs


def test_logits_are_the_mean_of_similar_words_seen_once():
    logits, logs = rows(3)
    oov = OovWords(["快物", "好质量"], INDEX, None, 0.0)
    extended = oov.append_to(logs, logits, logits)
    assert extended.shape == (3, SIZE + 2)
    for place, word in enumerate(oov.words):
        similar, weights = INDEX.similar(word)
        level = (logs[:, similar] - np.log(VOCABULARY.counts[similar])) @ weights
        ratio = extended[:, SIZE + place] - extended[:, id_of("快")]
        np.testing.assert_allclose(ratio, level - logs[:, id_of("快")], atol=1e-5)


@pytest.mark.parametrize("composed", [False, True])
def test_probabilities_still_sum_to_one(composed):
    logits, logs = rows(4)
    generator = np.random.default_rng(1)
    context = generator.normal(size=(4, 6)).astype(np.float32)
    vectors = generator.normal(size=(3, 6)).astype(np.float32) if composed else None
    oov = OovWords(["快物", "龘", "好质量"], INDEX, vectors, -2.0)
    extended = oov.append_to(logs, logits, context)
    np.testing.assert_allclose(np.exp(extended).sum(axis=1), 1, atol=1e-5)
    possible = np.isfinite(logs)
    ratios = (extended[:, :SIZE][possible] - logs[possible]).reshape(4, -1)
    np.testing.assert_allclose(ratios, np.broadcast_to(ratios[:, :1], ratios.shape), atol=1e-5)  # all by one factor
    assert not np.isfinite(extended[:, id_of("，")]).any()


def test_composed_vectors_are_scored_as_the_head_scores_words():
    generator = np.random.default_rng(2)
    context = generator.normal(size=(2, 5)).astype(np.float32)
    output = generator.normal(size=(SIZE + 1, 5)).astype(np.float32)
    bias = -1.5
    logits = context @ output.T + bias
    targets = VOCABULARY.targets()
    oov = OovWords(["龘"], INDEX, output[SIZE:], bias)
    logs = SoftmaxDecoder(targets).log_probabilities(logits[:, :SIZE])
    whole = SoftmaxDecoder(np.append(targets, True)).log_probabilities(logits)
    np.testing.assert_allclose(oov.append_to(logs, logits[:, :SIZE], context), whole, atol=1e-5)


def test_a_code_has_the_bits_of_most_similar_words():
    codes = np.random.default_rng(3).integers(0, 2, (SIZE, 16)).astype(np.uint8)
    decoder = CodesDecoder(np.packbits(codes, axis=1), 16, np.zeros(SIZE, dtype=np.float32), VOCABULARY.targets())
    oov = OovWords(["好质量", "龘"], INDEX, None, 0.0)
    for row, word in zip(oov.codes(decoder), oov.words, strict=True):
        similar, weights = INDEX.similar(word)
        np.testing.assert_array_equal(row, weights @ codes[similar] > 0.5)


def test_a_word_of_the_built_in_model_is_scored_the_same_alone_and_among_others():
    model = load(threads=1)
    sentence = "外套做工__，穿着很暖和"
    alone = {word: model.fill(sentence, targets=[word])[0]["score"] for word in ("龘靐", "精良好")}
    together = {answer["token_str"]: answer["score"] for answer in model.fill(sentence, targets=list(alone))}
    for word, score in alone.items():
        assert together[word] == pytest.approx(score, rel=1e-2)
    assert alone["精良好"] > alone["龘靐"]
