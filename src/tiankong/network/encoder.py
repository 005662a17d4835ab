"""The two directions: two separate stacks that never see each other before the head.

::

    words        <BEG>  w1   w2   w3   <EOF>
    forward  f    f0 →  f1 → f2 → f3            f(t) has read <BEG> … w(t)
    backward b          b1 ← b2 ← b3 ← b4       b(t) has read w(t) … <EOF>
    predict w2 from [ f1 ; b3 ], with ``neighbours`` also from the input vectors of w1 and w3, and with
    ``attention_size`` also from what [ f1 ; b3 ; … ] finds among f0, f1 and b3, b4

A stacked bidirectional layer would leak: from its second layer on, each direction reads the other's states,
which have seen the word to predict. The backward stack gets its words already in reading order, so both
are plain left-to-right networks and padding on the right is never read before a real word.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tiankong.config import ModelConfig
from tiankong.network.attention import ContextAttention
from tiankong.network.dropout import shared_dropout


class BidirectionalEncoder(nn.Module):
    """States before and after each predicted position. Sizes: embedding E, hidden H, predictions N.

    The input vectors of the two neighbours reach the head directly as well: a shortcut around the recurrence.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        cell = nn.LSTM if config.cell == "lstm" else nn.GRU
        between = config.output_dropout if config.layers > 1 else 0.0
        self.forward_stack, self.backward_stack = (
            cell(config.embedding_size, config.hidden_size, config.layers, batch_first=True, dropout=between)
            for _ in range(2)
        )
        self.output_dropout = config.output_dropout
        self.neighbours = config.neighbours
        self.attention: ContextAttention | None = None
        if config.attention_size:
            query, states = self.width(config) - config.attention_size, config.hidden_size + config.embedding_size
            self.attention = ContextAttention(query, states, config.attention_size, config.attention_heads)

    @staticmethod
    def width(config: ModelConfig) -> int:
        """The length of the encoder's output for a prediction."""
        neighbours = 2 * config.embedding_size if config.neighbours else 0
        return 2 * config.hidden_size + neighbours + config.attention_size

    def forward(
        self,
        left: Tensor,
        right: Tensor,
        forward_index: Tensor,
        backward_index: Tensor,
        by_sentence: Tensor,
        places: Tensor,
    ) -> Tensor:
        """``[f; b]`` (N, 2H), with neighbours and attention (N, 2H + 2E + A), from vectors ``left`` (B, T, E) and
        ``right`` (B, S, E) and the indices of ``NetworkInput``.
        """
        f, _ = self.forward_stack(left)  # (B, T, H)
        b, _ = self.backward_stack(right)  # (B, S, H)
        f = shared_dropout(f, self.output_dropout, self.training)
        b = shared_dropout(b, self.output_dropout, self.training)
        before, after = ([f, left], [b, right]) if self.neighbours else ([f], [b])
        parts = [states.flatten(0, 1).index_select(0, forward_index) for states in before]
        parts += [states.flatten(0, 1).index_select(0, backward_index) for states in after]
        seen = torch.cat(parts, dim=1)
        if self.attention is None:
            return seen
        states = torch.cat((f, left), dim=2), torch.cat((b, right), dim=2)
        gathered = self.attention(seen, states, (forward_index, backward_index), by_sentence, places)
        return torch.cat((seen, gathered), dim=1)
