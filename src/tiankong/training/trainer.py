"""Training that can be stopped and resumed: Lightning's Trainer, with checkpoints to resume from."""

from __future__ import annotations

import dataclasses
import logging
import os
import signal
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import numpy as np
import torch
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
from lightning.pytorch.utilities.exceptions import SIGTERMException

from tiankong.config import TrainingConfig
from tiankong.errors import FolderError, MissingPackageError, OptionError
from tiankong.machine import allowed_threads
from tiankong.objective.base import Row
from tiankong.training.batches import Batches
from tiankong.training.checkpoints import SafetensorsCheckpoints, read_checkpoint
from tiankong.training.corpus_batches import MeasuredBatches
from tiankong.training.history import History
from tiankong.training.limits import Limits
from tiankong.training.module import TrainedModule
from tiankong.training.precision import check_machine, on_gpu
from tiankong.training.profile import Profile, Profiler
from tiankong.training.run_folder import BEST_FILE, EPOCHS_FILE, LAST_FILE, TIME_FILE, Work
from tiankong.training.schedule import Schedule
from tiankong.training.time_budget import TimeBudget


class TrainingInterrupted(BaseException):
    """Ctrl-C (or SIGTERM) ended a training that can be resumed; ``signal`` is which. No error, and not to be caught as
    one.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.signal = number


@dataclass(frozen=True)
class Observer:
    """What to call while a run trains: with the bits of the word codes that are being made, before word vectors are
    made to start from, with the steps done and those of the whole run (0: not known yet), with a sentence on where a
    resumed run goes on, with the scores of each evaluation, and with its profile; and where TensorBoard's events go.
    """

    on_codes: Callable[[int], None] = lambda _: None
    on_vectors: Callable[[], None] = lambda: None
    on_step: Callable[[int, int], None] | None = None
    on_resumed: Callable[[str], None] = lambda _: None
    on_epoch: Callable[[Row], None] = lambda _: None
    on_profile: Callable[[Profile], None] | None = None
    tensorboard: Path | None = None


@dataclass(frozen=True)
class Course:
    """What each evaluation of a training measured; what ended it (see :mod:`tiankong.training.limits`); and, of a
    training with ``max_hours``, the step before which each thousandth of the time was over.
    """

    rows: list[Row]
    ended_by: str
    time: list[int] | None

    @property
    def metrics(self) -> dict[str, Any]:
        """For the model's metrics."""
        return {"ended_by": self.ended_by, **({} if self.time is None else {"time_steps": self.time})}


@dataclass(frozen=True)
class Monitored:
    """The validation score that decides which epoch is best, and whether it should rise (``max``) or fall (``min``)."""

    score: str
    mode: str

    def best(self, rows: Sequence[Row]) -> int:
        """The place of the best row."""
        sign = 1 if self.mode == "max" else -1
        # What is no number is no score, and the worst there is.
        return int(np.argmax(np.nan_to_num([sign * row[self.score] for row in rows], nan=-np.inf)))


def ready_machine(training: TrainingConfig) -> None:
    """Sets up threads, and Lightning to be silent.

    :raises OptionError: the machine lacks what is requested.
    """
    check_machine(training)
    for name in ("lightning.pytorch", "lightning.fabric", "lightning"):
        logging.getLogger(name).setLevel(logging.ERROR)
    torch.set_num_threads(training.threads or allowed_threads())


def check_memory(parameters: int) -> None:
    """Refuses what can't fit in memory: the system would kill this process, or another.

    :raises OptionError: weights, gradients and the optimiser's two moments are more than the machine's memory.
    """
    if not hasattr(os, "sysconf"):  # Windows does not promise memory it hasn't got
        return
    needed = 4 * 4 * parameters
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if needed > memory:
        raise OptionError(
            f"a network of these sizes takes {needed / 2**30:,.0f} GiB to train and this machine has "
            f"{memory / 2**30:,.0f}: make its sizes or the vocabulary smaller"
        )


