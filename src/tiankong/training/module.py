"""The Lightning module: loss, optimiser, schedule, exact validation."""

from __future__ import annotations

import math
from typing import Any

import lightning.pytorch as pl
import torch
from torch import Tensor

from tiankong.config import ModelConfig, TrainingConfig
from tiankong.model.heads import CodesHead
from tiankong.model.network import ClozeNetwork, WordTables
from tiankong.training.batches import Batch
from tiankong.training.scores import RunningScores

_ROWS_AT_ONCE = 2048
VALIDATION_SETS = ("validation", "train")
"""What is measured after an epoch: validation texts, and as many training texts without dropout."""


class ClozeModule(pl.LightningModule):
    """Trains a :class:`ClozeNetwork`.

    Everything random in a step is drawn from a generator seeded by the run's seed and the step's number, so that
    a resumed training goes on exactly as an uninterrupted one.
    """

    def __init__(self, model: ModelConfig, training: TrainingConfig, tables: WordTables, steps: int) -> None:
        """``steps`` is the length of the whole training, for the schedule."""
        super().__init__()
        torch.manual_seed(training.seed)
        self.network = ClozeNetwork(model, tables, training)
        self.settings = training
        self.steps = steps
        self.scores = {name: RunningScores() for name in VALIDATION_SETS}
        self.loss_sum = 0.0
        self.loss_steps = 0

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:  # noqa: ARG002 - Lightning's signature
        """Seeds the step."""
        torch.manual_seed(self.settings.seed * 1_000_003 + self.global_step)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:  # noqa: ARG002 - Lightning's signature
        """The mean loss over the batch's targets."""
        inputs, targets, _ = batch
        context = self.network.context(*inputs)
        loss = self.network.head.loss(context, targets)
        self.loss_sum += float(loss.detach())
        self.loss_steps += 1
        return loss

    def validation_step(self, batch: Batch, batch_idx: int, dataloader_idx: int = 0) -> None:  # noqa: ARG002
        """Ranks every target exactly, in fp32 from the context vector on."""
        inputs, targets, rows = batch
        context = self.network.context(*inputs).float()
        head = self.network.head
        scores = self.scores[VALIDATION_SETS[dataloader_idx]]
        with torch.autocast(context.device.type, enabled=False):
            for start in range(0, len(targets), _ROWS_AT_ONCE):
                part = slice(start, start + _ROWS_AT_ONCE)
                scores.add_ranks(head.log_probabilities(context[part]), targets[part])
            if isinstance(head, CodesHead):
                scores.add_bits(head.bit_accuracy(context, targets), rows)

    def on_validation_epoch_end(self) -> None:
        """Logs what was measured as ``validation_top1`` and so on."""
        for name, scores in self.scores.items():
            self.log_dict({f"{name}_{key}": value for key, value in scores.result().items()})
            scores.reset()
        if self.loss_steps:
            self.log("train_loss", self.loss_sum / self.loss_steps)
        self.loss_sum, self.loss_steps = 0.0, 0

    def configure_optimizers(self) -> Any:
        """AdamW or Adam with linear warm-up, then a constant rate or a cosine down to a twentieth."""
        settings = self.settings
        if settings.optimiser == "adam":
            optimiser: torch.optim.Optimizer = torch.optim.Adam(self.parameters(), settings.learning_rate, fused=True)
        else:
            matrices = [p for p in self.parameters() if p.dim() > 1]
            others = [p for p in self.parameters() if p.dim() <= 1]
            groups = [
                {"params": matrices, "weight_decay": settings.weight_decay},
                {"params": others, "weight_decay": 0.0},
            ]
            optimiser = torch.optim.AdamW(groups, settings.learning_rate, betas=(0.9, 0.99), fused=True)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, self._rate)
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def configure_gradient_clipping(self, optimizer: Any, *_: Any, **__: Any) -> None:  # noqa: ARG002
        """Scales the gradients down to the norm asked for. Lightning's own way refuses fused optimisers under bf16."""
        if self.settings.clip_norm:
            torch.nn.utils.clip_grad_norm_(self.parameters(), self.settings.clip_norm)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keeps the running mean of the loss, so that a resumed epoch reports the same."""
        checkpoint["running_loss"] = [self.loss_sum, self.loss_steps]

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Counterpart of :meth:`on_save_checkpoint`."""
        self.loss_sum, self.loss_steps = checkpoint["running_loss"]

    def _rate(self, step: int) -> float:
        """Share of the highest learning rate at ``step``."""
        warmup = min(self.settings.warmup_steps, max(1, self.steps // 10)) if self.settings.warmup_steps else 0
        if step < warmup:
            return (step + 1) / warmup
        if self.settings.schedule == "constant":
            return 1.0
        done = min(1.0, (step - warmup) / max(1, self.steps - warmup))
        return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * done))
