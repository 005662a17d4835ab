"""Comma- and tab-separated values: a header, then one record per row; quoted fields may hold line breaks."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

from tiankong.corpus.archives import ByteStream, OnBytes
from tiankong.corpus.columns import (
    TEXT_COLUMNS,
    Columns,
    Row,
    choose_column,
    choose_label,
    label_text,
    refuse_missing_header,
)
from tiankong.corpus.encoding import stream_lines
from tiankong.errors import SourceError

_LONGEST_FIELD = 1 << 20
"""Characters of a field: a quote that is never closed must not fill the memory."""

_SEPARATOR = re.compile(r"[,;|~^\t\x01-\x1f]+|::")
"""What other programs put between columns, and hardly anybody into the name of one."""

_PUNCTUATION = re.compile(r"[^\w]+|_{2,}")


def rows(stream: ByteStream, columns: Columns, codec: str, on_bytes: OnBytes | None) -> Iterator[Row]:
    """See :mod:`tiankong.corpus.formats`."""
    records = _records(stream, codec, on_bytes)
    _, header = next(records, (0, []))
    names = [name.strip() for name in header]
    if not names:
        return
    if columns.text is None:
        if len(names) == 1:
            _refuse_other_separator(names[0], stream)
        refuse_missing_header(names, stream.name)
    chosen = names.index(choose_column(names, columns.text, stream.name))
    label = choose_label(names, columns.label, names[chosen], stream.name)
    label_at = len(names) if label is None else names.index(label)
    for number, fields in records:
        if len(fields) <= chosen or any(fields[len(names) :]):
            few = len(fields) <= chosen
            way_out = "add the missing ones" if few else "put a text that holds a separator in double quotes"
            raise SourceError(f"{stream.name} has {len(fields)} of {len(names)} fields on line {number}: {way_out}")
        mark = fields[label_at] if label_at < min(len(fields), len(names)) else None
        yield Row(fields[chosen], label_text(mark), number)


def _refuse_other_separator(name: str, stream: ByteStream) -> None:
    """Refuse a header that is one column only because its separator is not the one of the suffix.

    Raises:
        SourceError: it names columns with something else between them.
    """
    found = _SEPARATOR.search(name)
    if found is None:
        parts = [part.casefold() for part in _PUNCTUATION.split(name) if part]
        if sorted(part in TEXT_COLUMNS for part in parts) != [False, True] or "label" not in parts:
            return
        found = _PUNCTUATION.search(name)
        assert found is not None
    usual = "tabs" if stream.suffix == ".tsv" else "commas"
    raise SourceError(
        f"{stream.name} separates its columns by {found[0]!r}, and a {stream.suffix} file by {usual}: save it with "
        f"{usual}, or name its only column with `column` if it is called {name!r}"
    )


def _records(stream: ByteStream, codec: str, on_bytes: OnBytes | None) -> Iterator[tuple[int, list[str]]]:
    """Yield each record that isn't a blank line, with the number of the line it starts on."""
    delimiter = "\t" if stream.suffix == ".tsv" else ","
    csv.field_size_limit(_LONGEST_FIELD)
    # strict: otherwise a quote that is never closed would swallow the rest of the file in silence.
    reader = csv.reader(stream_lines(stream, codec, on_bytes), delimiter=delimiter, strict=True)
    start = 1
    try:
        for fields in reader:
            if fields:
                yield start, fields
            start = reader.line_num + 1
    except csv.Error as error:
        if "field limit" in str(error):
            most = f"{_LONGEST_FIELD:,} characters"
            raise SourceError(
                f"{stream.name} has a field of more than {most} from line {start} on: close its double quotes, or "
                "put less into it"
            ) from None
        raise SourceError(
            f"{stream.name} can't be read as {stream.suffix[1:].upper()} from line {start} on ({error}): "
            "check the double quotes there"
        ) from None
