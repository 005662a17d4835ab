"""The one-pass sampled softmax against the plain chain of operations."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tiankong.model.sampled_softmax import SampledSoftmaxLoss


def plain_loss(context, table, offset, targets, sample):
    positive = (context * table[targets]).sum(dim=1) + offset[targets]
    negative = (context @ table[sample].T + offset[sample]).masked_fill(sample == targets[:, None], -torch.inf)
    return (torch.logsumexp(torch.cat((positive[:, None], negative), dim=1), dim=1) - positive).mean()


@settings(max_examples=30, deadline=None)
@given(rows=st.integers(1, 600), negatives=st.integers(1, 80), seed=st.integers(0, 10_000))
def test_same_value_and_gradients_as_the_plain_chain(rows, negatives, seed):
    torch.manual_seed(seed)
    leaves = [torch.randn(rows, 6), torch.randn(40, 6), torch.randn(40)]
    targets, sample = torch.randint(40, (rows,)), torch.randint(40, (negatives,))
    results = []
    for loss in (SampledSoftmaxLoss.apply, plain_loss):
        inputs = [leaf.clone().requires_grad_() for leaf in leaves]
        value = loss(*inputs, targets, sample)
        results.append((value, *torch.autograd.grad(2.5 * value, inputs)))
    for ours, theirs in zip(*results, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-4)
