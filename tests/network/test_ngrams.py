"""Vectors of the n-grams beside a prediction."""

from __future__ import annotations

import dataclasses

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.networks import FIRST, VOCABULARY, arrays, shape
from tiankong.network.context import tensors
from tiankong.network.ngrams import NgramVectors
from tiankong.text.vocabulary import Vocabulary

CONFIG = dataclasses.replace(shape("lstm", 1, "softmax", 8), ngram_rows=4096)
LAST = len(VOCABULARY)
WORDS = [f"word {number}" for number in range(LAST - FIRST)]
TEXT = st.lists(st.integers(FIRST, LAST - 1), min_size=1, max_size=9)


def ngrams(words):
    """Untrained ones, for a vocabulary of ``words``."""
    torch.manual_seed(1)
    return NgramVectors(CONFIG, Vocabulary(words, [1] * len(words)).keys()).eval()


def vectors(module, text, drop=0.0):
    """Of each word of a text, by what stands beside it."""
    words, _, forward, backward, forward_index, backward_index, _, _ = tensors(arrays(text))
    with torch.no_grad():
        return module(words, forward, backward, forward_index, backward_index, drop)


@given(TEXT, st.permutations(range(len(WORDS))))
@settings(max_examples=50, deadline=None)
def test_another_vocabulary_with_the_same_words_reads_the_same(text, order):
    renumbered = [FIRST + order.index(word - FIRST) for word in text]
    other = ngrams([WORDS[number] for number in order])
    assert torch.equal(vectors(ngrams(WORDS), text), vectors(other, renumbered))


@given(st.lists(st.integers(FIRST, LAST - 1), min_size=7, max_size=9), st.integers(FIRST, LAST - 1))
@settings(max_examples=50, deadline=None)
def test_the_two_words_on_either_side_are_read_and_nothing_else(text, word):
    module, place = ngrams(WORDS), 3
    before = vectors(module, text)[place]
    for changed in range(len(text)):
        other = [*text]
        other[changed] = word
        same = torch.equal(vectors(module, other)[place], before)
        assert same is (changed == place or abs(changed - place) > 2 or word == text[changed])


def test_the_same_words_in_another_order_are_another_ngram():
    one, other = (vectors(ngrams(WORDS), [FIRST, *pair, FIRST + 3])[3] for pair in ([5, 6], [6, 5]))
    assert not torch.equal(one, other)


def test_in_training_a_share_is_dropped():
    module = ngrams(WORDS).train()
    text = [FIRST + number % (LAST - FIRST) for number in range(400)]
    by_pattern = vectors(module, text, drop=0.3).view(-1, CONFIG.ngram_size)
    assert np.isclose(float((by_pattern == 0).all(dim=1).float().mean()), 0.3, atol=0.05)
    assert (vectors(module, text) != 0).any(dim=1).all()
