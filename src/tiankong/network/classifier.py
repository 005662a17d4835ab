"""The classifier network: from the contexts of a blank before a text and of one after it to labels."""

from __future__ import annotations

import copy

import numpy as np
import torch
from torch import Tensor, nn

from tiankong.config import ClassifierConfig, ModelConfig, TrainingConfig
from tiankong.network.context import ContextNetwork, context_mlp, context_size
from tiankong.text.network_input import Ints


class ClassifierNetwork(ContextNetwork):
    """Logits of labels from the last forward and the first backward state of a text.

    The text stands between two blanks (``tiankong.text.pieces``): to the one behind it the encoder gives the last
    forward state, to the one before it the first backward state, and to both what attention gathers over the whole
    text. Each goes through the MLP, as in a network that fills blanks, whose weights can therefore be taken over.
    """

    def __init__(
        self,
        config: ModelConfig,
        keys: Ints,
        sizes: tuple[int, int],
        labels: int,
        training: TrainingConfig,
        classifier: ClassifierConfig,
    ) -> None:
        """``keys`` (V,) are those of the words; ``sizes`` the number of characters and of the bits of a code."""
        characters, bits = sizes
        super().__init__(config, keys, characters, training)
        self.mlp = context_mlp(config, bits)
        self.label_dropout = nn.Dropout(classifier.label_dropout)
        # Both blanks go through the weights of both, so that a text on its own is no product of one row, which would
        # be summed in another order than in a batch.
        self.label_layer = nn.Linear(context_size(config, bits), 2 * labels)

    def features(self, *arrays: Tensor) -> Tensor:
        """The context vectors (N, 2, E) of the blanks before and behind N pieces of texts."""
        context = self.context(*arrays)
        return context.view(-1, 2, context.shape[1])

    def label_logits(self, features: Tensor) -> Tensor:
        """Logits (N, labels) from :meth:`features`."""
        labels = self.label_layer.out_features // 2
        pairs: Tensor = self.label_layer(features.flatten(0, 1)).view(-1, 2, 2, labels)
        return pairs[:, 0, 0] + pairs[:, 1, 1]

    def forward(self, *arrays: Tensor) -> Tensor:
        """Logits (N, labels) of N pieces of texts."""
        return self.label_logits(self.label_dropout(self.features(*arrays)))

    @property
    def output_axes(self) -> dict[str, str]:
        """See :class:`ContextNetwork`."""
        return {"logits": "texts"}

    def outputs(self, word_ids: Tensor, character_ids: Tensor, *others: Tensor) -> tuple[Tensor, ...]:
        """:meth:`forward`'s logits."""
        return (self(word_ids, character_ids, *others),)

    def positions(self, length: int) -> Ints:
        """The first and the last of ``length`` tokens, where the blanks are."""
        return np.array([1, length])

    def folded(self) -> ClassifierNetwork:
        """A copy: nothing can be worked out beforehand."""
        return copy.deepcopy(self)

    @torch.no_grad()
    def rescale(self, scale: float) -> None:
        """Changes the weights so that every logit is multiplied by ``scale``."""
        self.label_layer.weight.mul_(scale)
        self.label_layer.bias.mul_(scale)


def of_texts(logits: Tensor, owners: Tensor, weights: Tensor, texts: int) -> Tensor:
    """Logits (texts, labels) from those of pieces (N, labels), each with its share ``weights`` (N,) of its text.

    ``owners`` (N,) are the numbers of the pieces' texts.
    """
    weighted = logits * weights[:, None]
    return weighted.new_zeros(texts, logits.shape[1]).index_add(0, owners, weighted)
