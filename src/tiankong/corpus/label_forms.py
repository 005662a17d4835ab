"""How lines without columns carry labels: ``text,,label``, or a tab between the text and one of a few short values.

Lines that seem to carry labels or columns in yet another way are refused: they would be read as words.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from tiankong.corpus.columns import TEXT_COLUMNS, label_text
from tiankong.errors import SourceError

PROBED = 1000
"""The most lines that decide on the form."""

_NEARLY_ALL, _MIXED = 0.95, 0.5

MOST_PLAIN = round(PROBED * (1 - _NEARLY_ALL))
"""The most lines without a label among labelled ones."""

_LONGEST_LABEL = 40
_FEW_LINES = 40
_MOST_VALUES_OF_FEW_LINES = 20

_COMMAS = re.compile(r",,\s*[^,\s](?:[^,]{0,38}[^,\s])?\s*$")
_TABS = re.compile(r" *\t[ \t]*")
_SENTENCE = re.compile("[。！？；，]")
_NUMBER = re.compile(r"[+-]?\d{1,2}")
_HEADER_SEPARATOR = re.compile(r"\s*[,;|\t]\s*")
_FEATURES = re.compile(r"\s*[+-]?[\d.]+(?:\s+\d+:\S+)+\s*")

_OTHER_SEPARATORS = (",", ";", "|", "::", "\x01", " ")
_FEWEST_LINES_OF_OTHERS, _MOST_VALUES_OF_OTHERS, _LONGEST_OF_OTHERS = 5, 20, 8


class _WaysOut(NamedTuple):
    """What to do about names of columns, columns, and labels in another form."""

    header: str
    table: str
    label: str


_WAYS_OUT = {
    "line": _WaysOut(
        "rename the file to .csv if commas separate them, and to .tsv if tabs do",
        "put a line with their names first, such as `id⇥text` (⇥ is a tab), and rename the file to .tsv; or replace "
        "the tabs by spaces",
        "put a tab or ,, between text and label",
    ),
    "text": _WaysOut("leave it out", "give one of them, or replace the tabs by spaces", "give (text, label) pairs"),
}
"""By what the lines are: those of a file, or strings given from Python."""


class LabelledLine(NamedTuple):
    """A text and its label, ``None`` if it has none."""

    text: str
    label: str | None


@dataclass(frozen=True)
class LabelForm:
    """How lines carry labels. ``shape`` shows it to people; ``split`` reads a line without its end."""

    shape: str
    split: Callable[[str], LabelledLine]


def _split_commas(line: str) -> LabelledLine:
    if _COMMAS.search(line) is None:
        return LabelledLine(line, None)
    text, _, label = line.rpartition(",,")
    return LabelledLine(text, label_text(label))


def _split_last_tab(line: str) -> LabelledLine:
    text, _, label = line.rstrip().rpartition("\t")
    return LabelledLine(text, label_text(label)) if text.strip() else LabelledLine(line, None)


def _split_first_tab(line: str) -> LabelledLine:
    label, tab, text = line.strip().partition("\t")
    return LabelledLine(text, label_text(label)) if tab else LabelledLine(line, None)


COMMAS = LabelForm("`text,,label`", _split_commas)
LABEL_LAST = LabelForm("`text⇥label` (⇥ is a tab)", _split_last_tab)
LABEL_FIRST = LabelForm("`label⇥text` (⇥ is a tab)", _split_first_tab)


def find_form(lines: Iterable[tuple[int, str]], name: str, unit: str = "line") -> LabelForm | None:
    """The form of the labels of ``lines``, numbered; ``None`` if they carry none.

    Only the first :data:`PROBED` lines that are not blank are read. ``name`` says whose lines they are, in messages.

    :raises SourceError: most lines carry a label, but too many do not; they seem to hold columns, or labels in a form
        that is not read.
    """
    probed = list(islice(((number, line) for number, line in lines if line.strip()), PROBED))
    if not probed:
        return None
    _refuse_header(*probed[0], name, unit)
    form = _mostly(COMMAS, probed, [_COMMAS.search(line) is not None for _, line in probed], name, unit)
    if form is not None:
        return form
    if len(probed) == 1:  # which shows no few values
        return None
    rows = [_TABS.split(line.strip()) for _, line in probed]
    has_tab = [len(row) > 1 for row in rows]
    _refuse_table(rows, name, unit, lowest=3)
    form = _form_with_tabs([row for row in rows if len(row) > 1])
    if form is not None:
        return _mostly(form, probed, has_tab, name, unit)
    _refuse_table(rows, name, unit, lowest=2)
    _refuse_other_forms([line.strip() for _, line in probed], name, unit)
    return None


def _mostly(
    form: LabelForm, lines: Sequence[tuple[int, str]], labelled: Sequence[bool], name: str, unit: str
) -> LabelForm | None:
    """``form`` if nearly all lines have it, ``None`` if few do."""
    share = sum(labelled) / len(labelled)
    if _MIXED <= share < _NEARLY_ALL:
        without = [number for (number, _), has_label in zip(lines, labelled, strict=True) if not has_label]
        raise SourceError(
            f"{len(without):,} of the first {len(lines):,} {unit}s of {name} are not of the form {form.shape} as the "
            f"others are, the first on {unit} {without[0]}: label all of them, or none"
        )
    return form if share >= _NEARLY_ALL else None


def _form_with_tabs(rows: Sequence[Sequence[str]]) -> LabelForm | None:
    """The form of lines with a tab, as fields: the side that has few and short values is the label. Texts seldom hold
    tabs of their own.
    """
    if sum(len(row) == 2 for row in rows) < _MIXED * len(rows):
        return None
    found: list[tuple[int, int, int, LabelForm]] = []
    for order, (form, place, others) in enumerate(((LABEL_LAST, -1, slice(-1)), (LABEL_FIRST, 0, slice(1, None)))):
        values = [row[place] for row in rows]
        texts = [" ".join(row[others]) for row in rows]
        if _are_labels(values, texts):
            found.append((len(set(values)), sum(map(len, values)), order, form))
    return min(found)[-1] if found else None


def _are_labels(values: Sequence[str], texts: Sequence[str]) -> bool:
    """Whether ``values`` are few and short, and the ``texts`` beside them are not."""
    if not values:
        return False
    few = len(values) // 2 if len(values) <= _FEW_LINES else max(_MOST_VALUES_OF_FEW_LINES, len(values) // 4)
    short = sum(len(value) <= _LONGEST_LABEL and not _SENTENCE.search(value) for value in values)
    different = len(set(values))
    return (
        different <= max(2, few)
        and different <= len(set(texts))
        and short >= _NEARLY_ALL * len(values)
        and sum(map(len, values)) < sum(map(len, texts))
    )


def _refuse_header(number: int, line: str, name: str, unit: str) -> None:
    names = [part.casefold() for part in _HEADER_SEPARATOR.split(line.strip())]
    if "label" in names and sum(part in TEXT_COLUMNS for part in names) == 1:
        way_out = _WAYS_OUT[unit].header
        raise SourceError(
            f"{unit} {number} of {name} holds the names of columns, as a table does ({line.strip()!r}): {way_out}"
        )


def _refuse_table(rows: Sequence[Sequence[str]], name: str, unit: str, *, lowest: int) -> None:
    """Refuse lines that nearly all have the same number of fields, at least ``lowest``."""
    width, count = Counter(map(len, rows)).most_common(1)[0]
    if width >= lowest and count >= _NEARLY_ALL * len(rows):
        raise SourceError(f"the {unit}s of {name} have {width} columns, separated by tabs: {_WAYS_OUT[unit].table}")


def _refuse_other_forms(lines: Sequence[str], name: str, unit: str) -> None:
    """Refuse lines that nearly all begin or end in one of a few short values, beside the same separator."""
    if sum(_FEATURES.fullmatch(line) is not None for line in lines) >= _NEARLY_ALL * len(lines):
        raise SourceError(f"the {unit}s of {name} hold numbered features, as libsvm's do, and no texts: give texts")
    if len(lines) < _FEWEST_LINES_OF_OTHERS:
        return
    for separator in _OTHER_SEPARATORS:
        parted = [line.rpartition(separator) for line in lines if separator in line]
        if len(parted) < _NEARLY_ALL * len(lines):
            continue
        firsts = [line.partition(separator) for line in lines if separator in line]
        for place, (values, texts) in {
            "end in": ([row[2] for row in parted], [row[0] for row in parted]),
            "begin with": ([row[0] for row in firsts], [row[2] for row in firsts]),
        }.items():
            if _are_other_labels([value.strip() for value in values], texts, separator):
                example = Counter(value.strip() for value in values).most_common(1)[0][0]
                raise SourceError(
                    f"the {unit}s of {name} seem to {place} a label, such as {example!r}, beside {separator!r}: "
                    f"{_WAYS_OUT[unit].label}"
                )


def _are_other_labels(values: Sequence[str], texts: Sequence[str], separator: str) -> bool:
    return (
        2 <= len(set(values)) <= min(_MOST_VALUES_OF_OTHERS, len(values) // 2)
        and all(0 < len(value) <= _LONGEST_OF_OTHERS for value in values)
        and (separator != " " or all(_NUMBER.fullmatch(value) for value in values))
        and _are_labels(values, texts)
    )


def may_carry_label(line: str) -> bool:
    """Whether the line has something between a text and a label; if not, :func:`find_form` finds none in it."""
    return any(separator in line for separator in ("\t", *_OTHER_SEPARATORS))
