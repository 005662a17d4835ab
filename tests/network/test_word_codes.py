"""Codes that are learned: which, how far, and what of them stays."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tiankong.network.word_codes import WordCodes

WORDS, BITS = 12, 50
RANGES = st.integers(0, WORDS).flatmap(lambda first: st.tuples(st.just(first), st.integers(first, WORDS)))


def given_codes() -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(7).integers(0, 2, (WORDS, BITS)).astype(np.uint8))


@given(RANGES)
def test_they_begin_as_they_were_given(learned):
    codes = WordCodes(given_codes(), *learned)
    torch.testing.assert_close(codes.of(torch.arange(WORDS)), given_codes().float())
    torch.testing.assert_close(codes.from_id(learned[0]), given_codes()[learned[0] :].float())
    torch.testing.assert_close((codes.numbers() > 0).to(torch.uint8), given_codes())


@given(RANGES, st.lists(st.integers(0, WORDS - 1), min_size=1, max_size=20))
def test_training_moves_those_that_are_learned_and_no_others(learned, words):
    first, stop = learned
    codes = WordCodes(given_codes(), first, stop)
    rows = torch.tensor(words)
    wanted = 1 - given_codes()[rows].float()  # every bit turned round
    for _ in range(3):
        loss = ((codes.of(rows) - wanted) ** 2).sum()
        if codes.latent is None:
            assert not loss.requires_grad
            break
        (gradient,) = torch.autograd.grad(loss, codes.latent)
        with torch.no_grad():
            codes.latent -= gradient
    turned = {word for word in words if first <= word < stop}
    after = (codes.numbers() > 0).to(torch.uint8)
    for word in range(WORDS):
        expected = 1 - given_codes()[word] if word in turned else given_codes()[word]
        torch.testing.assert_close(after[word], expected)


def test_a_bit_far_from_turning_is_left_alone():
    codes = WordCodes(given_codes(), 0, WORDS)
    with torch.no_grad():
        codes.latent[0, 0], codes.latent[0, 1] = 1.5, -0.5
    (gradient,) = torch.autograd.grad(codes.of(torch.tensor([0])).sum(), codes.latent)
    assert gradient[0, :2].tolist() == [0.0, 1.0]


def test_settled_codes_are_not_trained_on():
    codes = WordCodes(given_codes(), 2, 5)
    codes.settle(1 - given_codes())
    assert not list(codes.parameters())
    torch.testing.assert_close(codes.from_id(0), 1 - given_codes().float())


@pytest.mark.parametrize("learned", [(0, 0), (3, WORDS)])
def test_rows_and_table_agree(learned):
    codes = WordCodes(given_codes(), *learned)
    rows = torch.tensor([11, 3, 4, 3, 0])
    torch.testing.assert_close(codes.of(rows)[:2], codes.from_id(3)[rows[:2] - 3])
