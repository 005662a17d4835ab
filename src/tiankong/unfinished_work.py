"""Keeps unfinished work in a folder, so that a later run can continue it.

A JSON file in the folder states what is done there and how: only a run that does the same goes on with it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from tiankong.errors import FolderError, OptionError
from tiankong.folder import write_text

START_OVER = "start over with `force=True` instead of `resume=True`"
"""The way out where work can't be resumed."""


def changed(setting: str, started: object, now: object) -> str:
    """A setting of the work to resume, and what it is now, as arguments of a function."""
    return f"`{setting}={started!r}` (now `{setting}={now!r}`)"


def nothing_to_resume(run: str, folder: Path) -> str:
    """The sentence that says so."""
    return f"there is no unfinished {run} in {folder}: starting from the beginning"


@dataclass(frozen=True)
class UnfinishedWork:
    """One kind of work that can be gone on with."""

    run: str
    """What people call it, as in ``the unfinished RUN``."""
    content: str
    """What its folder holds, for people."""
    whole: str
    """What the files in its folder are part of, for people."""
    stated_file: str
    own_files: tuple[str, ...]
    """Patterns of the names of its other files."""
    is_begun: Callable[[Path], bool]
    """Whether a folder holds work that is worth going on with."""
    differences: Callable[[dict[str, Any], dict[str, Any]], list[str]]
    """How what was started differs from what is asked, for people. The version of tiankong is left to this class."""

    def take(
        self, folder: Path, stated: Mapping[str, Any], *, resume: bool, force: bool, note: Callable[[str], None]
    ) -> None:
        """Makes ``folder`` that of work as ``stated``: the work that it holds with ``resume``, empty otherwise.

        ``note`` is told if there is nothing to resume.

        :raises FolderError: it holds unfinished work (without ``resume`` or ``force``), or something else.
        :raises OptionError: the work to resume does something else.
        :raises OSError: it can't be written.
        """
        asked = json.loads(json.dumps(stated))
        if not self.is_begun(folder):
            self._begin(folder, asked)
            if resume:
                note(nothing_to_resume(self.run, folder))
        elif resume:
            self._check_same(folder, asked)
        elif force:
            self._begin(folder, asked)
        else:
            raise FolderError(
                f"{folder} holds {self.content}: go on with `resume=True` or start over with `force=True`"
            )

    def _begin(self, folder: Path, asked: dict[str, Any]) -> None:
        """Empties a folder that was made by such work, or is empty."""
        for file in folder.iterdir():
            if file.is_dir() or not self._is_own(file.name):
                raise FolderError(
                    f"{file} is no part of {self.whole} and would be deleted: move it away, or choose another output"
                )
        for file in folder.iterdir():
            file.unlink()
        write_text(folder / self.stated_file, json.dumps(asked, ensure_ascii=False, indent=2) + "\n")

    def _is_own(self, name: str) -> bool:
        names = {name, name.removeprefix(".").removesuffix(".partial")}
        return any(fnmatchcase(one, own) for one in names for own in (self.stated_file, *self.own_files))

    def _check_same(self, folder: Path, asked: dict[str, Any]) -> None:
        """Checks that the work in ``folder`` does what is asked."""
        try:
            started = json.loads((folder / self.stated_file).read_text(encoding="utf-8"))
            differences = self.differences(started, asked)
            if started["tiankong"] != asked["tiankong"]:
                differences.append(f"version {started['tiankong']} of tiankong (now {asked['tiankong']})")
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            raise FolderError(f"{self.stated_file} in {folder} can't be read: {START_OVER}") from None
        if differences:
            raise OptionError(
                f"the unfinished {self.run} in {folder} was started with {', '.join(differences)}: repeat the original "
                f"options, or {START_OVER}"
            )
