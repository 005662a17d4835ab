"""What a prediction gathers from every word that it may see, past the bottleneck of the two last states."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ContextAttention(nn.Module):
    """Attention over the forward states up to the word before a blank and the backward states up to the word after,
    each with the input vector of the word read last.

    Multi-head, as Vaswani et al. 2017, section 3.2.2, with one softmax over both directions; each has its own keys
    and values. A state that has read the word to predict is out of its reach, so nothing leaks. Sizes: query Q,
    states with vectors D, gathered A; keys are half as long.
    """

    def __init__(self, query_size: int, states_size: int, size: int, heads: int) -> None:
        super().__init__()
        self.size, self.heads = size, heads
        self.query = nn.Linear(query_size, size // 2)
        self.forward_states, self.backward_states = (nn.Linear(states_size, size // 2 + size) for _ in range(2))

    def forward(
        self,
        query: Tensor,
        states: tuple[Tensor, Tensor],
        index: tuple[Tensor, Tensor],
        by_sentence: Tensor,
        places: Tensor,
    ) -> Tensor:
        """Gathered vectors (N, A) for queries (N, Q).

        ``states`` (B, T, D) and (B, S, D) and flat positions ``index`` (N,) in each as in ``NetworkInput``, as are
        ``by_sentence`` (B, P) and ``places`` (N,).
        """
        if not len(places):  # index_select refuses to choose none of none
            return query.new_zeros(0, self.size)
        # Few shapes name a size of the batch: each is half a dozen nodes of the exported network, which take as long as
        # the arithmetic of a single query.
        each = self.size // 2 // self.heads
        queries = self.query(query).view(-1, self.heads, each)[by_sentence].transpose(1, 2)  # (B, heads, P, ·)
        keys, values, hidden = [], [], []
        for project, direction, at in zip((self.forward_states, self.backward_states), states, index, strict=True):
            key, value = project(direction).split((self.size // 2, self.size), dim=2)
            keys.append(key)
            values.append(value)
            within = torch.arange(direction.shape[1], device=direction.device)
            first = torch.arange(direction.shape[0], device=direction.device)[:, None] * direction.shape[1]
            last = at[by_sentence] - first  # (B, P); padding asks for another sentence's, and sees one state at least
            hidden.append(within > last.clamp(min=0)[:, :, None])  # (B, P, length)
        shape = (by_sentence.shape[0], -1, self.heads)
        key = torch.cat(keys, dim=1).view(*shape, each).permute(0, 2, 3, 1)  # (B, heads, ·, T + S)
        value = torch.cat(values, dim=1).view(*shape, 2 * each).transpose(1, 2)  # (B, heads, T + S, ·)
        scores = queries @ key * each**-0.5
        scores = scores.masked_fill(torch.cat(hidden, dim=2)[:, None], -torch.inf)
        gathered: Tensor = (scores.softmax(dim=-1) @ value).transpose(1, 2).reshape(-1, self.size)
        return gathered.index_select(0, places)
