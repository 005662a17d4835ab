"""What every network of the product shares: embedding → two directions → MLP, a vector per requested position."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Self

import numpy as np
import torch
from torch import Tensor, nn

from tiankong.config import ModelConfig, TrainingConfig
from tiankong.network.dropout import ByteDropout, shared_dropout
from tiankong.network.embedding import WordEmbedding, context_vectors, own_vectors
from tiankong.network.encoder import BidirectionalEncoder
from tiankong.network.ngrams import NgramVectors
from tiankong.text.network_input import Ints, NetworkInput


class ContextNetwork(nn.Module, ABC):
    """Context vectors of positions of texts. Tensors as in ``NetworkInput``."""

    mlp: nn.Sequential

    def __init__(self, config: ModelConfig, keys: Ints, characters: int, training: TrainingConfig) -> None:
        """``keys`` (V,) are those of the words: see :meth:`~tiankong.text.vocabulary.Vocabulary.keys`."""
        super().__init__()
        self.config = config
        self.drop_word = training.drop_word if config.character_size else 0.0
        self.drop_token = training.drop_token
        with_vector = own_vectors(config, len(keys))
        self.embedding = WordEmbedding(with_vector, characters, config.embedding_size, config.character_size)
        self.encoder = BidirectionalEncoder(config)
        self.ngrams = NgramVectors(config, keys) if config.ngram_rows else None

    def context(
        self,
        word_ids: Tensor,
        character_ids: Tensor,
        forward_words: Tensor,
        backward_words: Tensor,
        forward_index: Tensor,
        backward_index: Tensor,
        by_sentence: Tensor,
        places: Tensor,
    ) -> Tensor:
        """The MLP's output, (N, E) or (N, bits), for the N requested positions."""
        word_vectors, composed = self.embedding(word_ids, character_ids)
        left, right = (
            shared_dropout(
                context_vectors(word_vectors, composed, words, self.drop_word, self.drop_token, self.training),
                self.config.input_dropout,
                self.training,
            )
            for words in (forward_words, backward_words)
        )
        seen = self.encoder(left, right, forward_index, backward_index, by_sentence, places)
        if self.ngrams is not None:
            drop = self.drop_word + self.drop_token
            ngrams = self.ngrams(word_ids, forward_words, backward_words, forward_index, backward_index, drop)
            seen = torch.cat((seen, ngrams), dim=1)
        context: Tensor = self.mlp(seen)
        return context

    def unchanged(self) -> AbstractContextManager[None]:
        """While it lasts, the weights do not change: what is made of them for every word may be kept."""
        return nullcontext()

    @property
    @abstractmethod
    def output_axes(self) -> dict[str, str]:
        """Names of what :meth:`outputs` gives, in its order, and of the first axis of each."""

    @abstractmethod
    def outputs(self, word_ids: Tensor, character_ids: Tensor, *others: Tensor) -> tuple[Tensor, ...]:
        """What the exported network gives out."""

    @abstractmethod
    def positions(self, length: int) -> Ints:
        """The positions of a text of ``length`` tokens between <BEG> and <EOF> that it can predict."""

    @abstractmethod
    def folded(self) -> Self:
        """A copy with everything worked out that does not change with the input. The exporter may leave it in another
        mode than it was.
        """


def context_mlp(config: ModelConfig, bits: int) -> nn.Sequential:
    """From the encoder's output to a context vector as long as a word's, or to a logit for each of ``bits``."""
    sizes = [context_width(config), *config.mlp_sizes, context_size(config, bits)]
    mlp = nn.Sequential(*_layers(sizes, config.activation, config.mlp_dropout))
    if config.head_spec.reads == "embedding":
        mlp.append(nn.LayerNorm(sizes[-1]))
    return mlp


def context_width(config: ModelConfig) -> int:
    """Length of what the MLP reads."""
    return BidirectionalEncoder.width(config) + NgramVectors.width(config)


def context_size(config: ModelConfig, bits: int) -> int:
    """Length of a context vector; ``bits`` is a code's."""
    return bits if config.head_spec.reads == "bits" else config.embedding_size


def tensors(arrays: NetworkInput, device: torch.device | str = "cpu") -> list[Tensor]:
    """The arrays of a batch as tensors, in the order the network takes them."""
    return [torch.from_numpy(np.ascontiguousarray(array)).to(device) for array in arrays]


def _layers(sizes: Sequence[int], activation: str, dropout: float) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for size, following in itertools.pairwise(sizes):
        layers += [nn.Linear(size, following), nn.GELU() if activation == "gelu" else nn.ReLU(), ByteDropout(dropout)]
    return layers[:-2]
