"""Locks of folders, which end with the process that holds them, whatever ends it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ModuleNotFoundError:  # Windows
    fcntl = None  # type: ignore[assignment]


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """For moments: alone among the processes that write in ``folder``, where the system and the disk know locks."""
    held = try_lock(folder, wait=True)
    try:
        yield
    finally:
        unlock(held)


def try_lock(folder: Path, *, wait: bool = False) -> int | None:
    """What holds the lock of a folder, which ends with the process; ``None`` if another process has it, or there are
    no such locks.
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


def unlock(held: int | None) -> None:
    """Lets go of what :func:`try_lock` gave."""
    if held is not None:
        os.close(held)
