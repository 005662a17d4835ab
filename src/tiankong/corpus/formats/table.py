"""Comma- and tab-separated values: a header, then one record per row; quoted fields may hold line breaks."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from itertools import chain, islice

from tiankong.corpus.archives import ByteStream, OnBytes
from tiankong.corpus.columns import (
    LABEL_COLUMNS,
    TEXT_COLUMNS,
    TOO_LONG,
    Columns,
    FullRow,
    Row,
    choose_column,
    choose_label,
    column_names,
    label_text,
    note_columns,
    note_no_label,
    refuse_missing_header,
)
from tiankong.corpus.encoding import MAX_LINE, CutLine, stream_lines
from tiankong.corpus.label_values import PROBED
from tiankong.corpus.marked_labels import find_labels
from tiankong.errors import SourceError

_LONGEST_FIELD = 1 << 20
"""Characters of a field: a quote that is never closed must not fill the memory."""

_SEPARATOR = re.compile(r"[,;|~^\t\x01-\x1f]+|::")
"""What other programs put between columns, and hardly anybody into the name of one."""

_PUNCTUATION = re.compile(r"[^\w]+|_{2,}")
_QUOTED = re.compile(r'"[^"]*"([^",\w]+)"')
_EXCEL_SEPARATOR = re.compile(r'"?sep=([^\w"\r\n])"?\s*', re.IGNORECASE)
"""The first line by which Excel knows the separator."""

_USUAL = {".tsv": "tabs", ".csv": "commas"}


def rows(stream: ByteStream, columns: Columns, codec: str, on_bytes: OnBytes | None) -> Iterator[Row]:
    """See :mod:`tiankong.corpus.formats`."""
    records = _records(stream, stream_lines(stream, codec, on_bytes))
    _, header = next(records, (0, []))
    names = [name.strip() for name in header]
    if not names:
        return
    chosen = _text_column(names, columns, stream)
    label = choose_label(names, columns.label, names[chosen], stream.name)
    label_at = len(names) if label is None else names.index(label)
    note_columns(names, names[chosen], label, stream)
    first = list(islice(records, PROBED))
    if columns.text is None:
        _refuse_labels_in_texts([fields for _, fields in first], chosen, stream)
    any_row = any_label = False
    for number, fields in chain(first, records):
        if len(fields) <= chosen or any(fields[len(names) :]):
            few = len(fields) <= chosen
            way_out = "add the missing ones" if few else "put a text that holds a separator in double quotes"
            raise SourceError(f"{_widths(fields, names, f'{stream.name} (line {number})')}: {way_out}")
        mark = label_text(fields[label_at] if label_at < min(len(fields), len(names)) else None)
        any_row, any_label = True, any_label or mark is not None
        yield Row(fields[chosen], mark, number)
    if any_row and not any_label:
        note_no_label(label, stream)


def _refuse_labels_in_texts(rows: Sequence[Sequence[str]], chosen: int, stream: ByteStream) -> None:
    """Refuse rows of one field that nearly all end or begin in a label.

    Raises:
        SourceError: they are separated by something else than the header.
    """
    texts = [fields[chosen].strip() for fields in rows if len(fields) == chosen + 1]
    found = find_labels(texts) if len(texts) == len(rows) else None
    if found is not None:
        usual = _USUAL[stream.suffix]
        raise SourceError(
            f"the rows of {stream.name} seem to {found.place} a label, such as {found.example!r}, beside "
            f"{found.separator!r}, and a {stream.suffix} file has its columns separated by {usual}: save it with "
            f"{usual}; if these are texts as they stand, save them as .jsonl, one string in double quotes per line"
        )


def full_rows(stream: ByteStream, columns: Columns, codec: str, on_bytes: OnBytes | None) -> Iterator[FullRow]:
    """See :mod:`tiankong.corpus.formats`."""
    was_cut = False

    def lines() -> Iterator[str]:
        nonlocal was_cut
        for line in stream_lines(stream, codec, on_bytes, damaged=True):
            was_cut = was_cut or isinstance(line, CutLine)
            yield line

    records = _records(stream, lines(), MAX_LINE, blank_too=True)
    header = next((fields for _, fields in records if fields), [])
    names = [name.strip() for name in header]
    if not any(names):
        return
    chosen = _text_column(names, columns, stream)
    names = column_names(names, stream.name)
    for number, fields in records:
        if was_cut:
            was_cut = False
            yield FullRow(None, None, number, TOO_LONG)
        elif fields:
            problem = ""
            if len(fields) <= chosen or any(fields[len(names) :]):
                problem = _widths(fields, names, "the row")
            text = fields[chosen] if len(fields) > chosen else None
            yield FullRow(text, _named(fields, names), number, problem, names[chosen])


def _named(fields: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    """The fields of a row by their columns; one that the header has no name for is called as in :func:`column_names`,
    if there is anything in it.
    """
    named = dict(zip(names, fields, strict=False))
    for number, value in enumerate(fields[len(names) :], len(names) + 1):
        if value:
            named.setdefault(f"column {number}", value)
    return named


def _widths(fields: Sequence[str], names: Sequence[str], row: str) -> str:
    """How many fields a row has, and how many it should have."""
    return f"{row} has {len(fields)} {'field' if len(fields) == 1 else 'fields'}, the header has {len(names)}"


def _text_column(names: list[str], columns: Columns, stream: ByteStream) -> int:
    """The place of the column of texts."""
    if columns.text is None:
        if len(names) == 1:
            _refuse_other_separator(names[0], stream)
        refuse_missing_header(names, stream.name)
    return names.index(choose_column(names, columns.text, stream.name))


def _refuse_other_separator(name: str, stream: ByteStream) -> None:
    """Refuse a header that is one column only because its separator is not the one of the suffix.

    Raises:
        SourceError: it names columns with something else between them.
    """
    found = _SEPARATOR.search(name)
    if found is None:
        parts = [part.casefold() for part in _PUNCTUATION.split(name) if part]
        separators = {mark.strip() for mark in _PUNCTUATION.findall(name)}
        if sum(part in TEXT_COLUMNS for part in parts) != 1 or len(parts) < 2 or len(separators) > 1:
            return
        mark = separators.pop()
        if not set(LABEL_COLUMNS) & set(parts) and (not mark.strip("-_.") or (len(parts) == 2 and len(mark) == 1)):
            return  # words of one name
        found = _PUNCTUATION.search(name)
        assert found is not None
    usual = _USUAL[stream.suffix]
    raise SourceError(
        f"{stream.name} separates its columns by {found[0]!r}, and a {stream.suffix} file by {usual}: save it with "
        f"{usual}, or name its only column with `column` if it is called {name!r}"
    )


def _refuse_quoted_separator(line: str, delimiter: str, stream: ByteStream) -> None:
    """Refuse a header of quoted names with something else between them.

    Raises:
        SourceError: it is one.
    """
    found = _QUOTED.match(line)
    if found is not None and found[1].strip(" ") != delimiter:
        usual = _USUAL[stream.suffix]
        raise SourceError(
            f"{stream.name} separates its columns by {found[1].strip(' ') or ' '!r}, and a {stream.suffix} file by "
            f"{usual}: save it with {usual}"
        )


def _records(
    stream: ByteStream, lines: Iterator[str], longest: int = _LONGEST_FIELD, *, blank_too: bool = False
) -> Iterator[tuple[int, list[str]]]:
    """Yield each record, with the number of the line it starts on; blank lines only if ``blank_too``."""
    delimiter = "\t" if stream.suffix == ".tsv" else ","
    csv.field_size_limit(longest)
    head = next(lines, "")
    start = 1
    named = _EXCEL_SEPARATOR.fullmatch(head)
    if named is not None:
        delimiter, head, start = named[1], next(lines, ""), 2
    _refuse_quoted_separator(head, delimiter, stream)
    before = start - 1
    # Spaces behind a separator hide the quotes after it. strict: otherwise a quote that is never closed would swallow
    # the rest of the file in silence.
    reader = csv.reader(
        chain([head], lines), delimiter=delimiter, strict=True, skipinitialspace=f'{delimiter} "' in head
    )
    try:
        for fields in reader:
            if fields or blank_too:
                yield start, fields
            start = before + reader.line_num + 1
    except csv.Error as error:
        if "field limit" in str(error):
            most = f"{longest:,} characters"
            raise SourceError(
                f"{stream.name} has a field of more than {most} from line {start} on: close its double quotes, or "
                "put less into it"
            ) from None
        raise SourceError(
            f"{stream.name} can't be read as {stream.suffix[1:].upper()} from line {start} on ({error}): "
            "check the double quotes there"
        ) from None
