"""Where the answers to a file are kept until all are there: a folder beside the output.

``answering.json`` says what is answered and how. ``answers.jsonl`` has a line for each row that is answered; every line
of ``parts.jsonl`` says how far it was known to be whole, and names the first rows without an answer.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any

import msgspec

from tiankong.errors import FolderError, OptionError, SourceError
from tiankong.folder import way_out_of, write_text
from tiankong.folder_lock import lock_alone, unlock
from tiankong.unfinished_work import UnfinishedWork, changed

SECONDS_BETWEEN_PARTS = 1.0
"""Work that a killed run loses, beside what was under way."""

MOST_NAMED = 10
"""Rows without an answer that are named."""

_ANSWERS_FILE = "answers.jsonl"
_PARTS_FILE = "parts.jsonl"
_OUTPUT_FILE = "output.partial"
_LONGEST_SHOWN = 60


@dataclass(frozen=True)
class RowError:
    """A row without an answer: its ``place`` in the input, such as ``line 5``, and what is wrong with it."""

    place: str
    message: str


class _Part(msgspec.Struct):
    """Everything up to a place that is whole: rows and bytes of answers, and how many of the rows have none."""

    rows: int = 0
    bytes: int = 0
    failed: int = 0
    named: list[RowError] = []


def work_folder(output: Path) -> Path:
    """Where the answers are kept that ``output`` is made of."""
    place = output.resolve() if output.is_symlink() else output
    return place.with_name(f"{place.name}.answering")


def holds_unfinished(output: Path) -> bool:
    """Whether there is an unfinished run for ``output`` that is worth going on with."""
    return _holds_parts(work_folder(output))


def _holds_parts(folder: Path) -> bool:
    with contextlib.suppress(OSError):
        return (folder / _ANSWERS_FILE).exists() and (folder / _PARTS_FILE).stat().st_size > 0
    return False


@contextlib.contextmanager
def readable_errors(output: Path) -> Iterator[None]:
    """Reports an operating-system error while writing in one sentence.

    :raises FolderError: instead of any ``OSError``.
    """
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        way_on = " and go on with `resume=True`" if holds_unfinished(output) else ""
        raise FolderError(f"{output} can't be written ({reason}): {way_out_of(error)}{way_on}") from None


class Work:
    """The folder of a run that is this process's alone, and the answers in it."""

    def __init__(self, folder: Path) -> None:
        """Takes up what is there, up to the end of its last whole part."""
        self.folder = folder
        self.answers = folder / _ANSWERS_FILE
        self._whole = self._last_part()
        self._answers = self.answers.open("ab")
        self._answers.truncate(self._whole.bytes)
        self._parts = (folder / _PARTS_FILE).open("ab")
        self._now = msgspec.structs.replace(self._whole, named=[*self._whole.named])
        self._ended = monotonic()

    @property
    def rows(self) -> int:
        """Rows that are answered."""
        return self._now.rows

    @property
    def failed(self) -> int:
        """How many of them have no answer."""
        return self._now.failed

    @property
    def named(self) -> list[RowError]:
        """The first of those."""
        return self._now.named

    @property
    def output(self) -> Path:
        """A file for what the answers are turned into."""
        return self.folder / _OUTPUT_FILE

    def add(self, lines: bytes, rows: int, errors: list[RowError]) -> bool:
        """Adds the answers to the next rows, ``errors`` among them. Returns whether a part ends with them."""
        self._answers.write(lines)
        now = self._now
        now.rows, now.bytes, now.failed = now.rows + rows, now.bytes + len(lines), now.failed + len(errors)
        now.named += errors[: MOST_NAMED - len(now.named)]
        if monotonic() - self._ended < SECONDS_BETWEEN_PARTS:
            return False
        self.end_part()
        return True

    def end_part(self) -> None:
        """Makes sure that what was added is there after a crash."""
        if self._now.rows > self._whole.rows:
            self._answers.flush()
            os.fsync(self._answers.fileno())
            self._parts.write(msgspec.json.encode(self._now) + b"\n")
            self._parts.flush()
            os.fsync(self._parts.fileno())
            self._whole = msgspec.structs.replace(self._now, named=[*self._now.named])
        self._ended = monotonic()

    def close(self) -> None:
        """Ends the last part. Nothing can be added any more."""
        if not self._answers.closed:
            self.end_part()
            self._answers.close()
            self._parts.close()

    def _last_part(self) -> _Part:
        """The last part that is whole; a crash may have torn the last line, or lost answers."""
        last = _Part()
        with contextlib.suppress(FileNotFoundError):
            size = self.answers.stat().st_size
            with (self.folder / _PARTS_FILE).open("rb") as parts:
                for line in parts:
                    try:
                        part = msgspec.json.decode(line, type=_Part)
                    except msgspec.DecodeError:
                        break
                    if part.bytes > size:
                        break
                    last = part
        self._keep(last)
        return last

    def _keep(self, last: _Part) -> None:
        """Leaves ``last`` as the only part."""
        line = msgspec.json.encode(last).decode() + "\n"
        write_text(self.folder / _PARTS_FILE, line if last.rows else "")

    def __enter__(self) -> Work:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if not isinstance(error, OSError):
                self.close()
        finally:
            for file in (self._answers, self._parts):
                with contextlib.suppress(OSError):  # which was reported when it happened
                    file.close()


