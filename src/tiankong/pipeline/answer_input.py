"""Reads the file of texts to answer, row by row."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from tiankong.corpus.archives import display_name
from tiankong.corpus.columns import Columns, FullRow
from tiankong.corpus.file_state import check_unchanged, file_state
from tiankong.corpus.full_rows import first_rows, read_full_rows, suffixes_of
from tiankong.corpus.reader import describe_sources
from tiankong.errors import SentenceError, SourceError
from tiankong.pipeline.answering import NO_FIELDS, Row
from tiankong.pipeline.records import ERROR, RecordKind
from tiankong.registry.answer_formats import AnswerFormatSpec
from tiankong.text.blanks import check_text

LONGEST_TEXT = 1 << 20
"""The most characters of a row's text: its answer is in memory as a whole."""


_PREFIX = "answer_"
"""Proposed where names clash."""

_UNENCODABLE = re.compile("[\ud800-\udfff]")


class ReadRow(NamedTuple):
    """A row in JSON, where it stands, and how much of the file has been read."""

    content: bytes
    place: str
    read: int


class InputFile:
    """The file to answer, as rows in JSON."""

    def __init__(
        self,
        path: Path,
        columns: Columns,
        encoding: str | None,
        kind: RecordKind,
        spec: AnswerFormatSpec,
        options: Mapping[str, Any],
        prefix: str = "",
    ) -> None:
        """Checks that it can be read. ``prefix`` begins the names of the answer's fields.

        :raises SourceError: it can't.
        """
        self._path, self._columns, self._encoding = path, columns, encoding
        _check_file(path)
        self._state = file_state(path)
        (self.description,) = describe_sources([path])
        self.name = self.description.path
        self._other_prefix = f"{_PREFIX}{prefix}"
        self._text_field, self._is_table = f"{prefix}{kind.text_field}", spec.is_table
        self._reserved = frozenset(
            f"{prefix}{name}" for name in (*kind.names(options), ERROR, *(spec.columns if kind.best else ()))
        )
        suffixes = suffixes_of(path)
        keeps_types = spec.keeps_types and len(suffixes) == 1 and suffixes[0] in spec.suffixes
        self.typed = path if keeps_types else None

    def check_names(self, on_read: Callable[[int], None]) -> None:
        """Checks that no row has a field of the answer's, and that there is a column of texts. ``on_read`` is called
        with the bytes that were read, where that takes long.

        :raises SourceError: a row has one; the file can't be read.
        """
        read = 0

        def on_bytes(count: int) -> None:
            nonlocal read
            read += count
            on_read(min(read, self.description.bytes))

        for row, place in first_rows(self._path, self._columns, self._encoding, on_bytes):
            clashing = [] if row.fields is None else self._clashing(row.fields, row.column)
            if clashing:
                raise SourceError(
                    f"{self.name} has a field {clashing[0]!r} ({place}), as answers do: call those of the answers "
                    f'otherwise with `answer_prefix="{self._other_prefix}"`'
                )

    def rows(self, on_note: Callable[[str], None]) -> Iterator[ReadRow]:
        """The rows.

        :raises SourceError: the file can't be read on.
        """
        read = 0

        def on_bytes(count: int) -> None:
            nonlocal read
            read += count

        try:
            for row, place in read_full_rows(self._path, self._columns, self._encoding, on_bytes, on_note):
                yield ReadRow(self._encoded(row), place, min(read, self.description.bytes))
        except SourceError:
            self.check_unchanged()  # which explains it
            raise

    def check_unchanged(self) -> None:
        """Checks that the file is the one that was described.

        :raises SourceError: it was changed since.
        """
        check_unchanged(self._path, self._state, self.name)

    def _clashing(self, fields: Mapping[str, Any], column: str | None) -> list[str]:
        """The fields of a row that the answer has too, and that are not its text."""
        own = self._reserved if column == self._text_field else self._reserved | {self._text_field}
        return [] if own.isdisjoint(fields) else [name for name in fields if name in own]

    def _encoded(self, row: FullRow) -> bytes:
        text, problem = row.text, row.problem or _problem(row.text)
        if row.fields is None:
            if text is not None and not _is_unicode(text):
                text = _UNENCODABLE.sub("\ufffd", text)
            return msgspec.json.encode(Row(NO_FIELDS, text, problem, repeats_text=True))
        fields, is_unicode = NO_FIELDS, True
        if self.typed is None:
            content, is_unicode = (row.raw, True) if row.raw else _as_json(row.fields)
            fields = msgspec.Raw(content) if row.fields else NO_FIELDS
        elif text is not None:
            is_unicode = _is_unicode(text)
        if not is_unicode:
            text, problem = None, problem or "it has characters that are not valid Unicode: save it as UTF-8"
        repeats_text = not self._is_table and self._text_field not in row.fields
        return msgspec.json.encode(Row(fields, text, problem, repeats_text))


def first_texts(path: Path, columns: Columns, encoding: str | None) -> Iterator[str]:
    """The texts of a file, to be looked at before it is answered. Nothing is opened before the first is asked for.

    :raises SourceError: it can't be read.
    """
    _check_file(path)
    yield from (row.text for row, _ in read_full_rows(path, columns, encoding) if row.text)


def _check_file(path: Path) -> None:
    """Checks what would be checked differently of one among several files.

    :raises SourceError: it is a folder, or empty.
    """
    name = display_name(path)
    if path.is_dir():
        raise SourceError(f"{name} is a folder, and one file at a time is answered: name a file in it")
    if path.is_file() and not path.stat().st_size:
        raise SourceError(f"{name} is empty: there is nothing to answer")


def _problem(text: str | None) -> str:
    """Why a text can't be answered by any method; empty if it can."""
    if text is None or not text.strip():
        return "there is no text"
    if len(text) > LONGEST_TEXT:
        return f"the text has {len(text):,} characters: split it into texts of at most {LONGEST_TEXT:,}"
    try:
        check_text(text)
    except SentenceError as error:
        return str(error)
    return ""


def _as_json(fields: Mapping[str, Any]) -> tuple[bytes, bool]:
    """A row as a JSON object, and whether it is all Unicode. What is not is replaced."""
    try:
        return msgspec.json.encode(fields), True
    except OverflowError:  # a large integer
        is_unicode = True
    except UnicodeEncodeError:  # half a surrogate pair, which also stands for a byte that is not UTF-8
        is_unicode = False
    content = json.dumps(fields, ensure_ascii=False, default=str)
    return _UNENCODABLE.sub("\ufffd", content).encode(), is_unicode and _is_unicode(content)


def _is_unicode(text: str) -> bool:
    return text.isascii() or _UNENCODABLE.search(text) is None