def train(
    module: TrainedModule,
    batches: Batches[Any],
    measured: Sequence[MeasuredBatches[Any]],
    training: TrainingConfig,
    *,
    tokens: int,
    precision: str,
    monitored: Monitored,
    work: Work,
    observer: Observer,
) -> Course:
    """Trains ``module``, gives it the weights of the best evaluation and returns its course. A run whose epochs are all
    done is not trained again.

    ``measured`` are the validation texts and some of the training texts, of each corpus; an epoch has ``tokens``.

    :raises OptionError: the training diverged.
    :raises FolderError: a checkpoint can't be read or written.
    :raises TrainingInterrupted: after Ctrl-C or SIGTERM; calling again with ``resume`` goes on.
    """
    if work.resume and work.has_ended:
        observer.on_resumed("all of its epochs are done, only measuring the model is left")
        course = Course(**read_checkpoint(work.folder / EPOCHS_FILE))
        module.load_state_dict(read_checkpoint(work.folder / BEST_FILE)["state_dict"])
        return course
    if work.resume and not work.has_checkpoint:
        observer.on_resumed("it was stopped before its first checkpoint and starts at the beginning")
    history = History(tokens, observer.on_epoch)
    best = _BestCheckpoint(
        work.folder,
        Path(BEST_FILE).stem,
        monitor=monitored.score,
        mode=monitored.mode,
        save_weights_only=True,
        enable_version_counter=False,
        save_on_train_epoch_end=False,
    )
    best.FILE_EXTENSION = Path(BEST_FILE).suffix
    patience = training.patience
    stop = EarlyStopping(monitored.score, patience=patience, mode=monitored.mode, check_on_train_epoch_end=False)
    limits = Limits(training, module.schedule)
    callbacks: list[pl.Callback] = [Profiler(observer.on_profile)] if observer.on_profile else []
    if training.max_hours:
        goes_on = work.resume and work.has_checkpoint
        callbacks.append(TimeBudget(training.max_hours, module.schedule, work.folder / TIME_FILE, goes_on=goes_on))
    callbacks += [_Steps(observer.on_step, module.schedule)] if observer.on_step else []
    last_checkpoint = _LastCheckpoint(work.folder, training.checkpoint_steps, limits)
    callbacks += [history, stop, best, limits, last_checkpoint]
    trainer = pl.Trainer(
        accelerator="gpu" if on_gpu(training.device) else "cpu",
        devices=1,
        # A GPU adds up in the order its threads finish, unless it is told to keep one. Processors always do.
        deterministic="warn" if on_gpu(training.device) else None,
        precision={"fp32": "32-true", "bf16": "bf16-mixed"}[precision],  # type: ignore[arg-type]
        max_epochs=training.epochs or -1,
        callbacks=callbacks,
        plugins=[SafetensorsCheckpoints()],
        logger=tensorboard_logger(observer.tensorboard),
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        log_every_n_steps=10,
    )
    loader = _EpochLoader(batches, trainer)
    resumed = str(work.folder / LAST_FILE) if work.resume and work.has_checkpoint else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            trainer.fit(module, loader, list(measured), ckpt_path=resumed)
        except SystemExit as stopped:  # Lightning's own, before it has begun
            number = signal.SIGTERM if isinstance(stopped, SIGTERMException) else signal.SIGINT
            raise TrainingInterrupted(number) from None
    if last_checkpoint.asked:
        raise TrainingInterrupted(last_checkpoint.asked)
    if not np.isfinite(history.rows[monitored.best(history.rows)][monitored.score]):
        raise OptionError("the training diverged, its scores are not numbers: give a lower `learning_rate`")
    module.load_state_dict(read_checkpoint(work.folder / BEST_FILE)["state_dict"])
    course = Course(history.rows, limits.ended_by, module.schedule.time)
    SafetensorsCheckpoints().save_checkpoint(dataclasses.asdict(course), work.folder / EPOCHS_FILE)
    return course


