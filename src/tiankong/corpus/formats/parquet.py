"""A column of strings in Parquet, through pyarrow, a batch at a time."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from tiankong.corpus.archives import ByteStream, OnBytes
from tiankong.corpus.columns import (
    LABEL_COLUMNS,
    Columns,
    Row,
    choose_column,
    choose_label,
    label_value,
    note_columns,
    note_no_label,
)
from tiankong.errors import SourceError

_BATCH = 1024
_BUFFER = 1 << 20
_STRINGS = ("string", "large_string", "string_view")


def rows(stream: ByteStream, columns: Columns, _codec: None, on_bytes: OnBytes | None) -> Iterator[Row]:
    """See :mod:`tiankong.corpus.formats`. ``line`` counts rows from 1; a null is an empty text."""
    with stream.open(on_bytes) as raw:
        # Parquet is read from its end: what can't be wound back has to be in memory as a whole.
        source: BinaryIO = raw if stream.seekable else io.BytesIO(raw.read())
        try:
            # Without a buffer size a whole row group, often all of the file, is read at once.
            file = pq.ParquetFile(source, buffer_size=_BUFFER)
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
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            reason = str(error).strip().partition("\n")[0]
            raise SourceError(f"{stream.name} is not a whole Parquet file ({reason}): copy it again") from None


def _columns(schema: pa.Schema, columns: Columns, name: str) -> tuple[str, str | None]:
    """Choose the columns of texts and labels and check that the texts are strings."""
    names: list[str] = schema.names
    text = choose_column(names, columns.text, name)
    kind = schema.field(text).type
    value = kind.value_type if str(kind).startswith("dictionary<") else kind
    if str(value) not in _STRINGS:
        raise SourceError(
            f"{name} has values of type {kind} in its column {text!r}: name a column of strings with `column`"
        )
    plain = [
        one for one in names if one.casefold() == LABEL_COLUMNS[0] or not pa.types.is_nested(schema.field(one).type)
    ]
    return text, choose_label(names if columns.label else plain, columns.label, text, name)
