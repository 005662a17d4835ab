"""A training run: Lightning's Trainer around the module, with checkpoints it can be resumed from.

While it runs, the folder beside the model's holds ``run.json`` (what is trained on what), ``last.safetensors``
(everything needed to go on) and ``best.safetensors`` (the weights with the best validation score so far).
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import logging
import os
import shutil
import signal
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import numpy as np
import torch
from filelock import FileLock, Timeout
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint, TQDMProgressBar

from tiankong.config import ModelConfig, TrainingConfig, check
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.errors import FolderError, OptionError
from tiankong.folder import readable_write_errors, write_text
from tiankong.model.network import ClozeNetwork, WordTables, parameter_count
from tiankong.training.batches import Batch, WindowBatches
from tiankong.training.calibration import Calibration, calibrate
from tiankong.training.checkpoints import SafetensorsCheckpoints, read_checkpoint
from tiankong.training.history import History, Row
from tiankong.training.module import ClozeModule
from tiankong.training.precision import check_machine, resolve_precision
from tiankong.training.profile import Profile, Profiler

RUN_FILE = "run.json"
LOCK_FILE = "lock"
LAST_FILE = "last.safetensors"
BEST_NAME = "best"


class TrainingInterrupted(Exception):
    """Ctrl-C (or SIGTERM) arrived and the training state has been saved; ``signal`` is which."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.signal = number


@dataclass(frozen=True)
class Trained:
    """The best network of a run, what each epoch measured, and how it was calibrated at the end."""

    network: ClozeNetwork
    rows: list[Row]
    best_epoch: int
    calibration: Calibration


@dataclass(frozen=True)
class Display:
    """How a run shows itself: a progress bar, what to call with each epoch's scores and profile, TensorBoard."""

    progress_bar: bool = False
    on_epoch: Callable[[Row], None] = lambda _: None
    on_profile: Callable[[Profile], None] | None = None
    tensorboard: Path | None = None


def fit(
    corpus: PreparedCorpus,
    model: ModelConfig,
    training: TrainingConfig,
    work: Path,
    *,
    resume: bool = False,
    force: bool = False,
    display: Display = Display(),
) -> Trained:
    """Trains on ``corpus`` in folder ``work`` and returns the weights of the best epoch.

    :raises OptionError: the configurations.
    :raises FolderError: ``work`` holds an unfinished run (without ``resume`` or ``force``), or another one than
        the one to resume; another process is training there; a checkpoint that can't be read or written.
    :raises TrainingInterrupted: after Ctrl-C or SIGTERM; calling again with ``resume`` goes on.
    """
    check(model, training)
    check_machine(training)
    _quiet_lightning()
    torch.set_num_threads(training.threads or os.cpu_count() or 1)
    # What can be refused is refused before the run's folder is there.
    tables, logger = word_tables(corpus, model), _tensorboard(display.tensorboard)
    _check_memory(model, tables)
    train, *measured = _loaders(corpus, training)
    with _started_run(corpus, model, training, work, resume=resume, force=force) as precision:
        module = ClozeModule(model, training, tables, steps=len(train) * training.epochs)
        monitor, mode = monitored(model, training)
        history = History(corpus.manifest.splits["train"].tokens, display.on_epoch)
        best = ModelCheckpoint(
            work, BEST_NAME, monitor=monitor, mode=mode, save_weights_only=True, enable_version_counter=False
        )
        best.FILE_EXTENSION = ".safetensors"
        stop = EarlyStopping(monitor, patience=training.patience, mode=mode)
        callbacks: list[pl.Callback] = [Profiler(display.on_profile)] if display.on_profile else []
        callbacks += [history, stop, best, _LastCheckpoint(work, training.checkpoint_steps)]
        trainer = pl.Trainer(
            accelerator={"auto": "auto", "cpu": "cpu", "gpu": "gpu"}[training.device],
            devices=1,
            precision={"fp32": "32-true", "bf16": "bf16-mixed"}[precision],  # type: ignore[arg-type]
            max_epochs=training.epochs,
            callbacks=[*callbacks, TQDMProgressBar(leave=False)] if display.progress_bar else callbacks,
            plugins=[SafetensorsCheckpoints()],
            logger=logger,
            enable_progress_bar=display.progress_bar,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            log_every_n_steps=10,
        )
        loader = _EpochLoader(train, trainer)
        last = work / LAST_FILE
        resumed = str(last) if resume and last.exists() else None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            trainer.fit(module, loader, [_MeasuredLoader(batches) for batches in measured], ckpt_path=resumed)
        weights = read_checkpoint(work / f"{BEST_NAME}.safetensors")["state_dict"]
    module.load_state_dict(weights)
    scores = [row[monitor] for row in history.rows]
    number = int(np.argmax(scores) if mode == "max" else np.argmin(scores))
    network = module.network.cpu().eval()
    return Trained(network, history.rows, number + 1, calibrate(network, measured[0].in_order()))


