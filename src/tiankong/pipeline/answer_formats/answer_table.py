"""Answers as a table: rows as they were answered, and columns that hold all of them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from tiankong.pipeline.records import ERROR, RecordKind

_LARGEST = 1 << 63
_LARGEST_IN_FLOAT = 1 << 53
_TYPES = {b'"': str, b"{": dict, b"[": dict, b"t": bool, b"f": bool, b"n": type(None)}
"""The types of values in JSON by their first byte; all others are numbers."""
_EXACT_DIGITS = 15
"""A number of at most so many characters is exact in a float: all of its digits can be read back."""

Cell = msgspec.Raw
"""A value in JSON, as it stands in the answers: a number has all its digits."""


class LargeInteger(int):
    """Stands for whole numbers that a float can't hold, and a column of whole numbers can."""


@dataclass(frozen=True)
class AnswerTable:
    """The answers in ``file``, a JSON object on each line, made by a method with these ``options``; the names of the
    answer's fields begin with ``prefix``.

    ``typed_input`` is the input if its columns are not in the rows, since they are to keep their types.
    """

    file: Path
    count: int
    kind: RecordKind
    options: Mapping[str, Any]
    prefix: str = ""
    typed_input: Path | None = None

    @property
    def answer_columns(self) -> dict[str, str]:
        """The columns of the answer, the last of which says what is wrong with a row, by the fields they hold."""
        return {name: f"{self.prefix}{name}" for name in (*self.kind.names(self.options), ERROR)}

    def rows(self) -> Iterator[dict[str, Cell]]:
        """The rows, in order."""
        decode = msgspec.json.Decoder(dict[str, Cell]).decode
        with self.file.open("rb") as lines:
            yield from map(decode, lines)

    def input_columns(self) -> dict[str, set[type]]:
        """The columns of the input in the rows, in the order in which they appear, and the types of their values;
        ``dict`` stands for what has no column type of its own. Reads all rows.
        """
        answer = frozenset(self.answer_columns.values())
        columns: dict[str, set[type]] = {}
        for row in self.rows():
            for name, cell in row.items():
                if name not in answer:
                    columns.setdefault(name, set()).add(_type_of(bytes(cell)))
        return columns


def as_text(cell: Cell | None) -> str | None:
    """A value in a column of texts: strings as they are, all else as JSON."""
    content = b"null" if cell is None else bytes(cell)
    if content == b"null":
        return None
    if content.startswith(b'"'):
        return str(json.loads(content))
    return msgspec.json.format(content, indent=-1).decode()


def _type_of(content: bytes) -> type:
    """The type of a value in JSON."""
    kind = _TYPES.get(content[:1])
    if kind is not None:
        return kind
    if content.lstrip(b"-").isdigit():
        if len(content) > _EXACT_DIGITS and not -_LARGEST <= int(content) < _LARGEST:
            return dict
        return int if abs(int(content)) <= _LARGEST_IN_FLOAT else LargeInteger
    number = float(content)
    is_exact = len(content) <= _EXACT_DIGITS or Decimal(content.decode()) == Decimal(repr(number))
    return float if math.isfinite(number) and is_exact else dict
