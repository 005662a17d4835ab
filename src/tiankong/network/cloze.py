"""The network that fills blanks: context vector → head."""

from __future__ import annotations

import copy
import itertools
from contextlib import AbstractContextManager

import numpy as np
import torch
from torch import Tensor, nn

from tiankong.config import ModelConfig, TrainingConfig
from tiankong.network.context import ContextNetwork, context_mlp, context_size, context_width
from tiankong.network.embedding import own_vectors
from tiankong.network.encoder import BidirectionalEncoder
from tiankong.network.heads.base import HeadInput, head_class
from tiankong.network.word_tables import WordTables
from tiankong.text.network_input import Ints


class ClozeNetwork(ContextNetwork):
    """Ranks the vocabulary for every requested position. Tensors as in ``NetworkInput``."""

    def __init__(self, config: ModelConfig, tables: WordTables, training: TrainingConfig) -> None:
        super().__init__(config, tables.keys, tables.characters, training)
        self.head = head_class(config)(HeadInput(config, training, tables, self.embedding))
        self.mlp = context_mlp(config, tables.bits)

    def forward(self, *arrays: Tensor) -> Tensor:
        """The head's scores for the N requested positions: see :class:`Head`."""
        return self.head.scores(self.context(*arrays))

    def outputs(self, word_ids: Tensor, character_ids: Tensor, *others: Tensor) -> tuple[Tensor, ...]:
        """The outputs of the exported network: the head's ``outputs``."""
        return self.head.outputs(self.context(word_ids, character_ids, *others), character_ids)

    @property
    def output_axes(self) -> dict[str, str]:
        """See :class:`ContextNetwork`."""
        return self.head.output_axes

    def positions(self, length: int) -> Ints:
        """Every position of a text of ``length`` tokens."""
        return np.arange(1, length + 1)

    def unchanged(self) -> AbstractContextManager[None]:
        """See :class:`ContextNetwork`."""
        return self.head.unchanged()

    def folded(self) -> ClozeNetwork:
        """A copy whose head has every output vector worked out."""
        copied = copy.deepcopy(self)
        copied.head.fold()
        return copied

    @torch.no_grad()
    def rescale(self, scale: float, prior: float) -> None:
        """Changes the weights so that the words' logits become ``scale · logits + prior · log p(word)``."""
        last = self.mlp[-1]
        if not isinstance(last, nn.LayerNorm | nn.Linear):
            raise TypeError("the last layer has no weights to scale")
        last.weight.mul_(scale)
        last.bias.mul_(scale)
        self.head.bias.mul_(scale).add_(self.head.log_prior, alpha=prior)


def parameter_count(config: ModelConfig, training: TrainingConfig, tables: WordTables) -> int:
    """Trained numbers of such a network, known before it is made."""
    embedding, hidden = config.embedding_size, config.hidden_size
    with_vector = own_vectors(config, len(tables.counts))
    gates = 4 if config.cell == "lstm" else 3
    inputs = [embedding, *[hidden] * (config.layers - 1)]
    recurrent = sum(2 * gates * hidden * (size + hidden + 2) for size in inputs)
    composed = (tables.characters + 3 * embedding) * config.character_size
    output = context_size(config, tables.bits)
    sizes = [context_width(config), *config.mlp_sizes, output]
    mlp = sum((size + 1) * following for size, following in itertools.pairwise(sizes))
    norm = 2 * embedding if config.head_spec.reads == "embedding" else 0
    width = BidirectionalEncoder.width(config) - config.attention_size
    gathering = (width + 1 + 2 * 3 * (hidden + embedding + 1)) * (config.attention_size // 2)
    head = head_class(config).parameter_count(config, training, tables)
    ngrams = config.ngram_rows * config.ngram_size
    return with_vector * embedding + composed + ngrams + recurrent + gathering + mlp + norm + head