class _EpochLoader:
    """The training batches, from where Lightning's own counters stand: a resumed epoch goes on in the middle."""

    def __init__(self, batches: Batches[Any], trainer: pl.Trainer) -> None:
        self._batches = batches
        self._trainer = trainer

    def __len__(self) -> int:
        return len(self._batches)

    def __iter__(self) -> Iterator[Any]:
        # The body runs when the first batch is asked for, after the counters have been restored.
        done = self._trainer.fit_loop.epoch_loop.batch_progress.current.ready
        yield from self._batches.epoch(self._trainer.current_epoch, done)

    def state_dict(self) -> dict[str, Any]:
        """Where the batches are read; the trainer's counters say which of them is next."""
        return self._batches.state()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Counterpart of :meth:`state_dict`."""
        self._batches.restore(state)


class _Steps(pl.Callback):
    """Reports each step."""

    def __init__(self, on_step: Callable[[int, int], None], schedule: Schedule) -> None:
        self._on_step = on_step
        self._schedule = schedule

    def on_train_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        """The step is done."""
        step = trainer.global_step
        by_time = self._schedule.time_share(step)
        totals = [self._schedule.steps, round(step / by_time) if by_time else 0]
        self._on_step(step, min((total for total in totals if total), default=0))


class _BestCheckpoint(ModelCheckpoint):
    """Resumes in a folder that was moved meanwhile; Lightning would forget the best score."""

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """With the paths of where the folder is now."""
        here = str(Path(str(self.dirpath)) / BEST_FILE)
        moved = {**state_dict, "dirpath": self.dirpath}
        moved |= {name: here for name in ("best_model_path", "kth_best_model_path") if moved[name]}
        moved["best_k_models"] = dict.fromkeys([here] if moved["best_k_models"] else [], moved["best_model_score"])
        super().load_state_dict(moved)


class _LastCheckpoint(pl.Callback):
    """Saves the whole state every few hundred steps, and when Ctrl-C or SIGTERM asks to stop.

    Never before an evaluation, which belongs to the same state: the run would resume between the two. Such a save waits
    for the next batch, and if there is none, the run resumes from the last save, or from its beginning.
    """

    def __init__(self, work: Path, every: int, limits: Limits) -> None:
        self._path = work / LAST_FILE
        self._every = every
        self._limits = limits  # it stands before this callback
        self._saved_at = 0
        self.asked = 0  # the signal that asked to stop

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:  # noqa: ARG002
        """Takes both signals over from Lightning, which has just set its own and gives back those before it at the end:
        the first one asks to stop, a second one stops at once.
        """
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, self._ask)

    def on_train_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        """Saves when it is time."""
        due = trainer.global_step - self._saved_at >= self._every
        if (due or self.asked) and not self._limits.evaluation_follows:
            self._saved_at = trainer.global_step
            trainer.save_checkpoint(self._path)
            if self.asked:
                raise TrainingInterrupted(self.asked)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:  # noqa: ARG002
        """Where every batch is its epoch's last, stops without a save."""
        if self.asked and trainer.num_training_batches == 1:
            raise TrainingInterrupted(self.asked)

    def state_dict(self) -> dict[str, Any]:
        """The step of this save."""
        return {"saved_at": self._saved_at}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Counterpart of :meth:`state_dict`."""
        self._saved_at = state_dict["saved_at"]

    def _ask(self, number: int, _: Any) -> None:
        if self.asked:
            raise TrainingInterrupted(number)
        self.asked = number


def tensorboard_logger(folder: Path | None) -> Any:
    """What writes events to ``folder``; ``False`` without one.

    :raises MissingPackageError: tensorboard is not installed.
    :raises FolderError: ``folder`` is something else.
    """
    if folder is None:
        return False
    if folder.exists() and not folder.is_dir():
        raise FolderError(f"{folder} exists and is not a folder: choose another `tensorboard`")
    from lightning.pytorch.loggers import TensorBoardLogger  # noqa: PLC0415 - optional

    try:
        return TensorBoardLogger(folder, name="", version="")
    except ModuleNotFoundError:
        raise MissingPackageError("`tensorboard`", "tensorboard") from None
