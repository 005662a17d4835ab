"""The Lightning module of a classifier."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from tiankong.config import TrainingConfig
from tiankong.network.classifier import ClassifierNetwork, of_texts
from tiankong.training.classify.batches import LabelledBatch
from tiankong.training.classify.scores import LabelScores
from tiankong.training.module import VALIDATION_SETS, TrainedModule


class LabelModule(TrainedModule):
    """Trains a :class:`ClassifierNetwork`."""

    def __init__(
        self,
        network: ClassifierNetwork,
        training: TrainingConfig,
        label_weights: Tensor | None,
        base_rate: float,
        steps: int,
    ) -> None:
        """``base_rate`` is the learning rate of everything below the label layer, as a share of that layer's."""
        super().__init__(training, steps)
        self.network: ClassifierNetwork = network
        self.label_weights, self.base_rate = label_weights, base_rate
        self.labels = [LabelScores() for _ in VALIDATION_SETS]
        self.scores += self.labels

    def parts(self) -> list[tuple[list[torch.nn.Parameter], float]]:
        """The label layer, and what is below it."""
        label_layer = set(self.network.label_layer.parameters())
        below = [parameter for parameter in self.network.parameters() if parameter not in label_layer]
        return [(list(self.network.label_layer.parameters()), 1.0), (below, self.base_rate)]

    def logits(self, batch: LabelledBatch) -> Tensor:
        """Of the batch's texts (B, L)."""
        return of_texts(self.network(*batch.inputs), batch.owners, batch.weights, len(batch.labels))

    def loss(self, batch: LabelledBatch) -> Tensor:
        """The mean over the batch's texts."""
        weights = None if self.label_weights is None else self.label_weights.to(self.device)
        return functional.cross_entropy(self.logits(batch).float(), batch.labels, weights)

    def validation_step(self, batch: LabelledBatch, batch_idx: int, dataloader_idx: int = 0) -> None:  # noqa: ARG002
        """Adds to the scores of the set."""
        self.labels[dataloader_idx].add(self.logits(batch), batch.labels)
