"""Parquet, through pyarrow: nested columns for the answers."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from tiankong.corpus.archives import open_archive
from tiankong.corpus.formats import parquet
from tiankong.pipeline.answer_formats.answer_table import AnswerTable, Cell, LargeInteger, as_text

_ROWS_TOGETHER = 256
_GROUP_BYTES = 1 << 25
_PLAIN = {str: pa.string(), int: pa.int64(), LargeInteger: pa.int64(), float: pa.float64(), bool: pa.bool_()}


def write(table: AnswerTable, place: Path, _suffix: str, on_rows: Callable[[int], None]) -> None:
    """See :mod:`tiankong.pipeline.answer_formats`."""
    answers = [pa.field(column, _answer_type(table, name)) for name, column in table.answer_columns.items()]
    if table.typed_input is None:
        given = [pa.field(name, _column_type(kinds)) for name, kinds in table.input_columns().items()]
        schema = pa.schema([*given, *answers])
        batches = _batches(table.rows(), schema)
        _write(place, schema, batches, on_rows)
        return
    with open_archive(table.typed_input) as (stream,):
        schema = pa.schema([*parquet.schema(stream), *answers])
        rows = table.rows()
        batches = (
            pa.RecordBatch.from_arrays(
                [*batch.columns, *_batch(list(islice(rows, len(batch))), answers).columns], schema=schema
            )
            for batch in parquet.batches(stream)
        )
        _write(place, schema, batches, on_rows)


def _batches(rows: Iterator[dict[str, Cell]], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    while together := list(islice(rows, _ROWS_TOGETHER)):
        yield _batch(together, list(schema))


def _batch(rows: list[dict[str, Cell]], fields: list[pa.Field]) -> pa.RecordBatch:
    arrays = []
    for field in fields:
        read = as_text if field.type == pa.string() else _value
        arrays.append(pa.array([read(row.get(field.name)) for row in rows], field.type))
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields))


def _value(cell: Cell | None) -> Any:
    return None if cell is None else msgspec.json.decode(cell)


def _write(place: Path, schema: pa.Schema, batches: Iterator[pa.RecordBatch], on_rows: Callable[[int], None]) -> None:
    """Writes batches, several as a row group."""
    with pq.ParquetWriter(place, schema) as writer:
        group: list[pa.RecordBatch] = []
        size = rows = 0
        for batch in batches:
            group.append(batch)
            size, rows = size + batch.nbytes, rows + len(batch)
            if size >= _GROUP_BYTES:
                writer.write_table(pa.Table.from_batches(group, schema))
                group, size = [], 0
                on_rows(rows)
        if group:
            writer.write_table(pa.Table.from_batches(group, schema))
    on_rows(rows)


def _answer_type(table: AnswerTable, name: str) -> pa.DataType:
    return _arrow_type(table.kind.fields.get(name, str))


def _arrow_type(annotation: Any) -> pa.DataType:
    """The Arrow type of what has this Python type; what may be absent is null."""
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    if hasattr(annotation, "__required_keys__"):  # a TypedDict, of either library
        return pa.struct([(name, _arrow_type(kind)) for name, kind in get_type_hints(annotation).items()])
    (inner,) = (kind for kind in get_args(annotation) if kind is not types.NoneType)
    return _arrow_type(inner) if get_origin(annotation) in {types.UnionType, Union} else pa.list_(_arrow_type(inner))


def _column_type(kinds: set[type]) -> pa.DataType:
    """The type of a column of the input; mixed and nested values are JSON in a column of strings."""
    kinds = kinds - {types.NoneType}
    if kinds == {int, LargeInteger}:
        kinds = {int}
    if kinds == {int, float}:
        return pa.float64()
    (kind,) = kinds if len(kinds) == 1 else (str,)
    return _PLAIN.get(kind, pa.string())
