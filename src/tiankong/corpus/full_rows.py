"""Reads a file as rows with all their columns, to be answered one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from tiankong.corpus.archives import ByteStream, OnNote, display_name, open_archive
from tiankong.corpus.columns import Columns, FullRow, choose_column
from tiankong.corpus.encoding import check_encoding, detect_encoding
from tiankong.corpus.formats import format_module
from tiankong.errors import SourceError
from tiankong.registry.formats import FORMATS


class PlacedRow(NamedTuple):
    """A row, and where it stands, as in ``line 5``."""

    row: FullRow
    place: str


def suffixes_of(path: Path) -> list[str]:
    """The suffixes by which the file, or each file in an archive, is read.

    Raises:
        SourceError: it is of a kind that is not read.
    """
    with open_archive(path) as streams:
        return [stream.suffix for stream in streams]


def first_rows(
    path: Path, columns: Columns, encoding: str | None = None, on_bytes: Callable[[int], None] | None = None
) -> Iterator[PlacedRow]:
    """The rows that show which fields a file has: the first of each table, and all where every row has its own.

    Raises:
        SourceError: as :func:`read_full_rows`; a column is named that no row has.
    """
    with open_archive(path) as streams:
        own_fields = [stream for stream in streams if FORMATS[stream.suffix].has_own_fields]
        for stream in streams:
            if not FORMATS[stream.suffix].has_columns:
                continue
            if stream not in own_fields:
                yield from islice(_placed(stream, columns, encoding, None, several=len(streams) > 1), 1)
                continue
            is_there = columns.text is None
            names: Mapping[str, object] | None = None
            for row in _placed(stream, columns, encoding, on_bytes, several=len(streams) > 1):
                yield row
                if row.row.fields is not None:
                    is_there = is_there or columns.text in row.row.fields
                    names = row.row.fields if names is None else names
            if not is_there and names is not None:
                choose_column(list(names), columns.text, stream.name)


def read_full_rows(
    path: Path,
    columns: Columns,
    encoding: str | None = None,
    on_bytes: Callable[[int], None] | None = None,
    on_note: OnNote = lambda _: None,
) -> Iterator[PlacedRow]:
    """The rows of a file in order, in constant memory. What can't be read is a row with a problem, where those after it
    can be read.

    Raises:
        SourceError: the file is of a kind that is not read or can't be read on, or has no such column.
        OptionError: the encoding given is unknown.
        MissingPackageError: the package of the file's format is not installed.
    """
    with open_archive(path, on_note) as streams:
        for name, wanted, has in (("column", columns.text, "has_columns"), ("sheet", columns.sheet, "has_sheets")):
            if wanted is not None and not any(getattr(FORMATS[stream.suffix], has) for stream in streams):
                raise SourceError(
                    f"{display_name(path)} has no {name}s, so there is no {name} {wanted!r}: leave out `{name}`"
                )
        for stream in streams:
            yield from _placed(stream, columns, encoding, on_bytes, several=len(streams) > 1)


def _placed(
    stream: ByteStream, columns: Columns, encoding: str | None, on_bytes: Callable[[int], None] | None, *, several: bool
) -> Iterator[PlacedRow]:
    """The rows of one stream, which is one of ``several`` or all there is."""
    spec = FORMATS[stream.suffix]
    module = format_module(stream.suffix)
    codec = None
    if spec.is_text:
        codec = check_encoding(encoding) if encoding else detect_encoding(stream.open, stream.name, damaged=True)
    for row in module.full_rows(stream, columns, codec, on_bytes):
        yield PlacedRow(row, f"{spec.unit} {row.line}{f' of {stream.name}' if several else ''}")
