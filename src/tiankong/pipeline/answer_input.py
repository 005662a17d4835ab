"""Reads the file of texts to answer, row by row."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from tiankong.corpus.columns import Columns, FullRow
from tiankong.corpus.file_state import check_unchanged, file_state
from tiankong.corpus.full_rows import read_full_rows, suffixes_of
from tiankong.corpus.reader import describe_sources
from tiankong.errors import SentenceError, SourceError
from tiankong.pipeline.answering import NO_FIELDS, Row
from tiankong.pipeline.records import ERROR, RecordKind
from tiankong.registry.answer_formats import AnswerFormatSpec
from tiankong.text.blanks import check_text

LONGEST_TEXT = 1 << 20
"""The most characters of a row's text: its answer is in memory as a whole."""


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
    ) -> None:
        """Checks that it can be read.

        :raises SourceError: it can't.
        """
        self._path, self._columns, self._encoding = path, columns, encoding
        self._state = file_state(path)
        (self.description,) = describe_sources([path])
        self.name = self.description.path
        self._text_field, self._is_table = kind.text_field, spec.is_table
        self._reserved = frozenset((*kind.names(options), ERROR, *spec.columns))
        suffixes = suffixes_of(path)
        keeps_types = spec.keeps_types and len(suffixes) == 1 and suffixes[0] in spec.suffixes
        self.typed = path if keeps_types else None

    def rows(self, on_note: Callable[[str], None]) -> Iterator[ReadRow]:
        """The rows.

        :raises SourceError: the file can't be read on, or the first row has a field of the answer's.
        """
        read = 0

        def on_bytes(count: int) -> None:
            nonlocal read
            read += count

        is_first = True
        try:
            for row, place in read_full_rows(self._path, self._columns, self._encoding, on_bytes, on_note):
                clashing = self._clashing(row)
                if clashing and is_first:
                    raise SourceError(
                        f"{self.name} has a column {clashing[0]!r}, which is that of an answer: give it another name"
                    )
                is_first = False
                yield ReadRow(self._encoded(row, clashing), place, min(read, self.description.bytes))
        except SourceError:
            self.check_unchanged()  # which explains it
            raise

    def check_unchanged(self) -> None:
        """Checks that the file is the one that was described.

        :raises SourceError: it was changed since.
        """
        check_unchanged(self._path, self._state, self.name)

    def _clashing(self, row: FullRow) -> list[str]:
        """The fields of a row that the answer has too, and that are not its text."""
        fields = row.fields
        if fields is None or (self._text_field not in fields and self._reserved.isdisjoint(fields)):
            return []
        is_text = fields.get(self._text_field) == row.text
        return [name for name in fields if name in self._reserved or (name == self._text_field and not is_text)]

    def _encoded(self, row: FullRow, clashing: list[str]) -> bytes:
        fields, problem = row.fields, row.problem or _problem(row.text)
        if clashing and fields is not None:
            problem = f"it has fields of the answer's ({', '.join(clashing)}): give them other names"
            fields = {name: value for name, value in fields.items() if name not in clashing}
        repeats_text = fields is None or (not self._is_table and self._text_field not in fields)
        kept = NO_FIELDS if fields is None or self.typed is not None else msgspec.Raw(_encoded(fields))
        return _encoded(Row(kept, row.text, problem, repeats_text))


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


def _encoded(value: Any) -> bytes:
    try:
        return msgspec.json.encode(value)
    except (UnicodeEncodeError, OverflowError):  # half a surrogate pair, or a large integer
        plain = list(msgspec.structs.astuple(value)) if isinstance(value, Row) else value
        if isinstance(value, Row):
            plain[0] = json.loads(bytes(value.fields))
        return json.dumps(plain, ensure_ascii=False, default=str).encode("utf-8", "replace")
