"""Detects that a file was changed while it was read."""

from __future__ import annotations

from pathlib import Path

from tiankong.errors import SourceError


def file_state(path: Path) -> tuple[int, ...]:
    """What changes with a file; nothing if it is missing or unreadable."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return ()
    return status.st_ino, status.st_size, status.st_mtime_ns


def check_unchanged(path: Path, before: tuple[int, ...], name: str) -> None:
    """Checks that the state of the file, for people called ``name``, is that of ``before``.

    :raises SourceError: it was changed since.
    """
    if file_state(path) != before:
        raise SourceError(f"{name} was changed while it was read: run this again when it is complete")
