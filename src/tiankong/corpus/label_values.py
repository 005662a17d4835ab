"""Which values can be labels: few and short ones, on nearly all of the lines that are probed."""

from __future__ import annotations

import re
from collections.abc import Sequence

PROBED = 1000
"""The most lines that decide on the form."""

NEARLY_ALL = 0.95

MOST_PLAIN = round(PROBED * (1 - NEARLY_ALL))
"""The most lines without a label among labelled ones."""

FEWEST_LABELLED = 5
"""Fewer labelled lines among plain ones are taken for chance."""

FEWEST_LINES = 5
"""Fewer lines don't show that they are other than texts."""

_LONGEST_LABEL = 40
_FEW_LINES = 40
_MOST_VALUES_OF_FEW_LINES = 20
_SENTENCE = re.compile("[。！？；，]")


def is_short(value: str) -> bool:
    """Whether ``value`` is as short as a label and no sentence."""
    return len(value) <= _LONGEST_LABEL and not _SENTENCE.search(value)


def are_labels(values: Sequence[str], texts: Sequence[str]) -> bool:
    """Whether ``values`` are few and short, and the ``texts`` beside them are not."""
    if not values:
        return False
    few = len(values) // 2 if len(values) <= _FEW_LINES else max(_MOST_VALUES_OF_FEW_LINES, len(values) // 4)
    short = sum(map(is_short, values))
    different = len(set(values))
    return (
        different <= max(2, few)
        and different <= len(set(texts))
        and short >= NEARLY_ALL * len(values)
        and sum(map(len, values)) < sum(map(len, texts))
    )
