"""Labels beside a mark that is not read, such as one of ``|`` or ``::``: lines that have them are no plain texts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tiankong.corpus.label_values import FEWEST_LINES, NEARLY_ALL, are_labels

_NUMBER = re.compile(r"[+-]?\d{1,2}")
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
_MOST_VALUES, _LONGEST_VALUE = 20, 8


class FoundLabels(NamedTuple):
    """Where lines seem to have labels: ``place`` is a verb, ``example`` one of the labels."""

    place: str
    example: str
    separator: str


def find_labels(lines: Sequence[str]) -> FoundLabels | None:
    """Where ``lines``, without white space at their ends, nearly all have one of a few short values beside the same
    separator.
    """
    if len(lines) < FEWEST_LINES:
        return None
    for separator in (*_OTHER_SEPARATORS, "\t"):
        parted = [line.rpartition(separator) for line in lines if separator in line]
        if len(parted) < NEARLY_ALL * len(lines):
            continue
        firsts = [line.partition(separator) for line in lines if separator in line]
        for place, (values, texts) in {
            "end in": ([row[2] for row in parted], [row[0] for row in parted]),
            "begin with": ([row[0] for row in firsts], [row[2] for row in firsts]),
        }.items():
            if _are_marked_labels([value.strip() for value in values], texts, separator):
                return FoundLabels(place, _most_frequent(value.strip() for value in values), separator)
    for place, pattern in _MARKED.items():
        matches = [match for line in lines if (match := pattern.match(line))]
        if len(matches) < NEARLY_ALL * len(lines):
            continue
        separator = _most_frequent(match["separator"] for match in matches)
        alike = [match for match in matches if match["separator"] == separator]
        values, texts = [match["value"] for match in alike], [match["text"] for match in alike]
        if len(alike) >= NEARLY_ALL * len(lines) and _is_mark_of_labels(separator, values, texts, place):
            return FoundLabels(place, _most_frequent(values), separator)
    return None


def _most_frequent(values: Iterable[str]) -> str:
    return Counter(values).most_common(1)[0][0]


def _is_mark_of_labels(separator: str, values: Sequence[str], texts: Sequence[str], place: str) -> bool:
    if not _are_marked_labels(values, texts, separator):
        return False
    if _PROSE_MARKS.isdisjoint(separator) or (len(set(separator)) > 1 and ">" in separator):
        return True
    in_numbers = sum(text[-1:].isdigit() for text in texts) > len(texts) // 2  # 4.5, 12:30
    return (
        place == "end in"
        and not in_numbers
        and all(_NUMBER.fullmatch(value) or value.casefold() in _LABEL_NAMES for value in values)
    )


def _are_marked_labels(values: Sequence[str], texts: Sequence[str], separator: str) -> bool:
    return (
        2 <= len(set(values)) <= min(_MOST_VALUES, len(values) // 2)
        and all(0 < len(value) <= _LONGEST_VALUE for value in values)
        and (separator != " " or all(_NUMBER.fullmatch(value) for value in values))
        and are_labels(values, texts)
    )


def may_carry_label(line: str) -> bool:
    """Whether the line has something between a text and a label, in any form."""
    return any(separator in line for separator in ("\t", "<", *_OTHER_SEPARATORS)) or any(
        pattern.match(line) for pattern in _MARKED.values()
    )
