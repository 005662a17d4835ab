"""The labels of the texts of a prepared corpus: numbers in ``<split>.labels.npy``, names and counts in its manifest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tiankong.corpus.shards import Shard
from tiankong.errors import SourceError

_MOST_LISTED = 10

NO_LABELS = "its texts have no labels: prepare text,,label lines, or name their column with --label-column"

LONGEST_LABEL = 100
"""The most characters of a label."""

MOST_DIFFERENT = 10_000
"""The most different labels; a column with more holds something else."""

_MOST_NUMBERED = 10 * MOST_DIFFERENT

NO_LABEL, LONG_LABEL, SEVERAL_LABELS, MANY_LABELS = -1, -2, -3, -4
"""Stand for the number of the label of a text that has none, one that is too long, several, or one too many."""

Labels = NDArray[np.int32]


@dataclass(frozen=True)
class LabelCounts:
    """A label and the texts that have it, by split."""

    name: str
    train: int
    validation: int
    test: int


class LabelNames:
    """Other names for labels; several labels may get the same one."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        self._seen: set[str] = set()

    def of(self, label: str) -> str:
        """The name of a label of the texts."""
        if len(self._seen) < MOST_DIFFERENT or label in self._names:
            self._seen.add(label)
        return self._names.get(label, label)

    def check(self) -> None:
        """Verifies, when all texts are read, that every label to rename occurred.

        :raises SourceError: one did not.
        """
        missing = sorted(set(self._names) - self._seen)
        if missing:
            labels = ", ".join(sorted(self._seen)[:_MOST_LISTED]) or "none"
            raise SourceError(f"no text has the label {missing[0]!r}, the labels are {labels}: correct `label_names`")


class LabelTable:
    """The labels of all shards under common numbers, in order of appearance."""

    def __init__(self, names: LabelNames) -> None:
        self._names = names
        self._numbers: dict[str, int] = {}

    def of(self, shard: Shard) -> Labels:
        """The number of the label of each text of a shard, or below 0 why it has none."""
        common = np.array([self._number(name) for name in shard.label_names], dtype=np.int32)
        numbers = shard.labels.copy()
        has_label = numbers >= 0
        numbers[has_label] = common[numbers[has_label]]
        return numbers

    def _number(self, label: str) -> int:
        name = self._names.of(label)
        if name not in self._numbers and len(self._numbers) > _MOST_NUMBERED:
            return MANY_LABELS
        return self._numbers.setdefault(name, len(self._numbers))

    @property
    def names(self) -> list[str]:
        """Every label, by number."""
        return list(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)


class LabelCensus:
    """Which labels the texts that are not left out have, and why some have none."""

    def __init__(self, table: LabelTable) -> None:
        self._table = table
        self._texts = 0
        self._used = np.zeros(0, dtype=np.bool_)
        self._without: Counter[int] = Counter()
        self._first: dict[int, str] = {}

    def add(self, shard: Shard, numbers: Labels, kept: NDArray[np.bool_]) -> None:
        """Adds the texts ``kept`` of a shard, whose labels have these ``numbers``."""
        self._used = np.concatenate([self._used, np.zeros(len(self._table) - len(self._used), dtype=np.bool_)])
        chosen = numbers[kept]
        self._used[chosen[chosen >= 0]] = True
        for reason in np.unique(chosen[chosen < 0]).tolist():
            places = np.flatnonzero(kept & (numbers == reason))
            if reason not in self._first:
                known = next((shard.places[place] for place in places.tolist() if place in shard.places), None)
                self._first[reason] = known or f"text {self._texts + int(places[0]) + 1:,}"
            self._without[reason] += len(places)
        self._texts += len(chosen)

    @property
    def problem(self) -> str | None:
        """Why these labels are not kept, as the rest of a sentence; ``None`` if they are."""
        texts, unlabelled = self._texts, self._without[NO_LABEL]
        if unlabelled == texts:
            return NO_LABELS
        if LONG_LABEL in self._first:
            return (
                f"the label on {self._first[LONG_LABEL]} is longer than {LONGEST_LABEL} characters: name the right "
                "--label-column"
            )
        if several := self._without[SEVERAL_LABELS]:
            return (
                f"{several:,} of {texts:,} texts {'has' if several == 1 else 'have'} several labels, the first on "
                f"{self._first[SEVERAL_LABELS]}: leave each one label to train a classifier"
            )
        if unlabelled:
            these = "it" if unlabelled == 1 else "them"
            return (
                f"{unlabelled:,} of {texts:,} texts {'has' if unlabelled == 1 else 'have'} no label, the first on "
                f"{self._first[NO_LABEL]}: label {these} or leave {these} out"
            )
        if MANY_LABELS in self._first or self._used.sum() > MOST_DIFFERENT:
            return f"its texts have more than {MOST_DIFFERENT:,} different labels: name the right --label-column"
        return None

    def ranked(self) -> tuple[list[str], Labels]:
        """The names of the labels in alphabetical order, and the rank of each number."""
        used = np.flatnonzero(self._used).tolist()
        all_names = self._table.names
        in_order = sorted(used, key=all_names.__getitem__)
        ranks = np.full(len(all_names), -1, dtype=np.int32)
        ranks[in_order] = np.arange(len(in_order), dtype=np.int32)
        return [all_names[number] for number in in_order], ranks
