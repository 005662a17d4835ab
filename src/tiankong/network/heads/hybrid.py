"""The hybrid head: the most frequent words have vectors, the others codes."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from tiankong.config import ModelConfig, TrainingConfig
from tiankong.network.heads.base import HeadInput
from tiankong.network.heads.coded import CodedHead
from tiankong.network.word_tables import WordTables


class HybridHead(CodedHead):
    """Softmax for the most frequent words, codes for the rest, in one distribution.

    The idea is Oda et al. 2017 (P17-1079, section 3); there the codes stand behind an extra class "other", here
    a rare word's output vector is its code times a learned matrix and all words share one normaliser.
    """

    def __init__(self, given: HeadInput) -> None:
        """The ids before ``first_coded`` are read from the input vectors, the others from the codes."""
        super().__init__(given)
        self._words = (given.embedding.words,)  # in a tuple: its weights are the network's, not this module's
        self.frequent = self.first_coded
        self.bits = nn.Linear(self.embedding_size, self.codes.bits, bias=False)

    @classmethod
    def parameter_count(cls, config: ModelConfig, training: TrainingConfig, tables: WordTables) -> int:
        """See :class:`Head`: also those of the matrix behind the codes."""
        return super().parameter_count(config, training, tables) + tables.bits * config.embedding_size

    def scores(self, context: Tensor) -> Tensor:
        """Logits of the frequent words, then bit logits, (N, frequent + bits)."""
        frequent = functional.linear(context, self._words[0].weight[: self.frequent], self.bias[: self.frequent])
        return torch.cat((frequent, self.bits(context)), dim=1)

    def word_logits(self, scores: Tensor) -> Tensor:
        """See :class:`Head`."""
        rest = self.codes.logits(scores[:, self.frequent :].float(), self.frequent, self.bias)
        return torch.cat((scores[:, : self.frequent].float(), rest), dim=1)

    def vectors(self, words: Tensor) -> Tensor:
        """See :class:`Head`."""
        frequent = words < self.frequent
        word_vectors = functional.embedding(words.clamp(max=self.frequent - 1), self._words[0].weight)
        return torch.where(frequent[:, None], word_vectors, self.codes.of(words) @ self.bits.weight)


HEAD = HybridHead
