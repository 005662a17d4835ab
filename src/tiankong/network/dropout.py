"""Dropout whose masks cost little: one draw for a whole sentence, or for eight units at once."""

from __future__ import annotations

import torch
from torch import Tensor, nn

_CHANCES = 256


def shared_dropout(states: Tensor, share: float, training: bool) -> Tensor:
    """Drops the same features (B, T, H) at every position of a sentence (Gal & Ghahramani 2016, section 4)."""
    if not training or share == 0:
        return states
    kept = torch.rand(states.shape[0], 1, states.shape[2], device=states.device) >= share
    return states * (kept / (1 - share)).to(states.dtype)


class ByteDropout(nn.Module):
    """Drops every unit on its own (Srivastava et al. 2014), by one random byte each.

    A draw of 64 bits decides on eight units; :class:`torch.nn.Dropout` draws for every one. The share dropped is
    ``share`` to the nearest 1/256.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self._dropped = round(share * _CHANCES)

    def forward(self, units: Tensor) -> Tensor:
        """``units`` of any shape; in training with some set to 0 and the others raised to the same mean."""
        if not self.training or self._dropped == 0:
            return units
        draws = torch.empty((units.numel() + 7) // 8, dtype=torch.int64, device=units.device)
        draws.random_(-(2**63), None)  # without bounds the highest bit would always be 0
        chances = draws.view(torch.uint8)[: units.numel()].view(units.shape)
        kept = (chances >= self._dropped).to(units.dtype)
        return units * kept.mul_(_CHANCES / (_CHANCES - self._dropped))
