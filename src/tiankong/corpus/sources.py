"""Where texts come from: files, or an iterable given from Python. Both yield the same :class:`Text` objects."""

from __future__ import annotations

import hashlib
import itertools
import math
import numbers
import os
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from tiankong.corpus.archives import OnNote
from tiankong.corpus.bad_rows import BadRows
from tiankong.corpus.columns import Row, label_value
from tiankong.corpus.file_state import check_unchanged, file_state
from tiankong.corpus.folders import with_files_of_folders
from tiankong.corpus.label_detection import find_form
from tiankong.corpus.label_forms import LabelForm
from tiankong.corpus.label_values import MOST_PLAIN, PROBED
from tiankong.corpus.label_words import LabelWords
from tiankong.corpus.labelled_lines import LineReader
from tiankong.corpus.marked_labels import may_carry_label
from tiankong.corpus.reader import SourceFile, Text, describe_sources, read_texts
from tiankong.errors import SourceError
from tiankong.text.label_words import take_label_words
from tiankong.text.normalise import unreadable_character

_GIVEN = "those given"
"""Stands for the iterable where a file would be named."""

_MISSING_TYPES = ("NAType", "NaTType")
"""What pandas has in the place of an absent value, beside ``None`` and NaN."""


class Source(ABC):
    """Texts to read, once, or again if it ``is_rereadable``."""

    is_rereadable = False

    @property
    @abstractmethod
    def size(self) -> int:
        """The work of reading it all, in the unit that :meth:`read` reports; 0 if it is unknown."""

    @abstractmethod
    def check(self) -> None:
        """Fails before any output is written, where that is possible.

        :raises SourceError: a file can't be read.
        """

    @abstractmethod
    def read(
        self,
        on_read: Callable[[int], None] = lambda _: None,
        on_empty: Callable[[], None] = lambda: None,
        on_note: OnNote = lambda _: None,
    ) -> Iterator[Text]:
        """The texts that are not blank, in order, in constant memory.

        ``on_read`` is called with the work done since its last call, ``on_empty`` for each row without a text, and
        ``on_note`` with a sentence for people about how something is read, where that may surprise.

        :raises SourceError: something can't be read as a text.
        """

    @abstractmethod
    def check_unchanged(self) -> None:
        """Fails if what :meth:`read` is through with is not what :meth:`check` saw.

        :raises SourceError: a file was changed meanwhile.
        """

    @abstractmethod
    def description(self) -> list[SourceFile]:
        """What was read, for the manifest; known once :meth:`check` and :meth:`read` are through."""


@dataclass
class Files(Source):
    """The users' files, and those in their folders.

    ``column`` and ``label_column`` are of those with columns (``None``: the usual ones), ``sheet`` is of workbooks
    (``None``: the first that is shown). ``encoding`` is detected if it is ``None``. The unit of work is a byte on disk.
    """

    is_rereadable = True
    paths: Sequence[Path]
    column: str | None = None
    label_column: str | None = None
    sheet: str | int | None = None
    encoding: str | None = None
    _description: list[SourceFile] = field(default_factory=list, init=False)
    _states: list[tuple[int, ...]] = field(default_factory=list, init=False)
    _notes: list[str] = field(default_factory=list, init=False)

    @cached_property
    def _files(self) -> list[Path]:
        return with_files_of_folders(self.paths, self._notes.append)

    @property
    def size(self) -> int:
        """See :class:`Source`."""
        return sum(path.stat().st_size for path in self._files if os.path.isfile(path))  # noqa: PTH113 - never fails

    def check(self) -> None:
        """See :class:`Source`."""
        self._states = [file_state(path) for path in self._files]
        self._description = describe_sources(self._files)

    def read(
        self,
        on_read: Callable[[int], None] = lambda _: None,
        on_empty: Callable[[], None] = lambda: None,
        on_note: OnNote = lambda _: None,
    ) -> Iterator[Text]:
        """See :class:`Source`, and :func:`tiankong.corpus.reader.read_texts`."""
        texts = read_texts(
            self._files,
            column=self.column,
            label_column=self.label_column,
            sheet=self.sheet,
            encoding=self.encoding,
            on_bytes=on_read,
            on_empty=on_empty,
            on_note=on_note,
        )
        for note in self._notes:
            on_note(note)
        return texts

    def check_unchanged(self) -> None:
        """See :class:`Source`."""
        for path, before, file in zip(self._files, self._states, self._description, strict=True):
            check_unchanged(path, before, file.path)

    def description(self) -> list[SourceFile]:
        """See :class:`Source`."""
        return self._description


class _Pair(Row):
    """A row that was given as a text and its label: the text is taken as it stands."""


