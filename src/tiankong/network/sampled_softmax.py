"""Sampled softmax: the sum over the vocabulary estimated from words drawn without replacement, in one pass.

A word with inclusion probability π that is drawn counts 1/π times, so the sum's expectation is the exact one
(Horvitz & Thompson 1952; importance sampling of the softmax: Bengio & Senécal 2008). Frequent words have π = 1:
they are always there and counted exactly, and only the tail is estimated. The target is always counted once.

The loss takes a few rows at a time and their gradients while the logits are in the cache: the usual chain (matrix
product, mask, concatenate, logsumexp) writes and reads the (N, S) logits some ten times. Same value and gradients
as that chain, up to rounding.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

_ROWS = 256


def inclusion_probabilities(weights: Tensor, size: int) -> Tensor:
    """Probabilities (V,) proportional to ``weights`` (V,) but at most 1, that add up to ``size``.

    ``size`` must not exceed the number of positive weights.
    """
    ordered = weights.double().sort(descending=True).values
    rest = ordered.flip(0).cumsum(0).flip(0)  # the sum of a weight and all below it
    # With the n largest at 1, the others share size - n; n is the first for which none of them exceeds 1.
    certain = torch.arange(len(ordered), device=weights.device)
    scale = (size - certain).clamp(min=0) / rest.clamp(min=torch.finfo(torch.double).tiny)
    fits = ordered * scale <= 1
    first = int(fits.to(torch.uint8).argmax())
    return (weights.double() * scale[first]).clamp(max=1)


def draw(inclusion: Tensor) -> Tensor:
    """Distinct words (S,), each with its ``inclusion`` probability (V,): systematic sampling in random order.

    The words lie end to end in random order, each as long as its probability; every whole step from a random
    start takes the word it falls on (Madow 1949).
    """
    order = torch.randperm(len(inclusion), device=inclusion.device)
    ends = inclusion[order].cumsum(0) + torch.rand((), dtype=inclusion.dtype, device=inclusion.device)
    steps = ends.floor()
    taken = torch.diff(steps, prepend=steps.new_zeros(1)) > 0
    return order[taken]


class SampledSoftmaxLoss(torch.autograd.Function):
    """Mean cross-entropy of targets (N,) against S shared negatives.

    Logits are ``context · table[word] + bias[word]``; negatives' are raised by ``log_weights`` (S,), and a
    negative that is the target itself is left out.
    """

    @staticmethod
    def forward(  # noqa: D102
        ctx: Any, context: Tensor, table: Tensor, bias: Tensor, targets: Tensor, sample: Tensor, log_weights: Tensor
    ) -> Tensor:
        kind = context.dtype
        negatives, wanted = table[sample].to(kind), table[targets]
        negative_offset, target_bias = bias[sample] + log_weights, bias[targets]
        context_gradient = torch.empty(context.shape, dtype=torch.float32, device=context.device)
        negatives_gradient = torch.zeros(negatives.shape, dtype=torch.float32, device=context.device)
        target_gradient = torch.empty_like(target_bias)  # p(target) - 1
        negative_gradient = torch.zeros_like(negative_offset)
        total = torch.zeros((), device=context.device)
        size = _ROWS if context.device.type == "cpu" else max(1, len(targets))  # a GPU has no such cache
        for start in range(0, len(targets), size):
            rows = slice(start, start + size)
            part = context[rows]
            positive = (part.float() * wanted[rows]).sum(dim=1) + target_bias[rows]
            shares = (part @ negatives.T).float().add_(negative_offset)
            shares.masked_fill_(sample == targets[rows, None], -torch.inf)
            highest = torch.maximum(shares.amax(dim=1), positive)
            shares.sub_(highest[:, None]).exp_()
            target_share = (positive - highest).exp()
            sums = shares.sum(dim=1) + target_share
            total += (sums.log() + highest - positive).sum()
            shares.div_(sums[:, None])
            target_gradient[rows] = target_share / sums - 1
            rounded = shares.to(kind)
            context_gradient[rows] = (rounded @ negatives).float() + target_gradient[rows, None] * wanted[rows]
            negatives_gradient += (rounded.T @ part).float()
            negative_gradient += shares.sum(dim=0)
        targets_gradient = context.float() * target_gradient[:, None]
        words = torch.cat((sample, targets))
        scale = 1 / len(targets)
        table_gradient = torch.zeros_like(table)
        table_gradient.index_add_(0, words, torch.cat((negatives_gradient, targets_gradient)), alpha=scale)
        bias_gradient = torch.zeros_like(bias)
        bias_gradient.index_add_(0, words, torch.cat((negative_gradient, target_gradient)), alpha=scale)
        ctx.save_for_backward((context_gradient * scale).to(kind), table_gradient, bias_gradient)
        return total * scale

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Any:  # noqa: D102
        context_gradient, table_gradient, bias_gradient = ctx.saved_tensors
        return (
            context_gradient * gradient.to(context_gradient.dtype),
            table_gradient * gradient,
            bias_gradient * gradient,
            None,
            None,
            None,
        )
