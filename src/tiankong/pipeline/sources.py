"""Distinguishes files from texts: what ``prepare`` and ``evaluate`` take as a source."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Set
from itertools import chain
from numbers import Integral
from pathlib import Path
from typing import Any

from tiankong.corpus.archives import ARCHIVE_SUFFIXES
from tiankong.corpus.sources import Files, GivenTexts, Source
from tiankong.errors import OptionError, SourceError
from tiankong.registry.formats import SUFFIXES

_SUFFIXES = (*SUFFIXES, *ARCHIVE_SUFFIXES)
_LONGEST_SUFFIX = 16
_LONGEST_SHOWN = 40

TextSource = str | os.PathLike[str] | Iterable[Any]
"""A path, several ``Path`` objects, or an iterable of ``str`` or ``(str, label)``."""


def open_source(
    source: TextSource,
    *,
    column: str | None = None,
    label_column: str | None = None,
    sheet: str | int | None = None,
    encoding: str | None = None,
) -> Source:
    """The texts of ``source``.

    A ``str`` or a ``Path`` is a file, and ``Path`` objects in an iterable are files; strings in an iterable are texts.

    :raises SourceError: a ``str`` names neither a file nor a folder.
    :raises OptionError: it is neither, or looks like the one and would be taken for the other; ``column``,
        ``label_column``, ``sheet`` or ``encoding`` with texts; ``sheet`` is no name and no number.
    """
    if isinstance(sheet, bool) or not isinstance(sheet, str | Integral | None):
        raise OptionError(f"`sheet` must be the name of a sheet, or its number from 1, not {sheet!r}")
    if isinstance(source, str):
        _check_name(source)
    if isinstance(source, str | os.PathLike):
        return Files([Path(source)], column, label_column, sheet, encoding)
    _refuse_what_iterates_otherwise(source)
    items = iter(source)
    if items is source:  # a generator or the like: what was looked at has to be put back
        first = next(items, None)
        is_paths = isinstance(first, os.PathLike)
        texts: Iterable[Any] = items if first is None else chain([first], items)
    else:
        is_paths = isinstance(next(items, None), os.PathLike)
        texts = source
    if is_paths:
        return Files(_paths(texts), column, label_column, sheet, encoding)
    if items is not source:
        _refuse_file_names(source)
    of_files = {"column": column, "label_column": label_column, "sheet": sheet, "encoding": encoding}
    for name, value in of_files.items():
        if value is not None:
            raise OptionError(f"{name} is for files, and texts were given: leave it out")
    return GivenTexts(texts)


def _check_name(name: str) -> None:
    """Checks a lone string, which names a file or a folder.

    :raises SourceError: there is none, and it may well be a text.
    """
    if not name:
        raise SourceError("the source is empty: name a file or a folder, or give a list of texts")
    if Path(name[-_LONGEST_SUFFIX:]).suffix.lower() not in _SUFFIXES and not os.path.exists(name):  # noqa: PTH110 - never fails
        shown = name if len(name) <= _LONGEST_SHOWN else f"{name[:_LONGEST_SHOWN]}…"
        raise SourceError(
            f"{shown!r} can't be read, since no file or folder has that name: if it is a text, give it in a list"
        )


def _refuse_what_iterates_otherwise(source: object) -> None:
    """Refuses what would be read as something else than its texts."""
    kind = type(source).__name__
    if isinstance(source, bytes | bytearray | memoryview):
        raise OptionError(f"the source is {kind}: decode it to a str, or name a file by a Path")
    if isinstance(source, Mapping):
        raise OptionError(
            f"the source is a {kind}, which iterates over its keys: give its values, or (text, label) pairs"
        )
    if isinstance(source, Set):
        raise OptionError(f"the source is a {kind}, whose order changes from run to run: give sorted(texts)")
    if hasattr(source, "columns"):  # of pandas, Polars or Arrow
        raise OptionError(
            f"the source is a {kind}, which iterates over its columns: give one column, as table['text'], or "
            "zip(table['text'], table['label'])"
        )
    if not isinstance(source, Iterable):
        raise OptionError(f"the source is of type {kind}: give a path, or an iterable of str or (str, label)")


def _paths(items: Iterable[Any]) -> list[Path]:
    paths = []
    for number, item in enumerate(items, 1):
        if not isinstance(item, os.PathLike):
            raise OptionError(
                f"the source mixes files and texts, item {number} is of type {type(item).__name__}: make every file's "
                "name a Path"
            )
        paths.append(Path(item))
    return paths


def _refuse_file_names(texts: Iterable[Any]) -> None:
    """Refuses strings that all name files: the names would be read as texts."""
    items = iter(texts)
    first = next(items, None)
    if all(isinstance(text, str) and _names_file(text) for text in chain([first], items)):
        raise OptionError(
            f"every string of the source names a file, the first {first!r}: make them Path objects to read the files, "
            "or give a single path"
        )


def _names_file(text: str) -> bool:
    """Whether ``text`` is the name of a file, or of none yet but of a kind that is read."""
    return Path(text[-_LONGEST_SUFFIX:]).suffix.lower() in _SUFFIXES or os.path.isfile(text)  # noqa: PTH113 - never fails
