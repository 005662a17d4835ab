"""The files to read in a folder and in those below it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from tiankong.corpus.archives import ARCHIVE_SUFFIXES, OnNote, display_name, listed
from tiankong.errors import SourceError
from tiankong.registry.formats import SUFFIXES

_READ = frozenset((*SUFFIXES, *ARCHIVE_SUFFIXES))
_MADE_HERE = ({"prepared.json", "vocabulary.tsv"}, {"config.json", "vocabulary.tsv"})
"""Files that mark a folder as a prepared corpus or a model, whose tables are not texts to read."""


def with_files_of_folders(paths: Sequence[Path], on_note: OnNote = lambda _: None) -> list[Path]:
    """``paths`` with each folder replaced by the files in it and below it, in the order of their names.

    Left out are hidden files and folders and, with a note, empty files, those of a kind that is not read, prepared
    corpora and models. A folder that a link leads to is read once.

    :raises SourceError: a folder can't be listed, or has no file to read.
    """
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            files += _files_of(path, on_note)
        else:
            files.append(path)
    return files


def _files_of(folder: Path, on_note: OnNote) -> list[Path]:
    kept: list[Path] = []
    skipped: list[str] = []
    met: set[tuple[int, int]] = set()
    for file in _walk(folder, met):
        try:
            status = file.stat()
        except OSError:  # a link that leads nowhere
            skipped.append(_within(file, folder))
            continue
        if not file.is_file() or not status.st_size or file.suffix.lower() not in _READ:
            skipped.append(_within(file, folder))
        elif (status.st_dev, status.st_ino) not in met:
            met.add((status.st_dev, status.st_ino))
            kept.append(file)
    name = display_name(folder)
    if not kept:
        held = f"no file of a supported kind, only {listed(skipped)}" if skipped else "no file"
        raise SourceError(f"{name} is a folder that holds {held}: name files of texts, or a folder with some")
    if skipped:
        on_note(f"{name}: skipped, because they are empty or their kind is not supported: {listed(skipped)}")
    return kept


def _walk(folder: Path, met: set[tuple[int, int]]) -> Iterator[Path]:
    """The files below ``folder`` that are not hidden, and the prepared corpora and models.

    A folder that was met before, through a link, is left out.
    """
    try:
        status = folder.stat()
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise SourceError(f"{display_name(folder)} can't be read: {error.strerror or error}") from None
    names = {entry.name for entry in entries}
    if (status.st_dev, status.st_ino) in met:
        return
    if any(files <= names for files in _MADE_HERE):
        yield folder
        return
    met.add((status.st_dev, status.st_ino))
    for entry in entries:
        if entry.name.startswith((".", "~$")) or entry.name == "__MACOSX":  # Excel's lock files begin with ~$
            continue
        if entry.is_dir():
            yield from _walk(folder / entry.name, met)
        else:
            yield folder / entry.name


def _within(file: Path, folder: Path) -> str:
    return display_name(file.relative_to(folder)) if file != folder else "a prepared corpus or a model"
