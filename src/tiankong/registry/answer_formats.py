"""Output formats of answered files.

A format is one file in ``pipeline/answer_formats/`` with a function ``write``, and one row here.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class AnswerFormatSpec:
    """An output format, as every part of the program needs to know it."""

    suffixes: tuple[str, ...]
    """Of the names of its files, in lower case."""

    help: str
    """What such a file holds, shown after its suffixes."""

    module: str
    """The module whose ``write`` makes the file; empty if the answers are in this format already."""

    is_table: bool = True
    """Whether every row has the same columns; the text is then not repeated beside the input's own."""

    columns: tuple[str, ...] = ()
    """Columns that it has beside those of the answer."""

    keeps_types: bool = False
    """Whether the columns of an input in the same format keep their types."""

    extra: str = ""
    """The extra of this package that installs what the module imports; empty for the base install."""


_ROWS = (
    AnswerFormatSpec((".jsonl", ".ndjson"), help="one object per row, as --json prints it", module="", is_table=False),
    AnswerFormatSpec(
        (".csv", ".tsv"),
        help="the best answer in a column of its own, all of them as JSON",
        module="tiankong.pipeline.answer_formats.table",
        columns=("best_answer", "best_score"),
    ),
    AnswerFormatSpec(
        (".parquet",),
        help="nested columns",
        module="tiankong.pipeline.answer_formats.parquet",
        keeps_types=True,
        extra="train",
    ),
)

ANSWER_FORMATS = {suffix: row for row in _ROWS for suffix in row.suffixes}
"""Every format by the suffixes of its files."""


def answer_formats_help() -> str:
    """All formats in a line."""
    return ", ".join(f"{', '.join(row.suffixes)} ({row.help})" for row in _ROWS)
