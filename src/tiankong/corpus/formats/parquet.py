"""A column of strings in Parquet, through pyarrow, a batch at a time."""

from __future__ import annotations

import io
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from tiankong.corpus.archives import ByteStream, OnBytes
from tiankong.corpus.arrow_values import json_values
from tiankong.corpus.columns import (
    LABEL_COLUMNS,
    TOO_LONG,
    Columns,
    FullRow,
    Row,
    choose_column,
    choose_label,
    column_names,
    label_value,
    note_columns,
    note_no_label,
)
from tiankong.corpus.encoding import MAX_LINE
from tiankong.errors import SourceError

_BATCH = 1024
_FULL_BATCH = 256
_BUFFER = 1 << 20
_STRINGS = ("string", "large_string", "string_view")


def rows(stream: ByteStream, columns: Columns, _codec: None, on_bytes: OnBytes | None) -> Iterator[Row]:
    """See :mod:`tiankong.corpus.formats`. ``line`` counts rows from 1; a null is an empty text."""
    with _opened(stream, on_bytes) as file:
        text, label = _columns(file.schema_arrow, columns, stream.name)
        note_columns(file.schema_arrow.names, text, label, stream)
        any_label = False
        wanted = [text] if label is None else [text, label]
        number = 0
        for batch in file.iter_batches(batch_size=_BATCH, columns=wanted, use_threads=False):
            texts = batch.column(text).to_pylist()
            labels = [None] * len(texts) if label is None else batch.column(label).to_pylist()
            for value, mark in zip(texts, labels, strict=True):
                number += 1
                given = label_value(mark, stream.name, number, "row")
                any_label = any_label or given is not None
                yield Row(value or "", given, number)
        if number and not any_label:
            note_no_label(label, stream)


def full_rows(stream: ByteStream, columns: Columns, _codec: None, on_bytes: OnBytes | None) -> Iterator[FullRow]:
    """See :mod:`tiankong.corpus.formats`. Values are as JSON can hold them: times as ISO 8601, bytes as Base64."""
    with _opened(stream, on_bytes) as file:
        text, _ = _columns(file.schema_arrow, columns._replace(label=None), stream.name, labelled=False)
        column_names(file.schema_arrow.names, stream.name)
        number = 0
        for batch in file.iter_batches(batch_size=_FULL_BATCH, use_threads=False):
            values = [json_values(column) for column in batch.columns]
            for row in zip(*values, strict=True):
                number += 1
                fields: dict[str, Any] = dict(zip(batch.schema.names, row, strict=True))
                problem = ""
                if len(fields[text] or "") > MAX_LINE:
                    fields[text], problem = None, TOO_LONG
                yield FullRow(fields[text], fields, number, problem, text)


def batches(stream: ByteStream) -> Iterator[pa.RecordBatch]:
    """All columns as they are, a batch at a time."""
    with _opened(stream, None) as file:
        yield from file.iter_batches(batch_size=_FULL_BATCH, use_threads=False)


def schema(stream: ByteStream) -> pa.Schema:
    """The columns and their types."""
    with _opened(stream, None) as file:
        return file.schema_arrow


@contextmanager
def _opened(stream: ByteStream, on_bytes: OnBytes | None) -> Generator[pq.ParquetFile, None, None]:
    """The stream as a Parquet file.

    Raises:
        SourceError: it is damaged, which may show only while it is read.
    """
    with stream.open(on_bytes) as raw:
        # Parquet is read from its end: what can't be wound back has to be in memory as a whole.
        source: BinaryIO = raw if stream.seekable else io.BytesIO(raw.read())
        try:
            # Without a buffer size a whole row group, often all of the file, is read at once.
            yield pq.ParquetFile(source, buffer_size=_BUFFER)
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            reason = str(error).strip().partition("\n")[0]
            raise SourceError(f"{stream.name} is not a whole Parquet file ({reason}): copy it again") from None


def _columns(schema: pa.Schema, columns: Columns, name: str, *, labelled: bool = True) -> tuple[str, str | None]:
    """Choose the columns of texts and labels and check that the texts are strings."""
    names: list[str] = schema.names
    text = choose_column(names, columns.text, name)
    kind = schema.field(text).type
    value = kind.value_type if str(kind).startswith("dictionary<") else kind
    if str(value) not in _STRINGS:
        raise SourceError(
            f"{name} has values of type {kind} in its column {text!r}: name a column of strings with `column`"
        )
    if not labelled:
        return text, None
    plain = [
        one for one in names if one.casefold() == LABEL_COLUMNS[0] or not pa.types.is_nested(schema.field(one).type)
    ]
    return text, choose_label(names if columns.label else plain, columns.label, text, name)
