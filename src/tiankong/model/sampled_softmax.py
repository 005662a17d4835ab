"""Sampled softmax loss in one pass: a few rows at a time, gradients taken while their logits are in the cache.

The usual chain (matrix product, mask, concatenate, logsumexp) writes and reads the (N, S) logits some ten times;
here they never leave the cache. Same value and gradients as that chain, up to rounding.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

_ROWS = 256


class SampledSoftmaxLoss(torch.autograd.Function):
    """Mean cross-entropy of targets (N,) against S shared negatives.

    Logits are ``context · table[word] + offset[word]``; a negative that is the target itself is left out.
    """

    @staticmethod
    def forward(  # noqa: D102
        ctx: Any, context: Tensor, table: Tensor, offset: Tensor, targets: Tensor, sample: Tensor
    ) -> Tensor:
        kind = context.dtype
        others, own = table[sample].to(kind), table[targets]
        others_offset, own_offset = offset[sample], offset[targets]
        context_gradient = torch.empty(context.shape, dtype=torch.float32, device=context.device)
        others_gradient = torch.zeros(others.shape, dtype=torch.float32, device=context.device)
        target_gradient = torch.empty_like(own_offset)  # p(target) - 1
        negative_gradient = torch.zeros_like(others_offset)
        total = torch.zeros((), device=context.device)
        for start in range(0, len(targets), _ROWS):
            rows = slice(start, start + _ROWS)
            part = context[rows]
            positive = (part.float() * own[rows]).sum(dim=1) + own_offset[rows]
            shares = (part @ others.T).float().add_(others_offset)
            shares.masked_fill_(sample == targets[rows, None], -torch.inf)
            highest = torch.maximum(shares.amax(dim=1), positive)
            shares.sub_(highest[:, None]).exp_()
            own_share = (positive - highest).exp()
            sums = shares.sum(dim=1) + own_share
            total += (sums.log() + highest - positive).sum()
            shares.div_(sums[:, None])
            target_gradient[rows] = own_share / sums - 1
            rounded = shares.to(kind)
            context_gradient[rows] = (rounded @ others).float() + target_gradient[rows, None] * own[rows]
            others_gradient += (rounded.T @ part).float()
            negative_gradient += shares.sum(dim=0)
        own_gradient = context.float() * target_gradient[:, None]
        words = torch.cat((sample, targets))
        scale = 1 / len(targets)
        table_gradient = torch.zeros_like(table)
        table_gradient.index_add_(0, words, torch.cat((others_gradient, own_gradient)), alpha=scale)
        offset_gradient = torch.zeros_like(offset)
        offset_gradient.index_add_(0, words, torch.cat((negative_gradient, target_gradient)), alpha=scale)
        ctx.save_for_backward((context_gradient * scale).to(kind), table_gradient, offset_gradient)
        return total * scale

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Any:  # noqa: D102
        context_gradient, table_gradient, offset_gradient = ctx.saved_tensors
        return (
            context_gradient * gradient.to(context_gradient.dtype),
            table_gradient * gradient,
            offset_gradient * gradient,
            None,
            None,
        )
