"""The folder of a training run, beside the model's while it runs: whose run it is, and that it is this process's alone.

``run.json`` says what is trained on what, ``last.safetensors`` is everything needed to resume, ``best.safetensors`` the
weights with the best validation score so far, ``start.safetensors`` those before all of a network was trained,
``time.json`` what the clock of a training with a time limit said, ``epochs.safetensors`` what each evaluation measured,
once all are done.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from tiankong.config import TrainingConfig
from tiankong.errors import FolderError, OptionError
from tiankong.folder import readable_write_errors, write_text
from tiankong.training.precision import resolve_precision
from tiankong.unfinished_work import START_OVER, changed

RUN_FILE = "run.json"
LOCK_FILE = "lock"
LAST_FILE = "last.safetensors"
BEST_FILE = "best.safetensors"
START_FILE = "start.safetensors"
EPOCHS_FILE = "epochs.safetensors"
TIME_FILE = "time.json"

_NAMES = "names"
"""What of a run is for people alone, and not compared."""

_PARTS = ("model", "training", "classifier")
"""What of it is compared setting by setting."""

_MOST_NAMED = 5
"""Differences that are named; another preset has dozens."""

_OWN_FILES = {RUN_FILE, LOCK_FILE, LAST_FILE, BEST_FILE, START_FILE, EPOCHS_FILE, TIME_FILE}

_BEFORE_A_RUN = {LOCK_FILE, f".{RUN_FILE}.partial"}
"""What a process that is killed while it makes the folder leaves."""


@dataclass(frozen=True)
class Work:
    """Where a run keeps its state: a folder of its own, which may hold an unfinished run to ``resume``, or to replace
    by ``force``; ``command`` is the command that started the run.
    """

    folder: Path
    resume: bool = False
    force: bool = False
    command: str = ""

    @property
    def holds_run(self) -> bool:
        """Whether there is anything of a run; a lock alone is what is left of a process that had not begun one."""
        if not self.folder.is_dir():
            return self.folder.exists()
        return any(file.name not in _BEFORE_A_RUN for file in self.folder.iterdir())

    @property
    def has_checkpoint(self) -> bool:
        """Whether there is a checkpoint to resume from."""
        return (self.folder / LAST_FILE).exists() or self.has_ended

    @property
    def has_ended(self) -> bool:
        """Whether all epochs are done, so that only calibrating and measuring are left."""
        return (self.folder / EPOCHS_FILE).exists()


@contextlib.contextmanager
def started_run(what: dict[str, Any], names: dict[str, Any], training: TrainingConfig, work: Work) -> Iterator[str]:
    """Makes the folder of a run that trains ``what`` with the settings ``training``, or checks that it holds this run;
    yields the run's precision. ``names`` are what people call the parts of ``what``: the ``corpora``, their
    ``weights``, and the ``base``.

    The run is this process's alone until the block ends. A run that fails before its first checkpoint, or is stopped
    before ``run.json`` exists, leaves nothing.

    :raises OptionError: the run to resume is another one.
    :raises FolderError: the folder holds an unfinished run (without ``resume`` or ``force``); another process is
        training there; what it holds can't be read, or is no training's.
    """
    folder, run = work.folder, {**what, "training": dataclasses.asdict(training), _NAMES: names}
    _check_asked(work)
    # Measured before the folder is there: it takes a second or two, and a stop meanwhile has nothing to clean up.
    precision = "" if work.resume else resolve_precision(training.precision, training.device)
    lock = FileLock(folder / LOCK_FILE, timeout=0)
    try:
        with readable_write_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
        _acquire(lock, folder)
        if work.resume:
            precision = _precision_of(run, work)
        else:
            _begin(run, precision, work)
        yield precision
    except BaseException as stopped:
        lock.release()
        resumable = work.has_checkpoint or (not isinstance(stopped, Exception) and (folder / RUN_FILE).exists())
        if not work.resume and not resumable:
            remove_run(work)
        raise
    else:
        lock.release()


def _check_asked(work: Work) -> None:
    """Refuses to start where there is a run, and to start over in what is no run's."""
    folder = work.folder
    if work.holds_run and not (work.resume or work.force):
        _check_free(folder)
        held = "an unfinished training: go on"
        if work.has_ended:
            held = "a training whose epochs are all done: make its model again"
        raise FolderError(f"{folder} holds {held} with `resume=True` or start over with `force=True`")
    if not work.resume:
        _check_own(folder)


def _acquire(lock: FileLock, folder: Path) -> None:
    """Takes the run's lock.

    :raises FolderError: another process holds it.
    """
    try:
        lock.acquire()
    except Timeout:
        raise FolderError(f"another process is training in {folder}: wait for it, or choose another output") from None


def _check_free(folder: Path) -> None:
    if (folder / LOCK_FILE).is_file():
        lock = FileLock(folder / LOCK_FILE, timeout=0)
        with contextlib.suppress(OSError):
            _acquire(lock, folder)
        lock.release()


