"""What each evaluation measured: kept in checkpoints, written as ``history.csv``, drawn as ``curves.png``."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import lightning.pytorch as pl

from tiankong.folder import write_text
from tiankong.objective.base import Curve, Row


class _Clock(NamedTuple):
    """Time on the wall, and of all of this process's threads on processors: the second does not run while it is stopped
    or others have the cores."""

    seconds: float
    processor_seconds: float


def _now() -> _Clock:
    return _Clock(time.monotonic(), time.process_time())


class History(pl.Callback):
    """A row for each evaluation; a resumed training continues with the rows it had.

    An evaluation within an epoch belongs to a fraction of one: 1.25 are the first epoch and a quarter of the second.
    """

    def __init__(self, tokens_per_epoch: int, on_epoch: Callable[[Row], None]) -> None:
        self.rows: list[Row] = []
        self._tokens = tokens_per_epoch
        self._on_epoch = on_epoch
        self._spent = _Clock(0.0, 0.0)
        self._started = _now()

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:  # noqa: ARG002
        """Starts the clock."""
        self._started = _now()

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:  # noqa: ARG002
        """Stops the clock: measuring is not training."""
        self._spent = self._so_far()

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:  # noqa: ARG002
        """Adds the row."""
        rate = trainer.optimizers[0].param_groups[0]["lr"]
        before = self.rows[-1]["epoch"] if self.rows else 0
        row = {"epoch": _epochs(trainer), "step": trainer.global_step, "learning_rate": float(rate)}
        row |= {name: float(value) for name, value in trainer.callback_metrics.items()}
        row |= self._spent._asdict()
        row["tokens_per_second"] = (row["epoch"] - before) * self._tokens / max(self._spent.seconds, 1e-9)
        self.rows.append(row)
        self._spent = _Clock(0.0, 0.0)
        self._started = _now()
        self._on_epoch(row)

    def state_dict(self) -> dict[str, Any]:
        """Rows so far, and the seconds of the epoch under way."""
        return {"rows": [dict(row) for row in self.rows], **self._so_far()._asdict()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Counterpart of :meth:`state_dict`."""
        self.rows = state_dict["rows"]
        self._spent = _Clock(*(state_dict[name] for name in _Clock._fields))
        self._started = _now()

    def _so_far(self) -> _Clock:
        now = _now()
        return _Clock(*(spent + end - start for spent, end, start in zip(self._spent, now, self._started, strict=True)))


def _epochs(trainer: pl.Trainer) -> float:
    """How many epochs are done, to four digits."""
    batches, all_batches = trainer.fit_loop.epoch_loop.batch_progress.current.ready, trainer.num_training_batches
    if batches >= all_batches:
        return trainer.current_epoch + 1
    return round(trainer.current_epoch + batches / all_batches, 4)


def write_history(rows: list[Row], path: Path) -> None:
    """The rows as CSV."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, out.getvalue())


def draw_curves(rows: list[Row], path: Path, share: Curve, loss: Curve) -> None:
    """Training and validation scores by epoch, the ``share`` that is right at the left, the ``loss`` at the right."""
    import matplotlib as mpl  # noqa: PLC0415 - heavy, and needed once

    mpl.use("Agg")
    from matplotlib import pyplot  # noqa: PLC0415

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(11, 4), layout="constrained")
    epochs = [row["epoch"] for row in rows]
    for name in ("train", "validation"):
        left.plot(epochs, [row[f"{name}_{share.score}"] for row in rows], marker=".", label=name)
        right.plot(epochs, [row[f"{name}_{loss.score}"] for row in rows], marker=".", label=name)
    left.set(xlabel="epoch", ylabel=share.label, ylim=(0, 1))
    right.set(xlabel="epoch", ylabel=loss.label, yscale=loss.scale)
    for axes in (left, right):
        axes.legend()
        axes.grid(alpha=0.3)
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
