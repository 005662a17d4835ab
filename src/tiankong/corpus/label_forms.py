"""How lines without columns carry labels: ``,,`` or a tab between the text and one of a few short values.

Lines that seem to carry labels or columns in yet another way are refused: they would be read as words.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from tiankong.corpus.archives import OnNote
from tiankong.corpus.columns import LABEL_COLUMNS, TEXT_COLUMNS, label_text
from tiankong.errors import SourceError

PROBED = 1000
"""The most lines that decide on the form."""

_NEARLY_ALL, _MIXED = 0.95, 0.5

MOST_PLAIN = round(PROBED * (1 - _NEARLY_ALL))
"""The most lines without a label among labelled ones."""

_LONGEST_LABEL = 40
_FEW_LINES = 40
_MOST_VALUES_OF_FEW_LINES = 20

_FEWEST_LABELLED = 5
"""Fewer labelled lines among plain ones are taken for chance."""

_COMMAS = re.compile(r",,\s*[^,\s](?:[^,]{0,38}[^,\s])?\s*$")
_TABS = re.compile(r" *\t[ \t]*")
_SENTENCE = re.compile("[。！？；，]")
_NUMBER = re.compile(r"[+-]?\d{1,2}")
_HEADER_SEPARATOR = re.compile(r"\s*(?:\t|[^\w\s\-./]+)\s*")
_TEXT_NAMES = frozenset((*TEXT_COLUMNS, "texts", "sentences", "reviews", "comments", "句子", "正文"))
_FEATURES = re.compile(r"\s*[+-]?[\d.]+(?:\s+\d+:\S+)+\s*")

_JSON = re.compile(r"\s*[{\[].*[}\]]\s*")
_TAGS = re.compile(r"\s*<[A-Za-z/!?][^<>]*>.*>\s*")
_MARKDOWN = re.compile(r"\s*\|.*\|\s*")
_TOKEN_AND_TAG = re.compile(r"\s*\S+(?:[ \t]+\S+)*?[ \t]+(?:O|[BIMESLU](?:-\S+)?)\s*")

_OTHER_SEPARATORS = (",", ";", "|", "::", "\x01", " ")
_MARK = r"(?P<separator>(?:[^\w\s]|[\x1c-\x1f])+?|_{2,})"
_VALUE = r"(?P<value>[+-]?\w[\w.]{0,7})"
_MARKED = {
    "end in": re.compile(rf"(?P<text>.*?){_MARK}\s*{_VALUE}\s*$"),
    "begin with": re.compile(rf"\s*{_VALUE}\s*{_MARK}(?![^\w\s])(?P<text>.*)"),
}
"""A value beside any mark. Of the first, ``text`` is only what stands before the first mark that fits."""

_PROSE_MARKS = frozenset("，。；：、！？…—～·,.:;!?~-/'\"’‘“”()（）《》「」【】[]<>%")
"""Marks of sentences: a value behind them is only a label if it looks like one."""

_LABEL_NAMES = frozenset(
    (
        *("pos", "neg", "neu", "positive", "negative", "neutral", "true", "false", "spam", "ham"),
        *("好评", "中评", "差评", "正面", "负面", "中性", "积极", "消极", "正", "负", "正向", "负向"),
    )
)
_FEWEST_LINES_OF_OTHERS, _MOST_VALUES_OF_OTHERS, _LONGEST_OF_OTHERS = 5, 20, 8


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


class LabelledLine(NamedTuple):
    """A text and its label, ``None`` if it has none."""

    text: str
    label: str | None


@dataclass(frozen=True)
class LabelForm:
    """How lines carry labels. ``shape`` shows it to people; ``split`` reads a line without its end, and
    ``split_reversed`` one whose label is at the other end.
    """

    shape: str
    split: Callable[[str], LabelledLine]
    split_reversed: Callable[[str], LabelledLine]


class FoundLabels(NamedTuple):
    """Where lines seem to have labels: ``place`` is a verb, ``example`` one of the labels."""

    place: str
    example: str
    separator: str


def _split_commas(line: str) -> LabelledLine:
    if _COMMAS.search(line) is None:
        return LabelledLine(line, None)
    text, _, label = line.rpartition(",,")
    return LabelledLine(text, label_text(label))


def _split_first_commas(line: str) -> LabelledLine:
    label, commas, text = line.strip().partition(",,")
    return LabelledLine(text, label_text(label)) if commas else LabelledLine(line, None)


def _split_last_tab(line: str) -> LabelledLine:
    text, _, label = line.rstrip().rpartition("\t")
    return LabelledLine(text, label_text(label)) if text.strip() else LabelledLine(line, None)


def _split_first_tab(line: str) -> LabelledLine:
    label, tab, text = line.strip().partition("\t")
    return LabelledLine(text, label_text(label)) if tab else LabelledLine(line, None)


COMMAS = LabelForm("`text,,label`", _split_commas, _split_first_commas)
COMMAS_LABEL_FIRST = LabelForm("`label,,text`", _split_first_commas, _split_commas)
LABEL_LAST = LabelForm("`text⇥label` (⇥ is a tab)", _split_last_tab, _split_first_tab)
LABEL_FIRST = LabelForm("`label⇥text` (⇥ is a tab)", _split_first_tab, _split_last_tab)


class LineReader:
    """Reads the lines of a source in the form that the first ones have, and tells about those that have another."""

    def __init__(self, form: LabelForm | None, name: str, on_note: OnNote, unit: str = "line") -> None:
        """``name`` says whose lines they are, in messages."""
        self._form, self._name, self._on_note, self._unit = form, name, on_note, unit
        self._labels: set[str] = set()  # of the lines that decided on the form
        self._lines = 0
        self._later: list[int] = []  # numbers of the lines behind those that are of another form
        self._reversed: list[int] = []
        if form is not None:
            on_note(f"{name}: {unit}s are read as {form.shape}")

    def read(self, line: str, number: int) -> LabelledLine:
        """A line without its end."""
        read = LabelledLine(line, None) if self._form is None else self._form.split(line)
        if not line or line.isspace():
            return read
        self._lines += 1
        if self._lines <= PROBED:
            if read.label is not None:
                self._labels.add(read.label)
        elif self._form is None:
            if "\t" in line or ",," in line:
                self._later += [number] * _ends_in_label(line)
        elif read.label is None:
            self._later.append(number)
        elif read.label not in self._labels and self._form.split_reversed(line).label in self._labels:
            self._reversed.append(number)
        return read

    def finish(self) -> None:
        """To be called after the last line.

        :raises SourceError: many lines have their label at the other end than those that decided.
        """
        later = self._lines - PROBED
        if self._form is None:
            if len(self._later) >= max(_FEWEST_LABELLED, later * (1 - _NEARLY_ALL)):
                self._on_note(
                    f"{self._name}: {len(self._later):,} {self._unit}s end in a tab or ,, and a short value, the first "
                    f"on {self._unit} {self._later[0]}; they are read as text, since the first {PROBED:,} are"
                )
        elif self._reversed and len(self._reversed) >= later * (1 - _NEARLY_ALL):
            raise SourceError(
                f"{self._unit} {self._reversed[0]} of {self._name} has its label at the other end than the first "
                f"{PROBED:,}, which are of the form {self._form.shape}: put all labels at the same end"
            )
        elif self._later:
            self._on_note(
                f"{self._name}: {len(self._later):,} {self._unit}s are not of the form {self._form.shape}, the first "
                f"on {self._unit} {self._later[0]}; they are read as texts without a label"
            )


def _ends_in_label(line: str) -> bool:
    return _COMMAS.search(line) is not None or _short_end(line)


def _short_end(line: str) -> bool:
    text, _, value = line.strip().rpartition("\t")
    return bool(text.strip()) and "\t" not in text and len(value) <= _LONGEST_LABEL and not _SENTENCE.search(value)


def find_form(
    lines: Iterable[tuple[int, str]], name: str, unit: str = "line", on_note: OnNote = lambda _: None
) -> LabelForm | None:
    """The form of the labels of ``lines``, numbered; ``None`` if they carry none.

    Only the first :data:`PROBED` lines that are not blank are read. ``name`` says whose lines they are, in messages;
    ``on_note`` is called with a sentence for people if some lines carry labels, but too few.

    :raises SourceError: most lines carry a label, but too many do not; they seem to hold columns, labels in a form
        that is not read, or no texts.
    """
    probed = list(islice(((number, line) for number, line in lines if line.strip()), PROBED))
    if not probed:
        return None
    texts = [line.strip() for _, line in probed]
    _refuse_markup(texts, name, unit)
    _refuse_header(*probed[0], name, unit)
    form = _form_with_commas(probed, name, unit)
    if form is not None:
        return form
    if len(probed) == 1:  # which shows no few values
        return None
    rows = [_TABS.split(text) for text in texts]
    has_tab = [len(row) > 1 for row in rows]
    _refuse_table(rows, name, unit, lowest=3)
    form = _form_with_tabs([row for row in rows if len(row) > 1])
    if form is not None:
        form = _mostly(form, probed, has_tab, name, unit)
        if form is not None:
            return form
    _refuse_table(rows, name, unit, lowest=2)
    _refuse_other_forms(texts, name, unit)
    few = sum(map(_ends_in_label, texts))
    if few >= max(_FEWEST_LABELLED, len(texts) * (1 - _NEARLY_ALL)):
        on_note(
            f"{name}: {few:,} of the first {len(texts):,} {unit}s end in a tab or ,, and a short value; they are read "
            "as text"
        )
    return None


def _form_with_commas(lines: Sequence[tuple[int, str]], name: str, unit: str) -> LabelForm | None:
    """The form of lines with ``,,``: the label is last unless the first value alone can be one."""
    rows = [line.strip().split(",,") for _, line in lines]
    _refuse_table(rows, name, unit, lowest=3, separator="by ,,")
    pairs = [row for row in rows if len(row) == 2]
    if len(pairs) >= max(_FEWEST_LINES_OF_OTHERS, _MIXED * len(rows)):
        firsts, lasts = [row[0].strip() for row in pairs], [row[1].strip() for row in pairs]
        if _are_labels(firsts, lasts) and len(set(firsts)) < len(set(lasts)):
            return _mostly(COMMAS_LABEL_FIRST, lines, [len(row) == 2 for row in rows], name, unit)
    return _mostly(COMMAS, lines, [_COMMAS.search(line) is not None for _, line in lines], name, unit)


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
    if set(LABEL_COLUMNS) & set(names) and sum(part in _TEXT_NAMES for part in names) == 1:
        way_out = _WAYS_OUT[unit].header
        raise SourceError(
            f"{unit} {number} of {name} holds the names of columns, as a table does ({line.strip()!r}): {way_out}"
        )


def _refuse_table(
    rows: Sequence[Sequence[str]], name: str, unit: str, *, lowest: int, separator: str = "by tabs"
) -> None:
    """Refuse lines that nearly all have the same number of fields, at least ``lowest``."""
    width, count = Counter(map(len, rows)).most_common(1)[0]
    if width >= lowest and count >= _NEARLY_ALL * len(rows) and (separator == "by tabs" or count >= _FEWEST_LABELLED):
        way_out = _WAYS_OUT[unit].table
        if separator != "by tabs":
            way_out = f"keep text and label only{_AS_JSON_LINES if unit == 'line' else _AS_PAIRS}"
        raise SourceError(f"the {unit}s of {name} have {width} columns, separated {separator}: {way_out}")


def _refuse_markup(lines: Sequence[str], name: str, unit: str) -> None:
    """Refuse lines that nearly all are objects of JSON, tags, rows of Markdown, or tokens with their tags."""
    least = _NEARLY_ALL * len(lines)
    if sum(_JSON.fullmatch(line) is not None and _is_json(line) for line in lines) >= least:
        raise SourceError(f"the {unit}s of {name} hold JSON, and no texts: {_WAYS_OUT[unit].json}")
    if len(lines) < _FEWEST_LINES_OF_OTHERS:
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


def _refuse_other_forms(lines: Sequence[str], name: str, unit: str) -> None:
    """Refuse lines that nearly all begin or end in one of a few short values, beside the same separator."""
    if sum(_FEATURES.fullmatch(line) is not None for line in lines) >= _NEARLY_ALL * len(lines):
        raise SourceError(f"the {unit}s of {name} hold numbered features, as libsvm's do, and no texts: give texts")
    found = find_labels(lines)
    if found is not None:
        raise SourceError(
            f"the {unit}s of {name} seem to {found.place} a label, such as {found.example!r}, beside "
            f"{found.separator!r}: {_WAYS_OUT[unit].label}"
        )


def find_labels(lines: Sequence[str]) -> FoundLabels | None:
    """Where ``lines``, without white space at their ends, nearly all have one of a few short values beside the same
    separator.
    """
    if len(lines) < _FEWEST_LINES_OF_OTHERS:
        return None
    for separator in (*_OTHER_SEPARATORS, "\t"):
        parted = [line.rpartition(separator) for line in lines if separator in line]
        if len(parted) < _NEARLY_ALL * len(lines):
            continue
        firsts = [line.partition(separator) for line in lines if separator in line]
        for place, (values, texts) in {
            "end in": ([row[2] for row in parted], [row[0] for row in parted]),
            "begin with": ([row[0] for row in firsts], [row[2] for row in firsts]),
        }.items():
            if _are_other_labels([value.strip() for value in values], texts, separator):
                return FoundLabels(place, _most_frequent(value.strip() for value in values), separator)
    for place, pattern in _MARKED.items():
        matches = [match for line in lines if (match := pattern.match(line))]
        if len(matches) < _NEARLY_ALL * len(lines):
            continue
        separator = _most_frequent(match["separator"] for match in matches)
        alike = [match for match in matches if match["separator"] == separator]
        values, texts = [match["value"] for match in alike], [match["text"] for match in alike]
        if len(alike) >= _NEARLY_ALL * len(lines) and _is_mark_of_labels(separator, values, texts, place):
            return FoundLabels(place, _most_frequent(values), separator)
    return None


def _most_frequent(values: Iterable[str]) -> str:
    return Counter(values).most_common(1)[0][0]


def _is_mark_of_labels(separator: str, values: Sequence[str], texts: Sequence[str], place: str) -> bool:
    if not _are_other_labels(values, texts, separator):
        return False
    if _PROSE_MARKS.isdisjoint(separator) or (len(set(separator)) > 1 and ">" in separator):
        return True
    in_numbers = sum(text[-1:].isdigit() for text in texts) > len(texts) // 2  # 4.5, 12:30
    return (
        place == "end in"
        and not in_numbers
        and all(_NUMBER.fullmatch(value) or value.casefold() in _LABEL_NAMES for value in values)
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
    return any(separator in line for separator in ("\t", "<", *_OTHER_SEPARATORS)) or any(
        pattern.match(line) for pattern in _MARKED.values()
    )