@contextlib.contextmanager
def started_work(
    output: Path, stated: Mapping[str, Any], *, resume: bool, force: bool, note: Callable[[str], None]
) -> Iterator[Work]:
    """The folder of a run for ``output`` that does what is ``stated``: an empty one, or with ``resume`` that of an
    unfinished one, if any.

    It is removed when the block ends, except if the block is stopped or fails for want of something, and there is work
    to go on with.

    :raises FolderError: there is an unfinished run (without ``resume`` or ``force``); another process works there; it
        can't be written.
    :raises OptionError: the run to resume does something else.
    """
    folder = work_folder(output)
    with readable_errors(output):
        folder.mkdir(exist_ok=True)
        held = lock_alone(folder, f"answering into {output}")
    try:
        with readable_errors(output):
            _RUN.take(folder, stated, resume=resume, force=force, note=note)
        is_over = True
        try:
            with readable_errors(output), Work(folder) as work:
                yield work
        except (OptionError, SourceError):  # the same run would fail again
            raise
        except BaseException:
            is_over = False
            raise
        finally:
            if is_over or not _holds_parts(folder):
                shutil.rmtree(folder, ignore_errors=True)
    finally:
        with contextlib.suppress(OSError):
            folder.rmdir()  # if it is empty
        unlock(held)


def _differences(started: dict[str, Any], asked: dict[str, Any]) -> list[str]:
    differences = [
        f"another {name}{_names(started['names'][name], asked['names'][name])}"
        for name in ("input", "model", "method")
        if started[name] != asked[name]
    ]
    settings, now = started["settings"], asked["settings"]
    return differences + [
        _difference(name, settings.get(name), now.get(name))
        for name in {**settings, **now}
        if settings.get(name) != now.get(name)
    ]


def _names(started: str, asked: str) -> str:
    return f", {started} (now {asked})" if started != asked else f": {asked} has changed since"


def _difference(name: str, started: Any, now: Any) -> str:
    if max(len(repr(started)), len(repr(now))) > _LONGEST_SHOWN:
        return f"another `{name}`"
    return changed(name, started, now)


_RUN = UnfinishedWork(
    run="run",
    content="unfinished answers",
    whole="an unfinished run",
    stated_file="answering.json",
    own_files=(_ANSWERS_FILE, _PARTS_FILE, _OUTPUT_FILE),
    is_begun=_holds_parts,
    differences=_differences,
)
