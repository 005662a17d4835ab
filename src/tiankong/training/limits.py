"""When a training is evaluated, and when it ends."""

from __future__ import annotations

from typing import Any

import lightning.pytorch as pl

from tiankong.config import TrainingConfig
from tiankong.training.schedule import Schedule

EPOCHS, PATIENCE, MAX_STEPS, MAX_HOURS = "epochs", "patience", "max_steps", "max_hours"
"""What ends a training."""


def steps_of(training: TrainingConfig, epoch: int) -> int:
    """The most steps of a training whose epochs have ``epoch`` steps; 0 if only the clock ends it."""
    limits = [training.epochs * epoch, training.max_steps]
    return min((limit for limit in limits if limit), default=0)


class Limits(pl.Callback):
    """Has the trainer evaluate every so many steps within an epoch, and evaluate and stop at the last step.

    ``evaluation_follows`` says whether the batch that has just ended is followed by an evaluation: it belongs to the
    same state, so that nothing may be saved between the two.
    """

    def __init__(self, training: TrainingConfig, schedule: Schedule) -> None:
        self._training, self._schedule = training, schedule
        self._evaluated_at = 0
        self.evaluation_follows = False
        self.ended_by = ""

    def on_train_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        """Decides what follows this batch."""
        step, progress = trainer.global_step, trainer.fit_loop.epoch_loop.batch_progress
        if self._training.max_steps and step >= self._training.max_steps:
            self.ended_by = MAX_STEPS
        elif self._schedule.time_share(step) >= 1:
            self.ended_by = MAX_HOURS
        if self.ended_by:
            trainer.should_stop = True
        every = self._training.evaluate_every
        is_due = bool(every) and step - self._evaluated_at >= every
        # Lightning evaluates where the number of an epoch's batches can be divided by this one.
        trainer.val_check_batch = progress.current.ready if is_due else trainer.num_training_batches
        self.evaluation_follows = is_due or bool(self.ended_by) or progress.is_last_batch

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:  # noqa: ARG002
        """Counts from here."""
        self._evaluated_at = trainer.global_step

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:  # noqa: ARG002
        """Notes what else has ended the training."""
        if not self.ended_by:
            self.ended_by = PATIENCE if trainer.should_stop else EPOCHS

    def state_dict(self) -> dict[str, Any]:
        """The step of the last evaluation."""
        return {"evaluated_at": self._evaluated_at}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Counterpart of :meth:`state_dict`."""
        self._evaluated_at = state_dict["evaluated_at"]
