"""JSON Lines: one object or string per line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NoReturn

import msgspec

from tiankong.corpus.archives import ByteStream, OnBytes
from tiankong.corpus.bad_rows import BadRows
from tiankong.corpus.columns import (
    LABEL_COLUMNS,
    TEXT_COLUMNS,
    TOO_LONG,
    Columns,
    FullRow,
    Row,
    choose_column,
    choose_label,
    label_value,
    note_columns,
)
from tiankong.corpus.encoding import CutLine, stream_lines
from tiankong.errors import SourceError

_BEGINNINGS = ("[", "{", "[{")
"""Lines that begin a list or an object of several lines."""


def rows(stream: ByteStream, columns: Columns, codec: str, on_bytes: OnBytes | None) -> Iterator[Row]:
    """See :mod:`tiankong.corpus.formats`."""
    key: str | None = None
    bad = BadRows()
    for number, line in enumerate(stream_lines(stream, codec, on_bytes), 1):
        if line.isspace():
            continue
        if number == 1 and line.strip() in _BEGINNINGS:
            _refuse_whole(stream.name)
        try:
            value = _parse_json(line, stream.name, number)
            if number == 1 and isinstance(value, list):
                _refuse_whole(stream.name)
            mark = None
            if isinstance(value, dict):
                names, where = list(value), f"{stream.name} (line {number})"
                if key is None or key not in value:
                    key = choose_column(names, key or columns.text, where)
                if columns.label is None:  # a list of a usual name is none of labels
                    names = [
                        name for name in names if name.casefold() == LABEL_COLUMNS[0] or not _is_nested(value[name])
                    ]
                label = choose_label(names, columns.label, key, where)
                mark = label_value(value[label], stream.name, number) if label else None
                if number == 1:
                    note_columns(list(value), key, label, stream)
                value = value[key]
            row = Row(_json_text(value, stream.name, number), mark, number)
        except SourceError as error:
            if number == 1:  # then it may well not be JSON Lines at all
                raise
            bad.add(f"line {number}", error)
        if not bad:
            yield row
    bad.refuse()


def _is_nested(value: object) -> bool:
    return isinstance(value, list | dict)


def full_rows(stream: ByteStream, columns: Columns, codec: str, on_bytes: OnBytes | None) -> Iterator[FullRow]:
    """See :mod:`tiankong.corpus.formats`."""
    key: str | None = columns.text
    decoder = _StrictDecoder()
    for number, line in enumerate(stream_lines(stream, codec, on_bytes, damaged=True), 1):
        if isinstance(line, CutLine):
            yield FullRow(None, None, number, TOO_LONG)
            continue
        if line.isspace():
            continue
        if number == 1 and line.strip() in _BEGINNINGS:
            _refuse_whole(stream.name)
        try:
            value, repeated = decoder.decode(line)
        except (ValueError, RecursionError) as error:
            reason = error.msg if isinstance(error, json.JSONDecodeError) else error
            yield FullRow(line.rstrip("\r\n"), None, number, f"it is not valid JSON ({reason})")
            continue
        if number == 1 and isinstance(value, list):
            _refuse_whole(stream.name)
        if not isinstance(value, dict):
            text, problem = _checked_text(value)
            yield FullRow(line.strip() if problem else text, None, number, problem)
            continue
        if key is None and _may_hold_text(value):
            key = choose_column(list(value), None, f"{stream.name} (line {number})")
        if key is None:
            text, problem = None, "there is no field that holds a text"
        else:
            text, problem = _checked_text(value[key]) if key in value else (None, f"there is no field {key!r}")
        if repeated is not None:
            text, problem = None, f"it has the field {repeated!r} more than once"
        yield FullRow(text, value, number, problem, key, _raw_object(line))


def _may_hold_text(fields: dict[str, Any]) -> bool:
    """Whether the text's field can be chosen by an object: a lone field of any name is it only if it holds a text."""
    return len(fields) > 1 or any(
        name.strip().casefold() in TEXT_COLUMNS or isinstance(value, str) for name, value in fields.items()
    )


class _StrictDecoder:
    """Reads JSON as the standard defines it, which has no NaN, and notes a field that an object has twice."""

    def __init__(self) -> None:
        self._repeated: str | None = None
        self._decoder = json.JSONDecoder(object_pairs_hook=self._object, parse_constant=_refuse_constant)

    def decode(self, line: str) -> tuple[Any, str | None]:
        """The value on a line, and the field that it has twice if it is an object with one."""
        self._repeated = None
        return self._decoder.decode(line), self._repeated

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        fields = dict(pairs)
        self._repeated = None  # of an object within this one, which comes through as it is
        if len(fields) < len(pairs):
            names = [name for name, _ in pairs]
            self._repeated = next(name for name in names if names.count(name) > 1)
        return fields


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number in JSON: write null, or a string")


def _raw_object(line: str) -> bytes:
    """An object as it stands on its line; empty if it can't be handed on like that, for its characters."""
    try:
        raw = line.strip().replace("\r", " ").encode()
        msgspec.json.decode(raw, type=msgspec.Raw)
    except (UnicodeEncodeError, msgspec.DecodeError):
        return b""
    return raw


def _checked_text(text: object) -> tuple[str | None, str]:
    """A text, and what is wrong with it."""
    if text is None or isinstance(text, str):
        return text, ""
    return None, f"the text is a value of type {type(text).__name__}: make it a string"


def _refuse_whole(name: str) -> NoReturn:
    raise SourceError(
        f"{name} is one JSON document, which can't be read text by text: save it as JSON Lines, one object or string "
        "per line"
    )


def _parse_json(line: str, name: str, number: int) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else error
        raise SourceError(
            f"{name} is not valid JSON on line {number} ({reason}): JSON Lines hold one object or string per line"
        ) from None


def _json_text(value: object, name: str, number: int) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        kind = type(value).__name__
        raise SourceError(f"{name} has a value of type {kind} for a text on line {number}: make it a string")
    return value
