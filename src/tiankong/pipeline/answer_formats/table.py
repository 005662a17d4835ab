"""Comma- and tab-separated values, for spreadsheet programs."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tiankong.pipeline.answer_formats.answer_table import AnswerTable, as_text
from tiankong.pipeline.records import ERROR, RecordKind
from tiankong.registry.answer_formats import ANSWER_FORMATS

_BETWEEN = 1024


def write(table: AnswerTable, place: Path, suffix: str, on_rows: Callable[[int], None]) -> None:
    """See :mod:`tiankong.pipeline.answer_formats`. The byte order mark is what tells Excel that it is UTF-8."""
    best_columns = ANSWER_FORMATS[suffix].columns if table.kind.best else ()
    columns = [*table.input_columns(), *best_columns, *table.answer_columns]
    with place.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter="\t" if suffix == ".tsv" else ",", lineterminator="\n")
        writer.writerow(columns)
        for number, answered in enumerate(table.rows(), 1):
            row = {**answered, **_best(table.kind, answered)}
            writer.writerow([as_text(row.get(name)) for name in columns])
            if number % _BETWEEN == 0:
                on_rows(number)
        file.flush()
        os.fsync(file.fileno())
    on_rows(table.count)


def _best(kind: RecordKind, row: dict[str, Any]) -> dict[str, str]:
    """The best answers and their scores, of several next to each other."""
    if ERROR in row or kind.best is None:
        return {}
    answers, scores = kind.best(row)
    return {"best_answer": " ".join(answers), "best_score": " ".join(f"{score:.6g}" for score in scores)}