def _check_memory(model: ModelConfig, tables: WordTables) -> None:
    """Refuses what can't fit. Asking the system for it would end in its killing this process, or another.

    :raises OptionError: weights, gradients and the optimiser's two moments are more than the machine's memory.
    """
    if not hasattr(os, "sysconf"):  # Windows does not promise memory it hasn't got
        return
    needed = 4 * 4 * parameter_count(model, tables)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if needed > memory:
        raise OptionError(
            f"a network of these sizes takes {needed / 2**30:,.0f} GiB to train and this machine has "
            f"{memory / 2**30:,.0f}: make its sizes or the vocabulary smaller"
        )


def monitored(model: ModelConfig, training: TrainingConfig) -> tuple[str, str]:
    """The validation score that decides which epoch is best, and whether it should rise or fall."""
    if model.head == "codes" and training.code_loss == "bits":
        return "validation_bit_accuracy", "max"
    return "validation_perplexity", "min"


def word_tables(corpus: PreparedCorpus, model: ModelConfig) -> WordTables:
    """What the network must know of the corpus's words.

    :raises FolderError: a codes or hybrid head, and the corpus has no codes.
    :raises OptionError: a hybrid head that would code no word.
    """
    size = int(corpus.vocabulary.targets().sum())
    if model.head == "hybrid" and model.frequent_words >= size:
        raise OptionError(
            f"frequent_words ({model.frequent_words}) must be below the {size} words of the vocabulary that can fill a "
            "blank, else none is left to be coded: give a smaller --frequent-words, or use --head softmax"
        )
    codes = None if model.head == "softmax" else corpus.codes
    words = corpus.vocabulary
    spelling = corpus.lexicon.character_ids[: len(words)]
    return WordTables(words.counts, words.targets(), codes, len(corpus.characters), spelling)


def _loaders(corpus: PreparedCorpus, training: TrainingConfig) -> tuple[WindowBatches, WindowBatches, WindowBatches]:
    """Training batches, and the validation and training texts measured after each epoch."""
    train, validation = corpus.split("train"), corpus.split("validation")
    wanted = training.validation_sentences or len(validation)
    generator = np.random.default_rng(training.seed)

    def chosen(size: int) -> np.ndarray[Any, np.dtype[np.int64]]:
        return np.sort(generator.permutation(size)[:wanted])

    # Measured batches are smaller: every one scores the whole vocabulary.
    measured = dataclasses.replace(training, loss_tokens="targets", batch_sentences=0)
    loaders = (
        WindowBatches(corpus, train, np.arange(len(train)), training),
        WindowBatches(corpus, validation, chosen(len(validation)), measured),
        WindowBatches(corpus, train, chosen(len(train)), measured),
    )
    for loader, name in zip(loaders, ("train", "validation", "train"), strict=True):
        if not any(len(targets) for _, targets, _ in loader.in_order()):
            raise FolderError(f"the {name} split of {corpus.folder} has no known word to predict: prepare more text")
    return loaders


class _EpochLoader:
    """The training batches, from where Lightning's own counters stand: a resumed epoch goes on in the middle."""

    def __init__(self, batches: WindowBatches, trainer: pl.Trainer) -> None:
        self._batches = batches
        self._trainer = trainer

    def __len__(self) -> int:
        return len(self._batches)

    def __iter__(self) -> Iterator[Batch]:
        # The body runs when the first batch is asked for, after the counters have been restored.
        done = self._trainer.fit_loop.epoch_loop.batch_progress.current.ready
        yield from self._batches.epoch(self._trainer.current_epoch, done)

    def state_dict(self) -> dict[str, Any]:
        """Nothing: the trainer's counters are the position. Tells Lightning that resuming works."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Counterpart of :meth:`state_dict`."""


class _MeasuredLoader:
    """Texts to measure, the same batches each time."""

    def __init__(self, batches: WindowBatches) -> None:
        self._batches = batches

    def __len__(self) -> int:
        return len(self._batches)

    def __iter__(self) -> Iterator[Batch]:
        return self._batches.in_order()


