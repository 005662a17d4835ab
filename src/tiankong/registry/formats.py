"""Input formats: what turns a stream of bytes into rows of text and label.

A format is one file in ``corpus/formats/``, whose ``rows`` is a generator, and one row here. Archives and encodings are
handled before the format's code runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class FormatSpec:
    """An input format, as every part of the program needs to know it."""

    suffixes: tuple[str, ...]
    """Of the names of its files, in lower case; the empty one is that of a file without any."""

    help: str
    """What such a file holds, shown after its suffixes."""

    module: str
    """The module whose ``rows`` yields :class:`tiankong.corpus.columns.Row` objects."""

    has_columns: bool = True
    """Whether the column of the texts, and the one of the labels, are chosen by name."""

    has_own_fields: bool = False
    """Whether each row names its own fields, instead of a header."""

    has_sheets: bool = False
    """Whether one of several sheets is chosen."""

    is_text: bool = True
    """Whether the stream is text in some encoding."""

    unit: Literal["line", "row"] = "line"
    """What rows are counted in, for messages."""

    extra: str = ""
    """The extra of this package that installs what the module imports; empty for the base install."""


_ROWS = (
    FormatSpec(
        (".txt", ".text", ""),
        help="one text per line, with or without a label",
        module="tiankong.corpus.formats.lines",
        has_columns=False,
    ),
    FormatSpec(
        (".csv", ".tsv"),
        help="a header, then one record per row",
        module="tiankong.corpus.formats.table",
    ),
    FormatSpec(
        (".jsonl", ".ndjson", ".json"),
        help="one object or string per line",
        module="tiankong.corpus.formats.json_lines",
        has_own_fields=True,
    ),
    FormatSpec(
        (".parquet",),
        help="a column of strings",
        module="tiankong.corpus.formats.parquet",
        is_text=False,
        unit="row",
        extra="train",
    ),
    FormatSpec(
        (".xlsx", ".xlsm", ".ods"),
        help="a sheet of a workbook: a header, then one record per row",
        module="tiankong.corpus.formats.workbook",
        has_sheets=True,
        is_text=False,
        unit="row",
        extra="excel",
    ),
)

FORMATS = {suffix: row for row in _ROWS for suffix in row.suffixes}
"""Every format by the suffixes of its files."""

SUFFIXES = tuple(suffix for suffix in FORMATS if suffix)
"""All suffixes that are read."""


def formats_help() -> str:
    """All formats in a line."""
    return ", ".join(f"{', '.join(filter(None, row.suffixes))} ({row.help})" for row in _ROWS)


def suffixes_with_columns() -> str:
    """The suffixes of the formats that have columns, for a sentence."""
    *others, last = (suffix for suffix in SUFFIXES if FORMATS[suffix].has_columns)
    return f"{', '.join(others)} and {last}"
