"""The time that a training may take, and the record of it that makes the training repeatable."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import lightning.pytorch as pl

from tiankong.errors import FolderError
from tiankong.folder import readable_write_errors, write_text
from tiankong.training.schedule import TIME_PARTS, Schedule
from tiankong.unfinished_work import START_OVER

_HOUR = 3600.0


def clock() -> float:
    """Seconds on the wall since some moment."""
    return time.monotonic()


class TimeBudget(pl.Callback):
    """Tells the schedule, step by step, which share of the time is over, and writes to a file what it told.

    A training that resumes from a checkpoint repeats some steps. For those the file decides and not the clock, so that
    they end in the same weights. The time between two processes does not count.
    """

    def __init__(self, hours: float, schedule: Schedule, file: Path, *, goes_on: bool) -> None:
        """Reads ``file`` if it is there, as it must be where the training ``goes_on`` from a checkpoint.

        :raises FolderError: it can't be read.
        """
        self._seconds, self._schedule, self._file = hours * _HOUR, schedule, file
        self._spent = 0.0
        self._started = clock()
        self._decided = 0  # up to this step
        if goes_on or file.exists():
            self._read()

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:  # noqa: ARG002
        """Starts the clock, and the record."""
        self._started = clock()
        self._write()

    def on_train_batch_start(self, trainer: pl.Trainer, *_: Any) -> None:
        """Decides which share of the time is over before the step after this one."""
        step = trainer.global_step + 1
        if step <= self._decided:
            return
        self._decided = step
        told = self._schedule.time
        assert told is not None
        parts = min(TIME_PARTS, int(self._so_far() / self._seconds * TIME_PARTS))
        if parts > len(told):
            told += [step] * (parts - len(told))
            self._write()

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:  # noqa: ARG002
        """Writes how far the decisions go, before weights are kept that depend on them."""
        self._write()

    def state_dict(self) -> dict[str, Any]:
        """The seconds so far."""
        return {"seconds": self._so_far()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Counterpart of :meth:`state_dict`."""
        self._spent = state_dict["seconds"]
        self._started = clock()

    def _so_far(self) -> float:
        return self._spent + clock() - self._started

    def _write(self) -> None:
        with readable_write_errors(self._file):
            write_text(self._file, json.dumps({"decided": self._decided, "steps": self._schedule.time}) + "\n")

    def _read(self) -> None:
        try:
            told = json.loads(self._file.read_text(encoding="utf-8"))
            self._decided, steps = int(told["decided"]), [int(step) for step in told["steps"]]
        except (OSError, ValueError, KeyError, TypeError):
            raise FolderError(f"{self._file} can't be read: {START_OVER}") from None
        self._schedule.time = steps
