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
        sentences, most = by_sentence.shape
        flat = by_sentence.flatten()
        heads = (sentences, most, self.heads, self.size // 2 // self.heads)
        queries = self.query(query).index_select(0, flat).view(heads).transpose(1, 2)  # (B, heads, P, ·)
        keys, values, hidden = [], [], []
        for project, own, at in zip((self.forward_states, self.backward_states), states, index, strict=True):
            length = own.shape[1]
            key, value = project(own).split((self.size // 2, self.size), dim=2)
            keys.append(key)
            values.append(value)
            rows = torch.arange(sentences, device=own.device)[:, None] * length
            last = (at.index_select(0, flat).view(sentences, most) - rows).clamp(
                min=0
            )  # (B, P); padding sees one state
            hidden.append(torch.arange(length, device=own.device) > last[:, :, None])  # (B, P, length)
        seen = (sentences, -1, self.heads, self.size // 2 // self.heads)
        key = torch.cat(keys, dim=1).view(seen).permute(0, 2, 3, 1)  # (B, heads, ·, T + S)
        value = (
            torch.cat(values, dim=1).view(sentences, -1, self.heads, self.size // self.heads).transpose(1, 2)
        )  # (B, heads, T + S, ·)
        scores = queries @ key * (self.size // 2 // self.heads) ** -0.5
        scores = scores.masked_fill(torch.cat(hidden, dim=2)[:, None], -torch.inf)
        gathered: Tensor = (scores.softmax(dim=-1) @ value).transpose(1, 2).reshape(sentences * most, self.size)
        return gathered.index_select(0, places)
