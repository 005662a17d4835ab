"""Vectors of the word n-grams right beside a prediction, in a table that they share by hashing.

What is a fixed phrase or a plain fact depends on the few nearest words alone, and there are too many of such contexts
for the recurrent weights. A hashed table of vectors remembers the frequent ones and costs a look-up (as fastText's word
n-grams: Joulin et al. 2017, E17-2068, section 2.1).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from tiankong.config import ModelConfig
from tiankong.text.network_input import Ints

_PATTERNS: tuple[tuple[int, ...], ...] = ((-2, -1), (1, 2), (-1, 1), (-2, -1, 1), (-1, 1, 2))
"""Places of an n-gram's words, from the predicted one."""

_FACTOR, _MODULUS = 1_000_003, (1 << 31) - 1
"""A step stays below 2^52, whatever the keys are."""

_OUTSIDE = 0
"""The key of what lies outside a text."""


class NgramVectors(nn.Module):
    """A vector for each pattern of words beside a prediction. Sizes: vocabulary V, predictions N, vector C."""

    keys: Tensor

    def __init__(self, config: ModelConfig, keys: Ints) -> None:
        """``keys`` (V,) of the words: ids differ between the vocabulary of a model and of one that goes on from it."""
        super().__init__()
        self.register_buffer("keys", torch.from_numpy(keys.astype(np.int32)), persistent=False)
        self.rows = config.ngram_rows
        self.table = nn.Embedding(config.ngram_rows, config.ngram_size)
        nn.init.normal_(self.table.weight, std=0.1 * config.ngram_size**-0.5)

    @staticmethod
    def width(config: ModelConfig) -> int:
        """The length of what :meth:`forward` gives for a prediction."""
        return len(_PATTERNS) * config.ngram_size if config.ngram_rows else 0

    def forward(
        self,
        word_ids: Tensor,
        forward_words: Tensor,
        backward_words: Tensor,
        forward_index: Tensor,
        backward_index: Tensor,
        drop: float,
    ) -> Tensor:
        """The vectors (N, patterns · C) of N predictions, from the arrays of ``NetworkInput``; in training, a share
        ``drop`` of them is 0.
        """
        keys = self.keys[word_ids].long()
        before, after = _nearest(keys, forward_words, forward_index), _nearest(keys, backward_words, backward_index)
        at = {-1: before[0], -2: before[1], 1: after[0], 2: after[1]}
        hashes = torch.stack(
            [self._hash(number, [at[place] for place in places]) for number, places in enumerate(_PATTERNS, 1)], dim=1
        )
        vectors: Tensor = self.table(hashes)  # (N, patterns, C)
        if self.training and drop:
            vectors = vectors * (torch.rand(hashes.shape, device=hashes.device) >= drop)[..., None]
        return vectors.flatten(1)

    def _hash(self, pattern: int, keys: list[Tensor]) -> Tensor:
        """The row (N,) of each n-gram of a pattern."""
        value = torch.full_like(keys[0], pattern)
        for key in keys:
            value = (value * _FACTOR + key) % _MODULUS
        return value % self.rows


def _nearest(keys: Tensor, texts: Tensor, index: Tensor) -> tuple[Tensor, Tensor]:
    """Keys of the nearest word and of the one behind it, each (N,)."""
    by_place = keys[texts].flatten()
    is_inside = index % texts.shape[1] > 0
    return by_place[index], torch.where(is_inside, by_place[(index - 1).clamp(min=0)], _OUTSIDE)
