"""The sampled softmax against the plain chain of operations and against the exact softmax."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tiankong.network.sampled_softmax import SampledSoftmaxLoss, draw, inclusion_probabilities


def plain_loss(context, table, bias, targets, sample, log_weights):
    positive = (context * table[targets]).sum(dim=1) + bias[targets]
    negative = (context @ table[sample].T + bias[sample] + log_weights).masked_fill(
        sample == targets[:, None], -torch.inf
    )
    return (torch.logsumexp(torch.cat((positive[:, None], negative), dim=1), dim=1) - positive).mean()


@settings(max_examples=30, deadline=None)
@given(rows=st.integers(1, 600), negatives=st.integers(1, 80), seed=st.integers(0, 10_000))
def test_same_value_and_gradients_as_the_plain_chain(rows, negatives, seed):
    torch.manual_seed(seed)
    leaves = [torch.randn(rows, 6), torch.randn(40, 6), torch.randn(40)]
    targets, sample, log_weights = torch.randint(40, (rows,)), torch.randint(40, (negatives,)), torch.rand(negatives)
    results = []
    for loss in (SampledSoftmaxLoss.apply, plain_loss):
        inputs = [leaf.clone().requires_grad_() for leaf in leaves]
        value = loss(*inputs, targets, sample, log_weights)
        results.append((value, *torch.autograd.grad(2.5 * value, inputs)))
    for ours, theirs in zip(*results, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-4)


@settings(max_examples=50, deadline=None)
@given(words=st.integers(1, 300), share=st.floats(0.01, 1), spread=st.floats(0, 4), seed=st.integers(0, 10_000))
def test_inclusion_probabilities_and_what_is_drawn_with_them(words, share, spread, seed):
    torch.manual_seed(seed)
    size = max(1, int(share * words))
    weights = torch.exp(spread * torch.randn(words))
    inclusion = inclusion_probabilities(weights, size)
    assert abs(float(inclusion.sum()) - size) < 1e-6
    assert float(inclusion.max()) <= 1
    below = inclusion < 1
    ratios = inclusion[below] / weights[below]
    torch.testing.assert_close(ratios, ratios[:1].expand_as(ratios))
    sample = draw(inclusion)
    assert abs(len(sample) - size) <= 1
    assert len(sample.unique()) == len(sample)
    certain = torch.nonzero(inclusion >= 1).flatten()
    assert torch.isin(certain, sample).all()


def test_words_are_drawn_as_often_as_they_should_be():
    torch.manual_seed(0)
    inclusion = inclusion_probabilities(torch.tensor([90.0, 9.0, 4.0, 2.0, 1.0, 1.0, 0.0]), 3)
    draws = 20_000
    counts = torch.zeros(7)
    for _ in range(draws):
        counts[draw(inclusion)] += 1
    torch.testing.assert_close(counts / draws, inclusion.float(), atol=0.015, rtol=0)


def test_the_estimated_sum_is_right_on_average_and_exact_for_the_whole_vocabulary():
    torch.manual_seed(0)
    context, table, bias, targets = torch.randn(20, 8), torch.randn(60, 8), torch.randn(60), torch.randint(60, (20,))
    exact = torch.logsumexp(context @ table.T + bias, dim=1)

    def log_sum(size):
        inclusion = inclusion_probabilities(torch.arange(60, 0, -1.0), size)
        sample = draw(inclusion)
        log_weights = -torch.log(inclusion[sample]).float()
        own = (context * table[targets]).sum(dim=1) + bias[targets]
        return torch.stack(
            [
                SampledSoftmaxLoss.apply(row[None], table, bias, target[None], sample, log_weights) + positive
                for row, target, positive in zip(context, targets, own, strict=True)
            ]
        )

    torch.testing.assert_close(log_sum(60), exact, atol=1e-4, rtol=1e-4)
    average = torch.stack([torch.exp(log_sum(20) - exact) for _ in range(1000)]).mean(dim=0)
    torch.testing.assert_close(average, torch.ones(20), atol=0.15, rtol=0)
