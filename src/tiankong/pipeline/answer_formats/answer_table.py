"""Answers as a table: rows as they were answered, and columns that hold all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from tiankong.pipeline.records import ERROR, RecordKind

_LARGEST = 1 << 63


@dataclass(frozen=True)
class AnswerTable:
    """The answers in ``file``, a JSON object on each line, made by a method with these ``options``.

    ``typed_input`` is the input if its columns are not in the rows, since they are to keep their types.
    """

    file: Path
    count: int
    kind: RecordKind
    options: Mapping[str, Any]
    typed_input: Path | None = None

    @property
    def answer_columns(self) -> list[str]:
        """The columns of the answer, the last of which says what is wrong with a row."""
        return [*self.kind.names(self.options), ERROR]

    def rows(self) -> Iterator[dict[str, Any]]:
        """The rows, in order."""
        decode = msgspec.json.Decoder(dict[str, Any]).decode
        with self.file.open("rb") as lines:
            yield from map(decode, lines)

    def input_columns(self) -> dict[str, set[type]]:
        """The columns of the input in the rows, in the order in which they appear, and the types of their values;
        ``dict`` stands for what has no column type of its own. Reads all rows.
        """
        answer = frozenset(self.answer_columns)
        columns: dict[str, set[type]] = {}
        for row in self.rows():
            for name, value in row.items():
                if name not in answer:
                    is_large = isinstance(value, int) and not -_LARGEST <= value < _LARGEST
                    columns.setdefault(name, set()).add(dict if is_large else type(value))
        return columns


def as_text(value: Any) -> str | None:
    """A value in a column of texts: structures and truth values as JSON."""
    if value is None or isinstance(value, str):
        return value
    return msgspec.json.encode(value).decode()
