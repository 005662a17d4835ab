"""The network that fills blanks: context vector → head."""

from __future__ import annotations

import copy
import itertools
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tiankong.config import STEADY_WORDS, ModelConfig, TrainingConfig
from tiankong.network.context import ContextNetwork, context_mlp, context_size, own_vectors
from tiankong.network.encoder import BidirectionalEncoder
from tiankong.network.heads import CodesHead, HybridHead, SoftmaxHead, WordStatistics
from tiankong.network.word_codes import WordCodes
from tiankong.text.network_input import Ints
from tiankong.text.vocabulary import SPECIAL_TOKENS, ids_of_frequent


@dataclass(frozen=True)
class WordTables:
    """What the network must know of the words: counts (V,), candidate (V,), codes (V, bits) or none, the number of
    characters, and which each word is spelled with (V, K).
    """

    counts: NDArray[np.int64]
    candidate: NDArray[np.bool_]
    codes: NDArray[np.uint8] | None
    characters: int
    spelling: NDArray[np.int32]

    @property
    def bits(self) -> int:
        """Of a code."""
        return 0 if self.codes is None else self.codes.shape[1]


class ClozeNetwork(ContextNetwork):
    """Ranks the vocabulary for every position asked for. Tensors as in ``NetworkInput``."""

    def __init__(self, config: ModelConfig, tables: WordTables, training: TrainingConfig) -> None:
        words = len(tables.counts)
        super().__init__(config, words, tables.characters, training)
        candidate = torch.from_numpy(tables.candidate)
        trained = candidate if training.loss_tokens == "targets" else torch.arange(words) >= len(SPECIAL_TOKENS)
        statistics = WordStatistics(torch.from_numpy(tables.counts), candidate, trained)
        self.head = self._head(tables, statistics, training)
        self.mlp = context_mlp(config, tables.bits)

    def _head(
        self, tables: WordTables, statistics: WordStatistics, training: TrainingConfig
    ) -> SoftmaxHead | CodesHead | HybridHead:
        sampling = (statistics, training.negatives, training.negative_power)
        words = self.embedding.words
        if self.config.head == "softmax":
            spelling = torch.from_numpy(tables.spelling) if self.config.composes_output else None
            return SoftmaxHead(self.embedding, spelling, *sampling)
        if tables.codes is None:
            raise ValueError(f"the {self.config.head} head needs codes")
        codes = WordCodes(torch.from_numpy(tables.codes), *_learned_codes(self.config, training, len(tables.counts)))
        if self.config.head == "codes":
            return CodesHead(codes, *sampling, training.code_loss)
        frequent = ids_of_frequent(self.config.frequent_words, words.num_embeddings)
        return HybridHead(words, codes, frequent, *sampling)

    def forward(self, *arrays: Tensor) -> Tensor:
        """The head's scores for the N positions asked for: see :class:`Head`."""
        return self.head.scores(self.context(*arrays))

    def outputs(self, word_ids: Tensor, character_ids: Tensor, *others: Tensor) -> tuple[Tensor, ...]:
        """What the exported network gives out: :meth:`forward`'s scores; unless they are its own, the context vectors
        (N, E) behind them; where the head composes output vectors, those of unknown words spelled as the W words fed.
        """
        context = self.context(word_ids, character_ids, *others)
        found = [self.head.scores(context)]
        if self.config.head != "codes":
            found.append(context)
        if isinstance(self.head, SoftmaxHead) and self.config.composes_output:
            found.append(self.head.spelled(character_ids))
        return tuple(found)

    @property
    def output_names(self) -> list[str]:
        """Names of what :meth:`outputs` gives, in its order."""
        names = ["scores"] if self.config.head == "codes" else ["scores", "context"]
        return [*names, "spelled"] if self.config.composes_output else names

    def positions(self, length: int) -> Ints:
        """Every one of a text of ``length`` tokens."""
        return np.arange(1, length + 1)

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


def _learned_codes(config: ModelConfig, training: TrainingConfig, words: int) -> tuple[int, int]:
    """The first of the ids whose codes are learned, and the one after the last: of the ``words`` that have an input
    vector of their own, those that are coded, but the most frequent.
    """
    if config.head == "softmax" or not training.learn_codes:
        return 0, 0
    own = own_vectors(config, words)
    frequent = config.frequent_words if config.head == "hybrid" else 0
    return ids_of_frequent(max(frequent, STEADY_WORDS), own), own


def parameter_count(config: ModelConfig, training: TrainingConfig, tables: WordTables) -> int:
    """Trained numbers of such a network, known before it is made."""
    words, embedding, hidden = len(tables.counts), config.embedding_size, config.hidden_size
    own = own_vectors(config, words)
    gates = 4 if config.cell == "lstm" else 3
    inputs = [embedding, *[hidden] * (config.layers - 1)]
    recurrent = sum(2 * gates * hidden * (size + hidden + 2) for size in inputs)
    composed = (tables.characters + 3 * embedding) * config.character_size
    output = context_size(config, tables.bits)
    sizes = [BidirectionalEncoder.width(config), *config.mlp_sizes, output]
    mlp = sum((size + 1) * following for size, following in itertools.pairwise(sizes))
    norm = 0 if config.head == "codes" else 2 * embedding
    matrix = tables.bits * embedding if config.head == "hybrid" else 0
    first, stop = _learned_codes(config, training, words)
    learned = (stop - first) * tables.bits
    matrix += 3 * config.character_size * embedding if config.composes_output else 0
    width = BidirectionalEncoder.width(config) - config.attention_size
    gathering = (width + 1 + 2 * 3 * (hidden + embedding + 1)) * (config.attention_size // 2)
    return own * embedding + composed + recurrent + gathering + mlp + norm + matrix + learned + words
