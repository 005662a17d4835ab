"""Comma- and tab-separated values, for spreadsheet programs."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

import msgspec

from tiankong.pipeline.answer_formats.answer_table import AnswerTable, Cell, as_text
from tiankong.pipeline.records import ERROR
from tiankong.registry.answer_formats import ANSWER_FORMATS

_BETWEEN = 1024


def write(table: AnswerTable, place: Path, suffix: str, on_rows: Callable[[int], None]) -> None:
    """See :mod:`tiankong.pipeline.answer_formats`. The byte order mark is what tells Excel that it is UTF-8."""
    best_columns = [f"{table.prefix}{name}" for name in ANSWER_FORMATS[suffix].columns] if table.kind.best else []
    columns = [*table.input_columns(), *best_columns, *table.answer_columns.values()]
    with place.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(_Lines(file), delimiter="\t" if suffix == ".tsv" else ",")
        writer.writerow(columns)
        for number, answered in enumerate(table.rows(), 1):
            cells = {name: as_text(cell) for name, cell in answered.items()}
            cells |= zip(best_columns, _best(table, answered), strict=False)
            writer.writerow([cells.get(name) for name in columns])
            if number % _BETWEEN == 0:
                on_rows(number)
        file.flush()
        os.fsync(file.fileno())
    on_rows(table.count)


class _Lines:
    """Ends lines with a line feed alone; a writer that did so would leave fields with a carriage return unquoted."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, line: str) -> None:
        self._file.write(line.removesuffix("\r\n") + "\n")


def _best(table: AnswerTable, row: dict[str, Cell]) -> list[str]:
    """The best answers and their scores, of several next to each other."""
    columns = table.answer_columns
    if columns[ERROR] in row or table.kind.best is None:
        return []
    record = {name: msgspec.json.decode(row[column]) for name, column in columns.items() if column in row}
    answers, scores = table.kind.best(record)
    return [" ".join(answers), " ".join(f"{score:.6g}" for score in scores)]
