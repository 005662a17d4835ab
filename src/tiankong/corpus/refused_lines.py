"""Refuses lines that hold columns, markup or labels in a form that is not read: they would be read as words."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from tiankong.corpus.columns import LABEL_COLUMNS, TEXT_COLUMNS
from tiankong.corpus.label_values import FEWEST_LABELLED, FEWEST_LINES, NEARLY_ALL
from tiankong.corpus.marked_labels import find_labels
from tiankong.errors import SourceError

_HEADER_SEPARATOR = re.compile(r"\s*(?:\t|[^\w\s\-./]+)\s*")
_TEXT_NAMES = frozenset((*TEXT_COLUMNS, "texts", "sentences", "reviews", "comments", "句子", "正文"))
_FEATURES = re.compile(r"\s*[+-]?[\d.]+(?:\s+\d+:\S+)+\s*")

_JSON = re.compile(r"\s*[{\[].*[}\]]\s*")
_TAGS = re.compile(r"\s*<[A-Za-z/!?][^<>]*>.*>\s*")
_MARKDOWN = re.compile(r"\s*\|.*\|\s*")
_TOKEN_AND_TAG = re.compile(r"\s*\S+(?:[ \t]+\S+)*?[ \t]+(?:O|[BIMESLU](?:-\S+)?)\s*")


class _WaysOut(NamedTuple):
    """What to do about names of columns, columns, labels in another form, and JSON objects."""

    header: str
    table: str
    label: str
    json: str


_AS_JSON_LINES = "; if these are texts as they stand, save them as .jsonl, one string in double quotes per line"
_AS_PAIRS = "; if these are texts as they stand, give (text, None) pairs"

_WAYS_OUT = {
    "line": _WaysOut(
        "rename the file to .csv if single commas separate them, and to .tsv if tabs do; otherwise save it as .csv",
        "put a line with their names first, such as `id⇥text` (⇥ is a tab), and rename the file to .tsv; or replace "
        f"the tabs by spaces{_AS_JSON_LINES}",
        f"put a tab or ,, between text and label{_AS_JSON_LINES}",
        "rename the file to .jsonl",
    ),
    "text": _WaysOut(
        "leave it out",
        f"give one of them, or replace the tabs by spaces{_AS_PAIRS}",
        f"give (text, label) pairs{_AS_PAIRS}",
        "give their texts",
    ),
}
"""By what the lines are: those of a file, or strings given from Python."""


def refuse_header(number: int, line: str, name: str, unit: str) -> None:
    """Refuse a first line that names columns."""
    names = [part.casefold() for part in _HEADER_SEPARATOR.split(line.strip())]
    if set(LABEL_COLUMNS) & set(names) and sum(part in _TEXT_NAMES for part in names) == 1:
        way_out = _WAYS_OUT[unit].header
        raise SourceError(
            f"{unit} {number} of {name} holds the names of columns, as a table does ({line.strip()!r}): {way_out}"
        )


def refuse_table(
    rows: Sequence[Sequence[str]], name: str, unit: str, *, lowest: int, separator: str = "by tabs"
) -> None:
    """Refuse lines that nearly all have the same number of fields, at least ``lowest``."""
    width, count = Counter(map(len, rows)).most_common(1)[0]
    if width >= lowest and count >= NEARLY_ALL * len(rows) and (separator == "by tabs" or count >= FEWEST_LABELLED):
        way_out = _WAYS_OUT[unit].table
        if separator != "by tabs":
            way_out = f"keep text and label only{_AS_JSON_LINES if unit == 'line' else _AS_PAIRS}"
        raise SourceError(f"the {unit}s of {name} have {width} columns, separated {separator}: {way_out}")


def refuse_markup(lines: Sequence[str], name: str, unit: str) -> None:
    """Refuse lines that nearly all are objects of JSON, tags, rows of Markdown, or tokens with their tags."""
    least = NEARLY_ALL * len(lines)
    if sum(_JSON.fullmatch(line) is not None and _is_json(line) for line in lines) >= least:
        raise SourceError(f"the {unit}s of {name} hold JSON, and no texts: {_WAYS_OUT[unit].json}")
    if len(lines) < FEWEST_LINES:
        return
    for pattern, held, way_out in (
        (_TAGS, "tags, as HTML and XML do", "keep the text between them"),
        (_MARKDOWN, "the rows of a Markdown table", "save it as .csv" if unit == "line" else "give the texts in it"),
        (_TOKEN_AND_TAG, "a token and its tag each, as CoNLL's do", f"put each sentence on a {unit} of its own"),
    ):
        if sum(pattern.fullmatch(line) is not None for line in lines) >= least:
            raise SourceError(
                f"the {unit}s of {name} hold {held}: {way_out}{_AS_JSON_LINES if unit == 'line' else _AS_PAIRS}"
            )


def _is_json(line: str) -> bool:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) or (isinstance(value, list) and any(isinstance(one, str) for one in value))


def refuse_other_forms(lines: Sequence[str], name: str, unit: str) -> None:
    """Refuse lines that nearly all begin or end in one of a few short values, beside the same separator."""
    if sum(_FEATURES.fullmatch(line) is not None for line in lines) >= NEARLY_ALL * len(lines):
        raise SourceError(f"the {unit}s of {name} hold numbered features, as libsvm's do, and no texts: give texts")
    found = find_labels(lines)
    if found is not None:
        raise SourceError(
            f"the {unit}s of {name} seem to {found.place} a label, such as {found.example!r}, beside "
            f"{found.separator!r}: {_WAYS_OUT[unit].label}"
        )
