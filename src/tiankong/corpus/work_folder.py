"""Where an unfinished preparation keeps its shards: a folder beside the prepared corpus, until that is whole.

``preparing.json`` says what is prepared and how; a shard is a file for each chunk of texts that is segmented.
"""

from __future__ import annotations

import contextlib
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tiankong.config import CUTTING, PrepareConfig
from tiankong.corpus.chunks import digest
from tiankong.corpus.shards import Shard
from tiankong.errors import FolderError
from tiankong.folder import missing_parents, readable_write_errors, remove_empty
from tiankong.folder_lock import lock_alone, unlock
from tiankong.unfinished_work import UnfinishedWork, changed
from tiankong.version import VERSION

_SHARD_SUFFIX = ".safetensors"
_PARTIAL = ".partial"
_SCRATCH_SUFFIX = ".scratch"


def work_folder(output: Path) -> Path:
    """Where the preparation of ``output`` keeps its shards."""
    return output.with_name(output.name + ".preparing")


def holds_unfinished(output: Path) -> bool:
    """Whether there is an unfinished preparation of ``output`` that is worth going on with."""
    return _holds_several_shards(work_folder(output))


def _holds_several_shards(folder: Path) -> bool:
    shards = folder.glob(f"*{_SHARD_SUFFIX}")
    return next(shards, None) is not None and next(shards, None) is not None


@dataclass(frozen=True)
class Work:
    """The folder of a preparation that is this process's alone.

    ``run`` is in the names of unfinished files: a process of a run that was killed may still write its last one.
    """

    folder: Path
    run: str = field(default_factory=lambda: secrets.token_hex(4))

    def is_done(self, number: int, content: bytes) -> bool:
        """Whether the shard of chunk ``number``, which has these bytes, is there and whole."""
        file = self._file(number)
        try:
            return file.exists() and Shard(file).digest == digest(content)
        except FolderError:
            return False

    def finished(self) -> list[int]:
        """The numbers of the chunks whose shards are there, in order."""
        return sorted(int(file.stem) for file in self.folder.glob(f"*{_SHARD_SUFFIX}") if file.stem.isdecimal())

    def partial(self, number: int) -> Path:
        """Where to write the shard of chunk ``number``."""
        return self.folder / f".{self.run}-{self._file(number).name}{_PARTIAL}"

    def add(self, number: int) -> None:
        """Takes over the shard that was written to :meth:`partial`."""
        self.partial(number).replace(self._file(number))

    def shards(self, count: int) -> list[Shard]:
        """The shards of the first ``count`` chunks.

        :raises FolderError: one is missing or damaged.
        """
        return [Shard(self._file(number)) for number in range(count)]

    def scratch(self, name: str) -> Path:
        """A file for what is computed from the shards."""
        return self.folder / f"{name}{_SCRATCH_SUFFIX}"

    def _file(self, number: int) -> Path:
        return self.folder / f"{number:06}{_SHARD_SUFFIX}"


@contextlib.contextmanager
def started_work(
    output: Path,
    config: PrepareConfig,
    user_words: Sequence[str],
    *,
    resume: bool,
    force: bool,
    note: Callable[[str], None],
) -> Iterator[Work]:
    """The folder of the preparation of ``output``: an empty one, or with ``resume`` that of an unfinished one, if any.

    It is removed when the block ends, except if the block fails or is stopped, and there is work to go on with.

    :raises FolderError: there is an unfinished preparation (without ``resume`` or ``force``); another process works
        there; it can't be written.
    :raises OptionError: the preparation to resume segments differently.
    """
    folder = work_folder(output)
    settings = {name: getattr(config, name) for name in (*CUTTING, "seed")}
    stated = {"tiankong": VERSION, "user_words": list(user_words), **settings}
    missing = missing_parents(folder.absolute())
    try:
        with readable_write_errors(output):
            folder.mkdir(parents=True, exist_ok=True)
            held = lock_alone(folder, f"preparing {output}")
    except FolderError:
        remove_empty(missing)
        raise
    try:
        with readable_write_errors(folder):
            _PREPARATION.take(folder, stated, resume=resume, force=force, note=note)
        is_over = False
        try:
            yield Work(folder)
            is_over = True
        finally:
            if is_over or not holds_unfinished(output):
                shutil.rmtree(folder, ignore_errors=True)
    finally:
        with contextlib.suppress(OSError):
            folder.rmdir()  # if it is empty
        remove_empty(missing)
        unlock(held)


def _differences(started: dict[str, Any], asked: dict[str, Any]) -> list[str]:
    differences = [
        changed(name, _given(started[name]), _given(value))
        for name, value in asked.items()
        if name in {*CUTTING, "seed"} and started[name] != value
    ]
    if started["user_words"] != asked["user_words"]:
        differences.append("another `user_dict`")
    return differences


def _given(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


_PREPARATION = UnfinishedWork(
    run="preparation",
    content="an unfinished preparation",
    whole="a preparation",
    stated_file="preparing.json",
    own_files=(f"*{_SHARD_SUFFIX}", f"*{_SCRATCH_SUFFIX}"),
    is_begun=_holds_several_shards,
    differences=_differences,
)
