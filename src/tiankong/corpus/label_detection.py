"""Finds the form in which lines carry labels, from the first of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import islice

from tiankong.corpus.archives import OnNote
from tiankong.corpus.label_forms import (
    COMMAS,
    COMMAS_LABEL_FIRST,
    LABEL_FIRST,
    LABEL_LAST,
    LabelForm,
    ends_in_commas,
    ends_in_label,
)
from tiankong.corpus.label_values import FEWEST_LABELLED, FEWEST_LINES, NEARLY_ALL, PROBED, are_labels
from tiankong.corpus.refused_lines import refuse_header, refuse_markup, refuse_other_forms, refuse_table
from tiankong.errors import SourceError

_MIXED = 0.5
_TABS = re.compile(r" *\t[ \t]*")


def find_form(
    lines: Iterable[tuple[int, str]], name: str, unit: str = "line", on_note: OnNote = lambda _: None
) -> LabelForm | None:
    """The form of the labels of ``lines``, numbered; ``None`` if they carry none.

    Only the first :data:`~tiankong.corpus.label_values.PROBED` lines that are not blank are read. ``name`` says whose
    lines they are, in messages; ``on_note`` is called with a sentence for people if some lines carry labels, but too
    few.

    :raises SourceError: most lines carry a label, but too many do not; they seem to hold columns, labels in a form
        that is not read, or no texts.
    """
    probed = list(islice(((number, line) for number, line in lines if line.strip()), PROBED))
    if not probed:
        return None
    texts = [line.strip() for _, line in probed]
    refuse_markup(texts, name, unit)
    refuse_header(*probed[0], name, unit)
    form = _form_with_commas(probed, name, unit)
    if form is not None:
        return form
    if len(probed) == 1:  # which shows no few values
        return None
    rows = [_TABS.split(text) for text in texts]
    has_tab = [len(row) > 1 for row in rows]
    refuse_table(rows, name, unit, lowest=3)
    form = _form_with_tabs([row for row in rows if len(row) > 1])
    if form is not None:
        form = _mostly(form, probed, has_tab, name, unit)
        if form is not None:
            return form
    refuse_table(rows, name, unit, lowest=2)
    refuse_other_forms(texts, name, unit)
    few = sum(map(ends_in_label, texts))
    if few >= max(FEWEST_LABELLED, len(texts) * (1 - NEARLY_ALL)):
        on_note(
            f"{name}: {few:,} of the first {len(texts):,} {unit}s end in a tab or ,, and a short value; they are read "
            "as text"
        )
    return None


def _form_with_commas(lines: Sequence[tuple[int, str]], name: str, unit: str) -> LabelForm | None:
    """The form of lines with ``,,``: the label is last unless the first value alone can be one."""
    rows = [line.strip().split(",,") for _, line in lines]
    refuse_table(rows, name, unit, lowest=3, separator="by ,,")
    pairs = [row for row in rows if len(row) == 2]
    if len(pairs) >= max(FEWEST_LINES, _MIXED * len(rows)):
        firsts, lasts = [row[0].strip() for row in pairs], [row[1].strip() for row in pairs]
        if are_labels(firsts, lasts) and len(set(firsts)) < len(set(lasts)):
            return _mostly(COMMAS_LABEL_FIRST, lines, [len(row) == 2 for row in rows], name, unit)
    return _mostly(COMMAS, lines, [ends_in_commas(line) for _, line in lines], name, unit)


def _mostly(
    form: LabelForm, lines: Sequence[tuple[int, str]], labelled: Sequence[bool], name: str, unit: str
) -> LabelForm | None:
    """``form`` if nearly all lines have it, ``None`` if few do."""
    share = sum(labelled) / len(labelled)
    if _MIXED <= share < NEARLY_ALL:
        without = [number for (number, _), has_label in zip(lines, labelled, strict=True) if not has_label]
        raise SourceError(
            f"{len(without):,} of the first {len(lines):,} {unit}s of {name} are not of the form {form.shape} as the "
            f"others are, the first on {unit} {without[0]}: label all of them, or none"
        )
    return form if share >= NEARLY_ALL else None


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
        if are_labels(values, texts):
            found.append((len(set(values)), sum(map(len, values)), order, form))
    return min(found)[-1] if found else None