class _LastCheckpoint(pl.Callback):
    """Saves the whole state every so many steps, and when Ctrl-C or SIGTERM asks to stop.

    Never after an epoch's last batch: the validation that follows belongs to the same state, so the run would
    resume between the two. Such a save waits for the next batch.
    """

    def __init__(self, work: Path, every: int) -> None:
        self._path = work / LAST_FILE
        self._every = every
        self._saved_at = 0
        self._asked = 0  # the signal that asked to stop
        self._previous: dict[int, Any] = {}

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:  # noqa: ARG002
        """Takes both signals over, also from Lightning: the first one asks to stop, a second one stops at once."""
        if threading.current_thread() is threading.main_thread():
            self._previous = {number: signal.signal(number, self._ask) for number in (signal.SIGINT, signal.SIGTERM)}

    def on_train_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        """Saves when it is time."""
        due = trainer.global_step - self._saved_at >= self._every
        if (due or self._asked) and not trainer.fit_loop.epoch_loop.batch_progress.is_last_batch:
            self._saved_at = trainer.global_step
            trainer.save_checkpoint(self._path)
            if self._asked:
                raise TrainingInterrupted(self._asked)

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:  # noqa: ARG002
        """Gives the signals back."""
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._previous = {}

    def state_dict(self) -> dict[str, Any]:
        """The step of this save."""
        return {"saved_at": self._saved_at}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Counterpart of :meth:`state_dict`."""
        self._saved_at = state_dict["saved_at"]

    def _ask(self, number: int, _: Any) -> None:
        if self._asked:
            raise KeyboardInterrupt
        self._asked = number


@contextlib.contextmanager
def _started_run(
    corpus: PreparedCorpus, model: ModelConfig, training: TrainingConfig, work: Path, *, resume: bool, force: bool
) -> Iterator[str]:
    """Makes ``work``, or makes sure that what it holds is this very run; yields the run's precision.

    The run is this process's alone until the block ends. One that fails before there is anything to resume from
    leaves nothing.
    """
    if work.exists() and not (resume or force):
        raise FolderError(f"{work} holds an unfinished training: go on with --resume or start over with --force")
    if resume and not work.exists():
        raise FolderError(f"there is no unfinished training in {work}: leave --resume out to start one")
    with readable_write_errors(work):
        work.mkdir(parents=True, exist_ok=True)
    lock = FileLock(work / LOCK_FILE, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise FolderError(f"another process is training in {work}: wait for it, or choose another output") from None
    try:
        yield _precision_of_run(corpus, model, training, work, resume=resume)
    except Exception:
        if not resume and not (work / LAST_FILE).exists():
            shutil.rmtree(work, ignore_errors=True)
        raise
    finally:
        lock.release()


def _precision_of_run(
    corpus: PreparedCorpus, model: ModelConfig, training: TrainingConfig, work: Path, *, resume: bool
) -> str:
    """Of the run in ``work``, which starts here or is resumed."""
    run = {
        "corpus": corpus.fingerprint,
        "model": dataclasses.asdict(model),
        "training": dataclasses.asdict(training),
    }
    if not resume:
        for file in work.iterdir():
            if file.name != LOCK_FILE:
                shutil.rmtree(file) if file.is_dir() else file.unlink()
        precision = resolve_precision(training.precision)
        with readable_write_errors(work):
            write_text(work / RUN_FILE, json.dumps({**run, "precision": precision}, indent=2) + "\n")
        return precision
    try:
        started = json.loads((work / RUN_FILE).read_text(encoding="utf-8"))
        precision = started.pop("precision")
    except (OSError, ValueError, KeyError, AttributeError):
        raise FolderError(f"{RUN_FILE} in {work} can't be read: start over with --force") from None
    if started != json.loads(json.dumps(run)) or precision not in {"fp32", "bf16"}:
        raise OptionError(
            f"the unfinished training in {work} has other options or another corpus: give the ones it was started "
            "with, or start over with --force"
        )
    return str(precision)


def _tensorboard(folder: Path | None) -> Any:
    if folder is None:
        return False
    from lightning.pytorch.loggers import TensorBoardLogger  # noqa: PLC0415 - optional

    try:
        return TensorBoardLogger(folder, name="", version="")
    except ModuleNotFoundError:
        from tiankong.errors import MissingPackageError  # noqa: PLC0415

        raise MissingPackageError("--tensorboard", "tensorboard") from None


def _quiet_lightning() -> None:
    for name in ("lightning.pytorch", "lightning.fabric", "lightning"):
        logging.getLogger(name).setLevel(logging.ERROR)
