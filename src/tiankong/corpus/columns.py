"""Which column of a table holds the text, and which the label."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from tiankong.corpus.archives import ByteStream
from tiankong.errors import SourceError

TOO_LONG = f"there are more than {1 << 24:,} characters on it: put less into a row"
"""The problem of a line that is longer than is read."""

TEXT_COLUMNS = ("text", "review", "sentence", "content", "comment", "文本", "内容", "评论", "评价")
LABEL_COLUMNS = (
    "label",
    *("labels", "sentiment", "polarity", "category", "class", "target"),
    *("标签", "标注", "类别", "情感", "分类", "极性"),
)
"""Names that are usual for labels; the first comes before the others."""

_MOST_LISTED = 20
_LONGEST_NAME = 40
_NUMBER = re.compile(r"[+-]?[\d.]+")
_NO_NAME = re.compile(r"[，。！？；]|^\s*__label__", re.IGNORECASE)
"""The punctuation of sentences, or fastText's label word: not what columns are named."""

_DIRECTIONS = frozenset(("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"))


class Columns(NamedTuple):
    """Names of the columns to read; ``None`` is the one with a usual name.

    ``sheet`` is that of a workbook, by name or by number, from 1; ``None`` is the first that is shown.
    """

    text: str | None = None
    label: str | None = None
    sheet: str | int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A text as it stands in its stream; ``line`` is the line (or the row, see the format's unit) it starts on."""

    text: str
    label: str | None
    line: int
    has_several_labels: bool = False
    """Of which ``label`` is the first."""


@dataclass(frozen=True, slots=True)
class FullRow:
    """A row as it stands in its stream: ``text``, and all its ``fields`` by column, the text's included; ``None`` where
    the format has no columns. If it can't be used, ``problem`` says why, and what can't be read of it is absent.

    ``column`` is that of the text, and ``raw`` the row as a JSON object, of formats that are made of such.
    """

    text: str | None
    fields: dict[str, Any] | None
    line: int
    problem: str = ""
    column: str | None = None
    raw: bytes = b""


def column_names(header: Sequence[str], where: str) -> list[str]:
    """The names of all columns; one without a name is called by its number, as in ``column 3``.

    Raises:
        SourceError: two columns have the same name.
    """
    names = [name or f"column {number}" for number, name in enumerate(header, 1)]
    for name in names:
        _only(name, names, where)
    return names


def choose_column(names: Sequence[str], column: str | None, where: str) -> str:
    """Return the column of texts: ``column``, the only one, or the one with a usual name.

    Raises:
        SourceError: there is no such column, or not exactly one with a usual name.
    """
    if column is not None:
        if column not in names:
            raise SourceError(f"{where} has no column {column!r}: {_columns(names)}; {_choice(names)}")
        return _only(column, names, where)
    usual = [name for name in names if name.strip().casefold() in TEXT_COLUMNS]
    if len(set(usual)) == 1:
        return _only(usual[0], names, where)
    if len(names) == 1:
        _refuse_false_header(names[0], where)
        return names[0]
    problem = "several columns that may hold" if usual else "no column known to hold"
    raise SourceError(f"{where} has {problem} the text: {_columns(names)}; name one with `column`")


def _only(name: str, names: Sequence[str], where: str) -> str:
    """Return ``name``, of which there must be one column."""
    if names.count(name) > 1:
        raise SourceError(f"{where} has more than one column {name!r}: give each a name of its own in the file")
    return name


def _columns(names: Sequence[str]) -> str:
    return f"its only column is {names[0]!r}" if len(names) == 1 else f"its columns are {_listed(names)}"


def _choice(names: Sequence[str]) -> str:
    return "choose that one" if len(names) == 1 else "choose one of them"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_LISTED} more" if len(names) > _MOST_LISTED else ""
    return (", ".join(map(repr, names[:_MOST_LISTED])) or "none") + more


def _refuse_false_header(name: str, where: str) -> None:
    """Refuse the only column when its name shows that there is no header."""
    if _is_no_name(name):
        raise SourceError(
            f"{where} begins with what looks like a text, not the name of a column: put a line 'text' first"
        )


def refuse_missing_header(names: Sequence[str], where: str) -> None:
    """Refuse the first row of a table when it looks like one of texts and labels.

    Raises:
        SourceError: none of ``names`` is usual for texts, and one is a number or reads like a text.
    """
    if len(names) == 1 or any(name.casefold() in TEXT_COLUMNS for name in names):
        return
    wrong = [name for name in names if _NUMBER.fullmatch(name) or _is_no_name(name)]
    if wrong:
        raise SourceError(
            f"{where} begins with what looks like a row, not the names of columns, since one is {wrong[0]!r}: put a "
            "row with their names, such as label and text, first, or name the column of texts with `column`"
        )


def _is_no_name(name: str) -> bool:
    return len(name) > _LONGEST_NAME or _NO_NAME.search(name) is not None


def choose_label(names: Sequence[str], label: str | None, text_column: str, where: str) -> str | None:
    """Return the column of labels: ``label``, or the one with a usual name that is not the column of texts.

    Raises:
        SourceError: there is not exactly one column of that name, it is the column of texts, or ``label`` is ``None``
            and several columns are named ``label``.
    """
    if label is not None:
        if label not in names:
            raise SourceError(f"{where} has no column {label!r}: {_columns(names)}; {_choice(names)}")
        if label == text_column:
            raise SourceError(f"{where}: the texts are in the column {label!r}, so it can't hold the labels too")
        return _only(label, names, where)
    labels = [name for name in names if name.strip().casefold() == LABEL_COLUMNS[0] and name != text_column]
    if len(set(labels)) > 1:
        raise SourceError(f"{where} has several columns of labels, {_listed(labels)}: name one with `label_column`")
    if labels:
        return _only(labels[0], names, where)
    others = [name for name in names if name.strip().casefold() in LABEL_COLUMNS and name != text_column]
    return others[0] if len(others) == 1 else None


def note_columns(names: Sequence[str], text_column: str, label: str | None, stream: ByteStream) -> None:
    """Say which columns are not read when none holds the labels."""
    unread = [name for name in names if name and name != text_column]
    if label is None and unread:
        stream.on_note(
            f"{stream.name}: of its columns only {text_column!r} is read, not {_listed(unread)}; name that of the "
            "labels, if there is one, with `label_column`"
        )


def note_no_label(label: str | None, stream: ByteStream) -> None:
    """Say that the column of labels has none."""
    if label is not None:
        stream.on_note(f"{stream.name}: its column {label!r} holds no label")


def label_text(value: object) -> str | None:
    """Return a label of whatever type as text on one line, an absent one as ``None``.

    Labels are printed, in tables too: white space becomes one space, and characters that control the terminal or
    change the direction of writing are left out.
    """
    text = "" if value is None else " ".join(str(value).split())
    return "".join(character for character in text if not _controls(character)) or None


def _controls(character: str) -> bool:
    return unicodedata.category(character) == "Cc" or unicodedata.bidirectional(character) in _DIRECTIONS


def label_value(value: object, name: str, number: int, unit: str = "line") -> str | None:
    """Return a label that has a type, of the line or row of that ``number``, as text.

    Truth values are as JSON writes them; NaN is an absent label.

    Raises:
        SourceError: it is a list or a structure.
    """
    if isinstance(value, list | dict):
        kind = type(value).__name__
        raise SourceError(
            f"{name} has a value of type {kind} for a label on {unit} {number}: make it a string or a number"
        )
    if isinstance(value, float) and math.isnan(value):
        return None
    return label_text(str(value).lower() if isinstance(value, bool) else value)
