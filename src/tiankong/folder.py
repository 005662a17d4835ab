"""Folders that are written whole or not at all, with a manifest that detects later changes.

A prepared corpus and a model are both written to a temporary folder and renamed. Both hold a JSON manifest with a
format version, the size and SHA-256 of every other file, and a checksum of the manifest itself.
"""

from __future__ import annotations

import contextlib
import errno
import glob
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from tiankong.errors import FolderError, OptionError
from tiankong.folder_lock import locked, try_lock, unlock

T = TypeVar("T")

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
"""The errors of a disk, or a quota, that is full."""


def as_path(path: object, name: str, kind: str = "folder") -> Path:
    """A folder given from Python, or a path of another ``kind``, by the argument ``name``.

    :raises OptionError: it is no path.
    """
    if not isinstance(path, str | os.PathLike) or not isinstance(os.fspath(path), str):
        raise OptionError(f"{name} must be a path, as a str or a Path, not {path!r}")
    if path == "":
        raise OptionError(f"{name} is empty: name a {kind}")
    return Path(path)


@dataclass(frozen=True)
class _StatedFile:
    """A file as the manifest records it."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class FolderFormat:
    """One kind of folder: its name for people, its manifest's file name, its version, the command that writes it."""

    kind: str
    manifest: str
    version: int
    command: str
    for_people: tuple[str, ...] = ()
    """Files that may be edited without making the folder unusable."""
    oldest: int = 1
    """The oldest version that is still read."""

    @contextlib.contextmanager
    def write(self, path: Path, *, force: bool) -> Iterator[Path]:
        """Yields an empty folder, which becomes ``path`` when the block ends and is removed if the block fails.

        :raises FolderError: ``path`` exists (without ``force``), is not a folder of this kind, or can't be written.
        """
        self.check_output(path, force=force)
        place = path.resolve()  # replaces the target of a link, not the link
        # Random, because containers reuse process ids.
        aside = place.with_name(f".{place.name}.partial-{secrets.token_hex(4)}")
        missing = missing_parents(place)
        try:
            with readable_write_errors(path):
                place.parent.mkdir(parents=True, exist_ok=True)
                with locked(place.parent):
                    _mend(place)
                    aside.mkdir()
                    held = try_lock(aside)
                try:
                    yield aside
                    self._make_readable(aside)
                    with locked(place.parent):
                        self.check_output(path, force=force)
                        _swap(aside, place)
                finally:
                    unlock(held)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
            remove_empty(missing)

    def check_output(self, path: Path, *, force: bool) -> None:
        """Fails early if ``path`` could not be written later.

        :raises FolderError: as for :meth:`write`.
        """
        try:
            path.lstat()
        except (FileNotFoundError, NotADirectoryError):
            pass
        except (OSError, ValueError) as error:
            why = (getattr(error, "strerror", None) or str(error)).lower()
            raise FolderError(f"{path} can't be written ({why}): choose another output folder") from None
        if path.name in {"", ".."}:
            raise FolderError(f"{path} can't name a new folder: choose another output folder")
        if path.is_dir():
            if any(path.iterdir()) and not (path / self.manifest).is_file():
                raise FolderError(f"{path} holds other files and is not a {self.kind}: choose another output folder")
            if not force:
                raise FolderError(f"{path} exists: add `force=True` to replace it, or choose another output folder")
            if path.resolve().is_mount():
                raise FolderError(f"{path} is a mount point and can't be replaced: choose a folder inside it")
            foreign = self._foreign(path)
            if foreign:
                raise FolderError(
                    f"{path} also holds {foreign[0]}, which replacing the {self.kind} would delete: move it away, or "
                    "choose another output folder"
                )
        elif path.exists() or path.is_symlink():
            raise FolderError(f"{path} exists and is not a folder: choose another output folder")
        parent = next(folder for folder in (*path.parents, path.absolute().parent) if folder.exists())
        if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
            where = "the current folder" if parent == Path() else parent
            raise FolderError(f"{path} can't be written: {where} is not a folder you may write to")

    def _foreign(self, path: Path) -> list[str]:
        """Files in a folder of this kind that :meth:`write` did not write; empty if the manifest can't say."""
        try:
            written = {self.manifest, *self.for_people, *self._manifest(path)["files"]}
        except (FolderError, KeyError, TypeError):
            return []
        return sorted(entry.name for entry in path.iterdir() if entry.name not in written)

    def _make_readable(self, folder: Path) -> None:
        """Gives every file ordinary permissions: some libraries make theirs readable by the owner only."""
        mode = (folder / self.manifest).stat().st_mode
        for file in folder.iterdir():
            if file.is_file():
                file.chmod(mode)

    def seal(self, folder: Path, fields: dict[str, Any]) -> None:
        """Writes the manifest of a finished folder: ``fields``, version, files and checksum."""
        files = {
            file.name: {"bytes": file.stat().st_size, "sha256": sha256(file)}
            for file in sorted(folder.iterdir())
            if file.is_file() and file.name not in {self.manifest, *self.for_people}
        }
        content = {"format": self.kind, "version": self.version, **fields, "files": files}
        content["checksum"] = _checksum(content)
        write_text(folder / self.manifest, json.dumps(content, ensure_ascii=False, indent=2) + "\n")

    def open(self, folder: Path, fields: type[T]) -> T:
        """Verifies the folder and returns the manifest's fields.

        :raises FolderError: no such folder, another kind, newer, damaged, edited or unreadable.
        """
        with readable_read_errors(folder):
            return self._opened(folder, fields)

    def _opened(self, folder: Path, fields: type[T]) -> T:
        content = self._manifest(folder)
        stated = content.pop("checksum", None)
        again = f"make it again with `{self.command}`"
        if content.get("format") != self.kind:
            raise FolderError(f"{folder} is not a {self.kind}: {self.command} makes one")
        version = content.get("version")
        if isinstance(version, int) and version > self.version:
            raise FolderError(
                f"{folder} was made by a newer tiankong (format {version}, this one reads up to {self.version}): "
                "upgrade tiankong"
            )
        if isinstance(version, int) and version < self.oldest:
            raise FolderError(
                f"{folder} was made by an earlier tiankong (format {version}, this one reads {self.version}): {again}"
            )
        if stated != _checksum(content):
            raise FolderError(f"{self.manifest} in {folder} was changed after it was written: {again}")
        self._verify(folder, content.pop("files", {}), again)
        try:
            return msgspec.convert(content, fields)
        except msgspec.ValidationError as error:
            raise FolderError(f"{self.manifest} in {folder} is wrong: {error}; {again}") from None

    def _manifest(self, folder: Path) -> dict[str, Any]:
        if folder.exists() and not folder.is_dir():
            raise FolderError(f"{folder} is a file and not a {self.kind}, which is a folder: {self.command} makes one")
        if not folder.is_dir():
            raise FolderError(f"there is no folder {folder}: {self.command} makes a {self.kind}")
        try:
            content = json.loads((folder / self.manifest).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise FolderError(
                f"{folder} is not a {self.kind}: it has no {self.manifest}; {self.command} makes one"
            ) from None
        except (ValueError, RecursionError):
            raise FolderError(
                f"{self.manifest} in {folder} can't be read as JSON: make it again with `{self.command}`"
            ) from None
        if not isinstance(content, dict):
            raise FolderError(f"{self.manifest} in {folder} is not a JSON object: make it again with `{self.command}`")
        return content

    def _verify(self, folder: Path, files: Any, again: str) -> None:
        try:
            stated_files = msgspec.convert(files, dict[str, _StatedFile])
        except msgspec.ValidationError as error:
            raise FolderError(f"the files in {self.manifest} of {folder} are wrong: {error}; {again}") from None
        for name, stated in stated_files.items():
            file = folder / name
            if Path(name).name != name:
                raise FolderError(f"{self.manifest} in {folder} names {name}, which is outside the folder: {again}")
            if not file.is_file():
                raise FolderError(f"{name} is missing from {folder}: {again}")
            if file.stat().st_size != stated.bytes or sha256(file) != stated.sha256:
                raise FolderError(f"{name} in {folder} is damaged or was changed after it was written: {again}")


def missing_parents(path: Path) -> list[Path]:
    """The folders above ``path`` that are not there, from the nearest on."""
    return [folder for folder in path.parents if not folder.exists()]


def remove_empty(folders: Iterable[Path]) -> None:
    """Removes those of nested folders, from the innermost on, that hold nothing."""
    with contextlib.suppress(OSError):
        for folder in folders:
            folder.rmdir()


def readable_write_errors(path: Path) -> contextlib.AbstractContextManager[None]:
    """Reports an operating-system error while writing ``path`` in one sentence.

    :raises FolderError: instead of any ``OSError``.
    """
    return _in_one_sentence(f"{path} can't be written", way_out_of)


def readable_read_errors(path: Path) -> contextlib.AbstractContextManager[None]:
    """The same while reading ``path``."""
    return _in_one_sentence(f"{path} can't be read", lambda _: "choose another folder")


def way_out_of(error: OSError) -> str:
    """What to do when a file can't be written."""
    return f"{'free space or ' if error.errno in _FULL else ''}choose another place"


@contextlib.contextmanager
def _in_one_sentence(what: str, way_out: Callable[[OSError], str]) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FolderError(f"{what} ({(error.strerror or str(error)).lower()}): {way_out(error)}") from None


def write_text(path: Path, text: str) -> None:
    """Writes UTF-8 text with line feeds and flushes it to disk; ``path`` appears whole or not at all."""
    aside = path.with_name(f".{path.name}.partial")
    try:
        with aside.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file, in constant memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _checksum(content: dict[str, Any]) -> str:
    plain = {name: value for name, value in content.items() if name != "checksum"}
    return hashlib.sha256(json.dumps(plain, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def _swap(aside: Path, path: Path) -> None:
    """Replaces ``path`` with ``aside``; one of the two is whole at every moment."""
    if not path.exists():
        aside.rename(path)
        return
    old = path.with_name(f".{path.name}.replaced-{secrets.token_hex(4)}")
    try:
        path.rename(old)
        aside.rename(path)
    except BaseException:  # a signal between the two, too
        if old.exists() and not path.exists():
            old.rename(path)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _mend(path: Path) -> None:
    """Restores what a killed run was about to replace at ``path`` and removes what such runs left beside it, but not
    the folder of a running one.
    """
    for old in path.parent.glob(f".{glob.escape(path.name)}.replaced-*"):
        if path.exists():
            shutil.rmtree(old, ignore_errors=True)
        else:
            old.rename(path)
    for leftover in path.parent.glob(f".{glob.escape(path.name)}.partial-*"):
        held = try_lock(leftover)
        if held is not None:
            shutil.rmtree(leftover, ignore_errors=True)
            unlock(held)
