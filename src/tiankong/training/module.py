"""What the training of every task shares: optimiser, schedule, and what is measured after an epoch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import lightning.pytorch as pl
import torch
from torch import Tensor

from tiankong.config import TrainingConfig
from tiankong.network.context import ContextNetwork
from tiankong.objective.base import mean_score
from tiankong.training.schedule import Schedule

VALIDATION_SETS = ("validation", "train")
"""What is measured after an epoch: validation texts, and as many training texts without dropout."""


class Scores(Protocol):
    """Adds up the batches of a set that is measured."""

    def reset(self) -> None:
        """Forgets everything."""

    def result(self) -> dict[str, float]:
        """What was measured."""


class MeasuredPart(NamedTuple):
    """A corpus that is measured: its name, and its share of the tokens that are learned from."""

    name: str
    share: float


ALONE = (MeasuredPart("", 1.0),)
"""One corpus."""


class TrainedModule(pl.LightningModule, ABC):
    """Any network's training: optimiser, schedule, and what is measured after an epoch.

    Everything random in a step is drawn from a generator seeded by the run's seed and the step's number, so that a
    resumed training continues exactly like an uninterrupted one.
    """

    network: ContextNetwork

    def __init__(self, training: TrainingConfig, steps: int, parts: Sequence[MeasuredPart] = ALONE) -> None:
        """``steps`` is the length of the whole training, for the schedule; 0 if the clock alone ends it. ``parts`` are
        the corpora that are measured: for each of them the sets :data:`VALIDATION_SETS`.
        """
        super().__init__()
        self.settings = training
        self.schedule = Schedule(training, steps)
        self.measured_parts = parts
        self.scores: list[Scores] = []
        self.loss_sum = 0.0
        self.loss_steps = 0

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:  # noqa: ARG002 - Lightning's signature
        """Seeds the step."""
        torch.manual_seed(self.settings.seed * 1_000_003 + self.global_step)

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:  # noqa: ARG002 - Lightning's signature
        """The mean loss of the batch."""
        loss = self.loss(batch)
        self.loss_sum += float(loss.detach())
        self.loss_steps += 1
        return loss

    @abstractmethod
    def loss(self, batch: Any) -> Tensor:
        """What a step makes smaller."""

    def arithmetic(self, batch: Any) -> tuple[int, float]:
        """Tokens of a batch, padding not counted, and the FLOPs of the matrix products that a step with it needs.

        :raises NotImplementedError: they are not counted for this task.
        """
        raise NotImplementedError

    def on_validation_epoch_end(self) -> None:
        """Logs what was measured."""
        self.log_dict(self.measured())
        if self.loss_steps:
            self.log("train_loss", self.loss_sum / self.loss_steps)
        self.loss_sum, self.loss_steps = 0.0, 0

    def measured(self) -> dict[str, float]:
        """What was measured, as ``validation_top1`` and so on, and forgets it; of several corpora, their mean by their
        shares, and what was measured on each as ``NAME/validation_top1``.
        """
        measured: dict[str, float] = {}
        for number, name in enumerate(VALIDATION_SETS):
            scores = self.scores[number :: len(VALIDATION_SETS)]
            results = [part.result() for part in scores]
            measured |= {f"{name}_{key}": value for key, value in self._mean(results).items()}
            for part, result in zip(self.measured_parts, results, strict=True):
                if part.name:
                    measured |= {f"{part.name}/{name}_{key}": value for key, value in result.items()}
            for part_scores in scores:
                part_scores.reset()
        return measured

    def _mean(self, results: Sequence[dict[str, float]]) -> dict[str, float]:
        """The mean of what was measured on each corpus, by their shares."""
        if len(results) == 1:
            return results[0]
        shares = [part.share for part in self.measured_parts]
        return {name: mean_score(name, [result[name] for result in results], shares) for name in results[0]}

    def configure_optimizers(self) -> Any:
        """AdamW or Adam with linear warm-up, then a constant rate or a cosine down to a twentieth."""
        settings = self.settings
        if settings.optimiser == "adam":
            groups = [
                {"params": parameters, "lr": settings.learning_rate * share} for parameters, share in self.parts()
            ]
            optimiser: torch.optim.Optimizer = torch.optim.Adam(groups, settings.learning_rate, fused=True)
        else:
            groups = [
                {
                    "params": [parameter for parameter in parameters if self.decays(parameter) == decays],
                    "lr": settings.learning_rate * share,
                    "weight_decay": settings.weight_decay if decays else 0.0,
                }
                for parameters, share in self.parts()
                for decays in (True, False)
            ]
            optimiser = torch.optim.AdamW(groups, settings.learning_rate, betas=(0.9, 0.99), fused=True)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, self.schedule.rate)
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def decays(self, parameter: torch.nn.Parameter) -> bool:
        """Whether AdamW's weight decay is for it: matrices only."""
        return parameter.dim() > 1

    def parts(self) -> list[tuple[list[torch.nn.Parameter], float]]:
        """Parameters, and the share of the learning rate that they are trained with."""
        return [(list(self.parameters()), 1.0)]

    def configure_gradient_clipping(self, optimizer: Any, *_: Any, **__: Any) -> None:  # noqa: ARG002
        """Scales the gradients down to the requested norm. Lightning's own clipping refuses fused optimisers under
        bf16.
        """
        if self.settings.clip_norm:
            torch.nn.utils.clip_grad_norm_(self.parameters(), self.settings.clip_norm)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keeps the running mean of the loss, so that a resumed epoch reports the same."""
        checkpoint["running_loss"] = [self.loss_sum, self.loss_steps]

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Counterpart of :meth:`on_save_checkpoint`."""
        self.loss_sum, self.loss_steps = checkpoint["running_loss"]
