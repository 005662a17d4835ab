"""Folder locks that the operating system releases when their process ends, however it ends."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from tiankong.errors import FolderError

try:
    import fcntl
except ModuleNotFoundError:  # Windows
    fcntl = None  # type: ignore[assignment]


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Briefly excludes other processes that write in ``folder``, where system and disk support locks."""
    held = try_lock(folder, wait=True)
    try:
        yield
    finally:
        unlock(held)


def try_lock(folder: Path, *, wait: bool = False) -> int | None:
    """Locks a folder and returns a handle for :func:`unlock`; ``None`` if another process holds the lock or locks are
    unsupported.
    """
    if fcntl is None:
        return None
    held = None
    try:
        held = os.open(folder, os.O_RDONLY)
        fcntl.flock(held, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        unlock(held)
        return None
    return held


def lock_alone(folder: Path, work: str) -> int | None:
    """Locks a folder for ``work``, as in ``preparing reviews``; returns a handle for :func:`unlock`, ``None`` where
    locks are unsupported.

    :raises FolderError: another process holds the lock.
    """
    held = try_lock(folder)
    if held is None and _is_locked_elsewhere(folder):
        raise FolderError(f"another process is {work}: wait for it, or choose another output")
    return held


def _is_locked_elsewhere(folder: Path) -> bool:
    """Whether another process holds the lock of a folder."""
    if fcntl is None:
        return False
    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno in {errno.EWOULDBLOCK, errno.EACCES}
    finally:
        os.close(held)
    return False


def unlock(held: int | None) -> None:
    """Releases a lock from :func:`try_lock`."""
    if held is not None:
        os.close(held)