class GivenTexts(Source):
    """An iterable of ``str`` or ``(str, label)``, read once. ``None`` and NaN are empty texts, or absent labels.

    The unit of work is a text.
    """

    def __init__(self, texts: Iterable[Any]) -> None:
        """``texts`` may be a generator."""
        self._texts = texts
        self._digest = hashlib.sha256()
        self._count = self._bytes = 0

    @property
    def size(self) -> int:
        """See :class:`Source`."""
        return len(self._texts) if isinstance(self._texts, Sized) else 0

    def check(self) -> None:
        """Does nothing: these texts can only be checked while they are read."""

    def read(
        self,
        on_read: Callable[[int], None] = lambda _: None,
        on_empty: Callable[[], None] = lambda: None,
        on_note: OnNote = lambda _: None,
    ) -> Iterator[Text]:
        """See :class:`Source`.

        :raises SourceError: an item is neither a string nor a pair of a string and a label; there is no text; most
            strings carry a label and the others do not.
        """
        any_text = False
        items = _rows(self._texts)
        first = _first_rows(items)
        reader = LineReader(_form(first, on_note), "the texts given", on_note, "text")
        label_words = LabelWords("the texts given", on_note)
        for given in itertools.chain(_emptied(first), items):
            row = label_words.read(given)
            if row.label is None and not isinstance(given, _Pair):
                row = Row(*reader.read(row.text, row.line), row.line)
            text = Text(row.text, row.label, _GIVEN, row.line, "text", row.has_several_labels)
            self._note(text)
            on_read(1)
            if text.text and not text.text.isspace():
                any_text = True
                yield text
            else:
                on_empty()
        reader.finish()
        if not any_text:
            raise SourceError("no text was given: give one or more strings that are not blank")

    def check_unchanged(self) -> None:
        """Does nothing: these texts are read as they are given."""

    def description(self) -> list[SourceFile]:
        """See :class:`Source`."""
        name = f"{self._count:,} texts given from Python"
        return [SourceFile(name, self._bytes, self._digest.hexdigest())]

    def _note(self, text: Text) -> None:
        line = text.text if text.label is None else f"{text.text}\t{text.label}"
        data = f"{line}\n".encode()
        self._count += 1
        self._bytes += len(data)
        self._digest.update(data)


def _rows(items: Iterable[Any]) -> Iterator[Row]:
    """Items as rows.

    :raises SourceError: there are some that are neither a string nor a pair of a string and a label.
    """
    bad = BadRows()
    for number, item in enumerate(items, 1):
        try:
            row = _row(item, number)
        except SourceError as error:
            bad.add(f"text {number}", error)
        if not bad:
            yield row
    bad.refuse()


def _row(item: Any, number: int) -> Row:
    """An item as a row.

    :raises SourceError: it is neither a string nor a pair of a string and a label.
    """
    if isinstance(item, tuple | list | np.ndarray) and len(item) == 2:
        return _Pair(_text(item[0], number), _label(item[1], number), number)
    return Row(_text(item, number), None, number)


def _first_rows(rows: Iterator[Row]) -> deque[Row]:
    """The first rows, as many as it takes to see that strings carry no label of their own."""
    first: deque[Row] = deque()
    plain = 0
    for row in rows:
        first.append(row)
        plain += isinstance(row, _Pair) or not may_carry_label(row.text)
        if plain > MOST_PLAIN or len(first) == PROBED:
            break
    return first


def _form(rows: Iterable[Row], on_note: OnNote) -> LabelForm | None:
    """How strings carry their labels, if they do and none came in a pair."""
    if any(isinstance(row, _Pair) for row in rows):
        return None
    return find_form(((row.line, take_label_words(row.text).text) for row in rows), _GIVEN, "text", on_note)


def _emptied(rows: deque[Row]) -> Iterator[Row]:
    """The rows, each released once it is read."""
    while rows:
        yield rows.popleft()


def _text(value: object, number: int) -> str:
    if _is_missing(value):
        return ""
    if not isinstance(value, str):
        raise SourceError(
            f"text {number} of {_GIVEN} is of type {type(value).__name__}: give a string, or a pair of a string and a "
            "label"
        )
    text = str(value)  # also of a NumPy string
    _refuse_unreadable(text, number)
    return text


def _label(value: object, number: int) -> str | None:
    if _is_missing(value):
        return None
    plain = value.item() if isinstance(value, np.generic) else value
    label = label_value(plain, "the iterable", number, "text")
    if label is not None:
        _refuse_unreadable(label, number)
    return label


def _refuse_unreadable(text: str, number: int) -> None:
    character = unreadable_character(text)
    if character is not None:
        raise SourceError(f"text {number} of {_GIVEN} holds {character}: remove it")


def _is_missing(value: object) -> bool:
    if value is None or type(value).__name__ in _MISSING_TYPES:
        return True
    return isinstance(value, numbers.Real) and not isinstance(value, numbers.Integral) and math.isnan(value)
