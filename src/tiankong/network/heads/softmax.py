"""The softmax head: a score for every word of the vocabulary."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional

from tiankong.config import ModelConfig, TrainingConfig
from tiankong.network.heads.base import Head, HeadInput
from tiankong.network.word_tables import WordTables, fit_at_once, word_blocks

COMPOSED_SCALE = 0.1
"""Character vectors are long beside word vectors: without it, a step changes every output vector by too much."""


class SoftmaxHead(Head):
    """Softmax over the vocabulary, tied to the input word vectors (Press & Wolf 2017; Inan et al. 2017).

    Where the settings say so, an output vector has a part composed of the same
    character vectors as the input's, by a matrix of its own (Takase et al. 2019, section 4).
    """

    spelling: Tensor

    def __init__(self, given: HeadInput) -> None:
        super().__init__(given)
        embedding = given.embedding
        self._embedding = (embedding,)  # in a tuple: its weights are the network's, not this module's
        self.compose: nn.Linear | None = None
        self._is_unchanged = False
        self._kept_table: Tensor | None = None
        if given.config.composes_output:
            self.output_axes["spelled"] = "words"
            self.compose = nn.Linear(embedding.compose.in_features, embedding.words.embedding_dim, bias=False)
            nn.init.zeros_(self.compose.weight)
            self.register_buffer("spelling", torch.from_numpy(given.tables.spelling).long(), persistent=False)

    @classmethod
    def parameter_count(cls, config: ModelConfig, training: TrainingConfig, tables: WordTables) -> int:
        """See :class:`Head`."""
        composed = 3 * config.character_size * config.embedding_size if config.composes_output else 0
        return super().parameter_count(config, training, tables) + composed

    def scores(self, context: Tensor) -> Tensor:
        """Word logits (N, V)."""
        logits: Tensor = functional.linear(context, self._table(), self.bias)
        return logits

    def _table(self) -> Tensor:
        """Output vectors (V, E)."""
        table = self._embedding[0].words.weight
        if self.compose is None:
            return table
        if self._kept_table is not None:
            return self._kept_table
        table = table + self._composed(self.spelling)
        if self._is_unchanged:
            self._kept_table = table
        return table

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """See :class:`Head`: keeps the output vectors."""
        self._is_unchanged = True
        try:
            yield
        finally:
            self._is_unchanged, self._kept_table = False, None

    def outputs(self, context: Tensor, character_ids: Tensor) -> tuple[Tensor, ...]:
        """See :class:`Head`; where output vectors are composed, also those of unknown words spelled as those fed."""
        outputs = super().outputs(context, character_ids)
        return (*outputs, self.spelled(character_ids)) if "spelled" in self.output_axes else outputs

    def word_logits(self, scores: Tensor) -> Tensor:
        """The scores themselves."""
        return scores

    def vectors(self, words: Tensor) -> Tensor:
        """See :class:`Head`."""
        word_vectors = functional.embedding(words, self._embedding[0].words.weight)
        return word_vectors if self.compose is None else word_vectors + self._composed(self.spelling[words])

    @torch.no_grad()
    def fold(self) -> None:
        """See :class:`Head`: the part made of characters."""
        if self.compose is not None:
            self.compose.weight.mul_(COMPOSED_SCALE)
            embedding = self._embedding[0]
            for block in word_blocks(len(self.spelling)):
                embedding.put_in(self.compose(embedding.features(self.spelling[block])), self.compose, block)
            self.compose = None

    @torch.no_grad()
    def composed_parts(self) -> Tensor:
        """The part made of characters of every output vector (V, E)."""
        return self._composed(self.spelling)

    def spelled(self, spelling: Tensor) -> Tensor:
        """Output vectors (R, E) of words outside the vocabulary, of which only the characters (R, K) are known."""
        taken_out = self._embedding[0].taken_out
        if taken_out is None:
            return self._composed(spelling)
        vectors: Tensor = taken_out(self._embedding[0].features(spelling))
        return vectors

    def _composed(self, spelling: Tensor) -> Tensor:
        """Composed parts (R, E) of words with characters (R, K)."""
        assert self.compose is not None
        if not torch.is_grad_enabled() and not fit_at_once(len(spelling)):
            blocks = word_blocks(len(spelling))
            return torch.cat([self._composed(spelling[block]) for block in blocks])
        composed: Tensor = self.compose(self._embedding[0].features(spelling))
        return COMPOSED_SCALE * composed


HEAD = SoftmaxHead
