"""Words' binary codes, fixed or learned with the network."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from tiankong.network.word_tables import fit_at_once, word_blocks

_START = 0.2
"""How far from 0 the numbers behind learned codes start: far enough that noise alone turns few bits."""

_CLIP = 1.0


class WordCodes(nn.Module):
    """Codes (V, bits) of 0 and 1. Those of some ids are the signs of numbers that training moves, the rest stay.

    A sign has no gradient that helps: the numbers get that of their bits, while they are within 1 of 0 (the
    straight-through estimator, Bengio et al. 2013, arXiv:1308.3432, clipped as by Hubara et al. 2016,
    arXiv:1602.02830, section 1.3). So words that are wanted in the same contexts come to share bits.
    """

    fixed: Tensor

    def __init__(self, codes: Tensor, first: int = 0, stop: int = 0) -> None:
        """``codes`` (V, bits) to begin with; those of the ids from ``first`` on and before ``stop`` are learned."""
        super().__init__()
        self.register_buffer("fixed", codes.to(torch.uint8), persistent=False)
        self.first, self.stop = first, stop
        self.latent: nn.Parameter | None = None
        if stop > first:
            self.latent = nn.Parameter(_START * (2 * codes[first:stop].float() - 1))

    @property
    def bits(self) -> int:
        """The length of a code."""
        return self.fixed.shape[1]

    def of(self, words: Tensor) -> Tensor:
        """Codes (R, bits) of ``words`` (R,)."""
        codes = self.fixed[words].float()
        if self.latent is None:
            return codes
        learned = (words >= self.first) & (words < self.stop)
        rows = words.clamp(self.first, self.stop - 1) - self.first
        learned_codes = _StraightThrough.apply(functional.embedding(rows, self.latent))  # type: ignore[no-untyped-call]
        return torch.where(learned[:, None], learned_codes, codes)

    def from_id(self, first: int) -> Tensor:
        """Codes (V - first, bits) of the ids from ``first`` on; if codes are learned, their ids are not below it."""
        if self.latent is None:
            return self.fixed[first:].float()
        learned = _StraightThrough.apply(self.latent)  # type: ignore[no-untyped-call]
        return torch.cat((self.fixed[first : self.first].float(), learned, self.fixed[self.stop :].float()))

    def logits(self, scores: Tensor, first: int, bias: Tensor) -> Tensor:
        """``code · scores + bias`` (N, V - first) of the ids from ``first`` on, for ``scores`` (N, bits) and the
        ``bias`` (V,) of all.
        """
        words = len(self.fixed)
        if torch.is_grad_enabled() or fit_at_once(words):
            return functional.linear(scores, self.from_id(first), bias[first:])
        logits = scores.new_empty(len(scores), words - first)
        for block in word_blocks(words - first):
            ids = slice(first + block.start, first + block.stop)
            codes = self.fixed[ids].float()
            start, stop = max(ids.start, self.first), min(ids.stop, self.stop)
            if self.latent is not None and start < stop:
                learned = self.latent[start - self.first : stop - self.first] > 0
                codes[start - ids.start : stop - ids.start] = learned.float()
            logits[:, block] = functional.linear(scores, codes, bias[ids])
        return logits

    def numbers(self) -> Tensor:
        """What the codes (V, bits) are the signs of; those that stay are -1 and 1."""
        numbers = 2 * self.fixed.float() - 1
        if self.latent is not None:
            numbers[self.first : self.stop] = self.latent.detach()
        return numbers

    def settle(self, codes: Tensor) -> None:
        """Ends learning with ``codes`` (V, bits)."""
        self.fixed = codes.to(self.fixed)
        self.latent = None


class _StraightThrough(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, numbers: Tensor) -> Tensor:
        ctx.save_for_backward(numbers)
        return (numbers > 0).to(numbers.dtype)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        (numbers,) = ctx.saved_tensors
        passed: Tensor = gradients[0] * (numbers.abs() <= _CLIP)
        return passed
