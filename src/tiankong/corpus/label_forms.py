"""The forms in which lines without columns carry labels: ``,,`` or a tab between the text and its label."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from tiankong.corpus.columns import label_text
from tiankong.corpus.label_values import is_short

_COMMAS = re.compile(r",,\s*[^,\s](?:[^,]{0,38}[^,\s])?\s*$")


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


def ends_in_commas(line: str) -> bool:
    """Whether the line ends in ``,,`` and a label."""
    return _COMMAS.search(line) is not None


def ends_in_label(line: str) -> bool:
    """Whether the line ends in ``,,`` or a tab and a short value."""
    if ends_in_commas(line):
        return True
    text, _, value = line.strip().rpartition("\t")
    return bool(text.strip()) and "\t" not in text and is_short(value)


def _split_commas(line: str) -> LabelledLine:
    if not ends_in_commas(line):
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
