"""Masks that cost little drop what they should, and nothing when the network answers."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tiankong.network.dropout import ByteDropout, shared_dropout


@given(
    shape=st.lists(st.integers(0, 9), min_size=1, max_size=3),
    share=st.floats(0, 0.95),
    kind=st.sampled_from([torch.float32, torch.bfloat16]),
)
def test_units_are_dropped_or_raised_alike(shape, share, kind):
    dropped = ByteDropout(share)(torch.ones(shape, dtype=kind))
    assert dropped.shape == tuple(shape)
    assert dropped.dtype == kind
    kept = dropped[dropped != 0]
    assert (kept == kept[:1]).all()
    assert kept.float() == pytest.approx(1 / (1 - round(share * 256) / 256), rel=0.01)


@pytest.mark.parametrize("share", [0.15, 0.5, 0.9])
def test_every_place_is_dropped_as_often_as_asked_for(share):
    torch.manual_seed(1)
    dropped = ByteDropout(share)(torch.ones(4000, 24))
    assert (dropped == 0).float().mean(dim=0) == pytest.approx([share] * 24, abs=0.03)
    assert float(dropped.mean()) == pytest.approx(1, abs=0.02)


def test_neighbours_are_dropped_independently():
    torch.manual_seed(1)
    kept = (ByteDropout(0.5)(torch.ones(4000, 16)) != 0).double()
    correlations = torch.corrcoef(kept.T) - torch.eye(16)
    assert float(correlations.abs().max()) < 0.07


def test_gradients_pass_where_units_are_kept():
    units = torch.ones(3, 40, requires_grad=True)
    dropped = ByteDropout(0.4)(units)
    dropped.sum().backward()
    assert torch.equal(units.grad, dropped.detach())


def test_nothing_is_dropped_when_it_answers_or_nothing_is_asked_for():
    units = torch.randn(5, 7)
    assert torch.equal(ByteDropout(0.5).eval()(units), units)
    assert torch.equal(ByteDropout(0.0)(units), units)
    assert torch.equal(shared_dropout(units[None], 0.5, training=False), units[None])


def test_a_sentence_has_one_mask_for_all_its_words():
    torch.manual_seed(1)
    dropped = shared_dropout(torch.ones(6, 5, 50), 0.5, training=True)
    assert (dropped == dropped[:, :1]).all()
    assert len({tuple(row) for row in dropped[:, 0].tolist()}) == 6
