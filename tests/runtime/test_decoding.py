"""Words from codes: packed bits answer as plain arithmetic on unpacked ones does."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file

from tiankong.errors import OptionError
from tiankong.model import load
from tiankong.runtime import decoding

SIZES = st.tuples(st.integers(50, 140), st.integers(5, 60), st.integers(1, 9), st.integers(0, 2**32 - 1))


def example(bits, words, rows, seed):
    generator = np.random.default_rng(seed)
    codes = generator.integers(0, 2, (words, bits)).astype(np.uint8)
    bias = generator.normal(size=words).astype(np.float32)
    candidate = generator.random(words) < 0.8
    candidate[-1] = True
    return codes, bias, candidate, generator.normal(size=(rows, bits)).astype(np.float32)


@pytest.fixture(params=["dense", "packed"], autouse=True)
def _small_blocks(request, monkeypatch):
    """Several blocks of words, kept as numbers or unpacked when needed."""
    monkeypatch.setattr(decoding, "_WORDS_AT_ONCE", 8)
    if request.param == "packed":
        monkeypatch.setattr(decoding, "_MOST_DENSE", 0)


def decoder_of(codes, bias, candidate, frequent=0):
    return decoding.CodesDecoder(np.packbits(codes, axis=1), codes.shape[1], bias, candidate, frequent)


FIXTURES = [HealthCheck.function_scoped_fixture]


@given(SIZES)
@settings(deadline=None, suppress_health_check=FIXTURES, max_examples=60)
def test_likelihood_is_a_softmax_whose_vectors_are_the_codes(sizes):
    codes, bias, candidate, scores = example(*sizes)
    found = decoder_of(codes, bias, candidate).log_probabilities(scores)
    logits = scores.astype(np.float64) @ codes.T + bias
    logits[:, ~candidate] = -np.inf
    expected = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(found, expected, atol=1e-4)


@given(SIZES)
@settings(deadline=None, suppress_health_check=FIXTURES, max_examples=60)
def test_distance_is_euclidean_between_bits_and_codes(sizes):
    codes, bias, candidate, scores = example(*sizes)
    decoder = decoder_of(codes, bias, candidate)
    expected = np.linalg.norm((scores > 0)[:, None, :].astype(float) - codes[None], axis=2)
    words = np.arange(len(codes))[::-1]
    np.testing.assert_allclose(decoder.distances(decoder.codes_of(words), scores), expected[:, ::-1], rtol=1e-6)
    agreeing = 1 + codes.shape[1] - expected**2
    agreeing[:, ~candidate] = 0
    np.testing.assert_allclose(decoder.agreements(scores), agreeing, rtol=1e-6)
    own = decoder.agreements_with(decoder.codes_of(words), scores)[:, ::-1]
    np.testing.assert_array_equal(own[:, candidate], decoder.agreements(scores)[:, candidate])


@given(SIZES, st.integers(1, 5))
@settings(deadline=None, suppress_health_check=FIXTURES, max_examples=60)
def test_frequent_words_keep_their_own_logits(sizes, frequent):
    codes, bias, candidate, scores = example(*sizes)
    own = np.random.default_rng(1).normal(size=(len(scores), frequent)).astype(np.float32)
    decoder = decoder_of(codes, bias, candidate, frequent)
    found = decoder.log_probabilities(np.concatenate((own, scores), axis=1))
    logits = scores.astype(np.float64) @ codes.T + bias
    logits[:, :frequent] = own
    logits[:, ~candidate] = -np.inf
    expected = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert not decoder.has_distances


@given(SIZES)
@settings(deadline=None, suppress_health_check=FIXTURES, max_examples=30)
def test_a_query_alone_and_among_others_answers_alike(sizes):
    codes, bias, candidate, scores = example(*sizes)
    scores = np.repeat(scores, 5, axis=0)
    decoder = decoder_of(codes, bias, candidate)
    together = decoder.log_probabilities(scores)
    alone = np.concatenate([decoder.log_probabilities(row[None]) for row in scores])
    np.testing.assert_allclose(together, alone, atol=1e-4)


def test_a_hybrid_model_fills_and_has_no_distance(hybrid_model_folder):
    model = load(hybrid_model_folder)
    answers = model.fill("物流__，第二天就到了", top_k=len(model.folder.vocabulary))
    assert len(answers) == int(model.folder.vocabulary.targets().sum())
    assert sum(answer["score"] for answer in answers) == pytest.approx(1, abs=1e-4)
    assert "distance" not in answers[0]
    with pytest.raises(OptionError, match="distance needs a model with head codes"):
        model.fill("物流__，第二天就到了", decoding="distance")


def test_only_the_frequent_words_of_a_hybrid_have_input_vectors(hybrid_model_folder):
    weights = load_file(hybrid_model_folder / "model.safetensors")
    assert len(weights["embedding.words.weight"]) == 4 + 60
    assert len(weights["head.bias"]) == len(load(hybrid_model_folder).folder.vocabulary)


@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 700),
    st.integers(1, 30),
    st.sampled_from([0.0, 0.5, 0.99]),
    st.sampled_from(["floats", "tied", "counts"]),
)
def test_the_best_are_those_that_sorting_finds(seed, size, count, share, kind):
    generator = np.random.default_rng(seed)
    order = generator.normal(size=size).astype(np.float32)
    if kind == "tied":
        order = np.round(order)
    if kind == "counts":
        order = generator.binomial(100, 0.5, size).astype(np.uint8)
    excluded = generator.random(size) < share
    order[excluded] = decoding.excluded(order)
    expected = [number for number in np.argsort(-order.astype(float), kind="stable") if not excluded[number]][:count]
    assert decoding.best(order, count).tolist() == expected
