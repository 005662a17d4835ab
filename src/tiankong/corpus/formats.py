"""From a byte stream to rows of text, by the suffix of its name.

====================  =====================================================================
none, .txt, .text     a text a line, or ``text,,label`` a line
.csv, .tsv            a header line, then a record a row; quoted fields may hold line breaks
.jsonl, .ndjson       an object or a string a line
.parquet              a column of strings (see ``parquet.py``)
====================  =====================================================================
"""

from __future__ import annotations

import csv
import itertools
import json
import re
from collections.abc import Callable, Generator, Iterator

from tiankong.corpus.archives import ByteStream, OnBytes
from tiankong.corpus.columns import Columns, Row, choose_column, choose_label, label_text, label_value
from tiankong.corpus.encoding import check_encoding, detect_encoding, read_lines
from tiankong.corpus.parquet import parquet_rows
from tiankong.errors import SourceError
from tiankong.text.normalise import unreadable_character

_LABELLED = re.compile(r",,\s*[^,\s](?:[^,]{0,38}[^,\s])?\s*$")
_PROBE_LINES = 1000

_LONGEST_FIELD = 1 << 20
"""Characters of a field of .csv: a quote that is never closed must not fill the memory."""

_LABELLED_SHARE, _MIXED_SHARE = 0.95, 0.5


def read_rows(stream: ByteStream, columns: Columns, encoding: str | None, on_bytes: OnBytes | None) -> Iterator[Row]:
    """Yield the rows of a stream, blank texts included.

    Raises:
        SourceError: the stream can't be read as its suffix says; the message names the line.
        OptionError: the encoding given is unknown.
        MissingPackageError: the stream is .parquet and pyarrow is not installed.
    """
    if stream.suffix == ".parquet":
        rows = parquet_rows(stream, columns, on_bytes)
    else:
        codec = check_encoding(encoding) if encoding else detect_encoding(stream.open, stream.name)
        rows = _READERS[stream.suffix](stream, columns, codec, on_bytes)
    for row in rows:
        if character := unreadable_character(row.text) or unreadable_character(row.label or ""):
            raise SourceError(f"{stream.name} holds {character} on line {row.line}: remove it")
        yield row


def _lines(stream: ByteStream, codec: str, on_bytes: OnBytes | None) -> Generator[str, None, None]:
    with stream.open(on_bytes) as raw:
        yield from read_lines(raw, codec, stream.name)


def _text_rows(stream: ByteStream, _columns: Columns, codec: str, on_bytes: OnBytes | None) -> Iterator[Row]:
    labelled = _is_labelled(stream, codec)
    for number, line in enumerate(_lines(stream, codec, on_bytes), 1):
        text = line.rstrip("\r\n")
        if labelled and _LABELLED.search(text):
            text, _, label = text.rpartition(",,")
            yield Row(text, label_text(label), number)
        else:
            yield Row(text, None, number)


def _is_labelled(stream: ByteStream, codec: str) -> bool:
    """Tell from the first lines whether the file is in the format ``text,,label``.

    Raises:
        SourceError: most lines are, but too many are not: their labels would be read as words.
    """
    lines = _lines(stream, codec, None)
    probed = itertools.islice(((number, line) for number, line in enumerate(lines, 1) if line.strip()), _PROBE_LINES)
    found = [(number, _LABELLED.search(line) is not None) for number, line in probed]
    lines.close()
    share = sum(labelled for _, labelled in found) / max(1, len(found))
    if _MIXED_SHARE <= share < _LABELLED_SHARE:
        without = [number for number, labelled in found if not labelled]
        raise SourceError(
            f"{len(without):,} of the first {len(found):,} lines of {stream.name} don't end in ,,label as the others "
            f"do, the first on line {without[0]}: label all of them, or none"
        )
    return share >= _LABELLED_SHARE


def _csv_rows(stream: ByteStream, columns: Columns, codec: str, on_bytes: OnBytes | None) -> Iterator[Row]:
    records = _csv_records(stream, codec, on_bytes)
    _, header = next(records, (0, []))
    names = [name.strip() for name in header]
    if not names:
        return
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


def _csv_records(stream: ByteStream, codec: str, on_bytes: OnBytes | None) -> Iterator[tuple[int, list[str]]]:
    """Yield each record that isn't a blank line, with the number of the line it starts on."""
    delimiter = "\t" if stream.suffix == ".tsv" else ","
    csv.field_size_limit(_LONGEST_FIELD)
    # strict: otherwise a quote that is never closed would swallow the rest of the file in silence.
    reader = csv.reader(_lines(stream, codec, on_bytes), delimiter=delimiter, strict=True)
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


def _json_rows(stream: ByteStream, columns: Columns, codec: str, on_bytes: OnBytes | None) -> Iterator[Row]:
    key: str | None = None
    for number, line in enumerate(_lines(stream, codec, on_bytes), 1):
        if line.isspace():
            continue
        value = _parse_json(line, stream.name, number)
        if isinstance(value, dict):
            names, where = list(value), f"{stream.name} (line {number})"
            if key is None or key not in value:
                key = choose_column(names, key or columns.text, where)
            label = choose_label(names, columns.label, key, where)
            mark = label_value(value[label], stream.name, number) if label else None
            yield Row(_json_text(value[key], stream.name, number), mark, number)
        else:
            yield Row(_json_text(value, stream.name, number), None, number)


def _parse_json(line: str, name: str, number: int) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else error
        raise SourceError(
            f"{name} is not valid JSON on line {number} ({reason}): JSON Lines hold an object or a string a line"
        ) from None


def _json_text(value: object, name: str, number: int) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        kind = type(value).__name__
        raise SourceError(f"{name} has a value of type {kind} for a text on line {number}: make it a string")
    return value


_READERS: dict[str, Callable[[ByteStream, Columns, str, OnBytes | None], Iterator[Row]]] = {
    "": _text_rows,
    ".txt": _text_rows,
    ".text": _text_rows,
    ".csv": _csv_rows,
    ".tsv": _csv_rows,
    ".jsonl": _json_rows,
    ".ndjson": _json_rows,
}