def remove_run(work: Work) -> None:
    """Removes the folder of a run that is over, unless another process has taken it up meanwhile."""
    if work.folder.is_dir():  # a lock would make it
        lock = FileLock(work.folder / LOCK_FILE, timeout=0)
        with contextlib.suppress(Timeout, OSError), lock:
            shutil.rmtree(work.folder, ignore_errors=True)


def _check_own(folder: Path) -> None:
    """Checks that ``folder`` contains only what a run leaves."""
    for file in folder.iterdir() if folder.is_dir() else [folder] if folder.exists() else []:
        if file.is_dir() or file.name.removeprefix(".").removesuffix(".partial") not in _OWN_FILES:
            raise FolderError(
                f"{file} is no part of a training and would be deleted: move it away, or choose another output"
            )


def _begin(run: dict[str, Any], precision: str, work: Work) -> None:
    """Replaces whatever run the folder holds by this one."""
    for file in work.folder.iterdir():
        if file.name != LOCK_FILE:
            file.unlink()
    stated = {**run, "precision": precision, "command": work.command}
    with readable_write_errors(work.folder):
        write_text(work.folder / RUN_FILE, json.dumps(stated, indent=2) + "\n")


def _precision_of(run: dict[str, Any], work: Work) -> str:
    """That of the unfinished run in the folder, which must be this one."""
    folder = work.folder
    started, precision, command = _read_run(folder)
    asked = json.loads(json.dumps(run))
    started.setdefault("task", asked["task"])  # not stated by earlier versions, whose tasks differ in what is
    started.setdefault("base", None)  # not stated where there could be none
    names = {_NAMES: None}
    if {**started, **names} != {**asked, **names}:
        by = f" It was started by: {command}" if command else ""
        raise OptionError(
            f"the unfinished training in {folder} was started with {_differences(started, asked)}: repeat the original "
            f"options, or {START_OVER}.{by}"
        )
    return precision


def _read_run(folder: Path) -> tuple[dict[str, Any], str, str]:
    """What a run is, its precision, and the command that started it.

    :raises FolderError: it can't be read.
    """
    try:
        run = json.loads((folder / RUN_FILE).read_text(encoding="utf-8"))
        precision, command = run.pop("precision"), run.pop("command", "")
        readable = precision in {"fp32", "bf16"} and all(isinstance(run.get(part, {}), dict) for part in _PARTS)
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        readable = False
    if not readable:
        raise FolderError(f"{RUN_FILE} in {folder} can't be read: {START_OVER}")
    return run, precision, command


def _differences(started: dict[str, Any], asked: dict[str, Any]) -> str:
    """The settings in which a run as ``started`` differs from the run ``asked`` for now."""
    if started["task"] != asked["task"]:
        return changed("task", started["task"], asked["task"])
    names, now = started.get(_NAMES) or {}, asked[_NAMES]
    differences = []
    if started.get("corpus") != asked.get("corpus"):
        differences.append(_corpus_difference(names, now))
    if started.get("base") != asked.get("base"):
        base, base_now = names.get("base"), now["base"]
        is_same = base == base_now or _NAMES not in started
        differences.append("another model behind `base`" if is_same else changed("base", base, base_now))
    for part in _PARTS:
        differences += [
            changed(name, _given(started[part].get(name)), _given(value))
            for name, value in asked.get(part, {}).items()
            if started.get(part, {}).get(name) != value
        ]
    if len(differences) > _MOST_NAMED:
        more = len(differences) - _MOST_NAMED
        differences[_MOST_NAMED:] = [f"and {more} other settings differ" if more > 1 else "and 1 other setting differs"]
    return ", ".join(differences) or "settings that this version does not have"


def _corpus_difference(names: dict[str, Any], now: dict[str, Any]) -> str:
    """How the corpora, or their weights, differ. Corpora are pairs of a name and a fingerprint."""
    corpora, corpora_now = names.get("corpora"), now["corpora"]
    if corpora is None:  # which earlier versions did not state
        return "another corpus or other `weights`"
    prints, prints_now = ([fingerprint for _, fingerprint in pairs] for pairs in (corpora, corpora_now))
    if prints == prints_now:
        return changed("weights", _given(names["weights"]), _given(now["weights"]))
    called, called_now = (", ".join(name for name, _ in pairs) for pairs in (corpora, corpora_now))
    if sorted(prints) == sorted(prints_now):
        return f"the corpora in another order, {called}"
    if called != called_now:
        return f"the {'corpus' if len(corpora) == 1 else 'corpora'} {called} (now {called_now})"
    again = [name for (name, before), after in zip(corpora, prints_now, strict=True) if before != after]
    return f"another corpus: {', '.join(again)} was prepared again since"


def _given(value: Any) -> Any:
    """A value as an argument of :func:`tiankong.train`."""
    return tuple(value) if isinstance(value, list) else value
