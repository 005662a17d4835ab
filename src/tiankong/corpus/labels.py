"""The labels of the texts of a prepared corpus: numbers in ``<split>.labels.npy``, names and counts in its manifest."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tiankong.corpus.reader import Text
from tiankong.corpus.splits import SPLITS
from tiankong.errors import SourceError

_MOST_LISTED = 10

NO_LABELS = "its texts have no labels: prepare text,,label lines, or name their column with --label-column"

LONGEST_LABEL = 100
"""The most characters of a label."""

MOST_DIFFERENT = 10_000
"""The most different labels; a column with more holds something else."""


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


class LabelRecord:
    """The labels of the texts of the first pass, by split and in order."""

    def __init__(self, names: LabelNames) -> None:
        self._names = names
        self._numbers: dict[str, int] = {}
        self._given: list[array[int]] = [array("i") for _ in SPLITS]
        self._unlabelled = self._several = 0
        self._first_unlabelled = self._first_long = self._first_several = ""

    def add(self, split: int, text: Text) -> None:
        """Records the label of the next text of a split."""
        number = -1
        if text.label is None:
            self._unlabelled += 1
            self._first_unlabelled = self._first_unlabelled or text.place
        elif text.has_several_labels:
            self._several += 1
            self._first_several = self._first_several or text.place
        elif len(text.label) > LONGEST_LABEL:
            self._first_long = self._first_long or text.place
        elif len(self._numbers) <= MOST_DIFFERENT:
            number = self._numbers.setdefault(self._names.of(text.label), len(self._numbers))
        self._given[split].append(number)

    @property
    def problem(self) -> str | None:
        """Why these labels are not kept, as the rest of a sentence; ``None`` if they are."""
        texts = sum(map(len, self._given))
        if self._unlabelled == texts:
            return NO_LABELS
        if self._first_long:
            return (
                f"the label on {self._first_long} is longer than {LONGEST_LABEL} characters: name the right "
                "--label-column"
            )
        if self._several:
            return (
                f"{self._several:,} of {texts:,} texts have several labels, the first on {self._first_several}: leave "
                "each one label to train a classifier"
            )
        if self._unlabelled:
            return (
                f"{self._unlabelled:,} of {texts:,} texts have no label, the first on {self._first_unlabelled}: label "
                "them or leave them out"
            )
        if len(self._numbers) > MOST_DIFFERENT:
            return f"its texts have more than {MOST_DIFFERENT:,} different labels: name the right --label-column"
        return None

    def disputed(self, hashes: Sequence[array[int]]) -> int:
        """Different texts that were given more than one label; ``hashes`` are those of the texts of each split."""
        count = 0
        for split_hashes, numbers in zip(hashes, self._given, strict=True):
            order = np.lexsort((numbers, split_hashes))
            texts = np.frombuffer(split_hashes, dtype=np.uint64)[order]
            labels = np.frombuffer(numbers, dtype=np.int32)[order]
            differ = (texts[1:] == texts[:-1]) & (labels[1:] != labels[:-1])
            count += len(np.unique(texts[1:][differ]))
        return count

    def write(self, folder: Path, kept: Sequence[NDArray[np.bool_]]) -> list[LabelCounts]:
        """Writes the labels of the texts ``kept`` of each split; names are numbered in alphabetical order."""
        names = sorted(self._numbers)
        rank = np.empty(len(names), dtype=np.int32)
        rank[[self._numbers[name] for name in names]] = np.arange(len(names))
        counts = []
        for split, given, which in zip(SPLITS, self._given, kept, strict=True):
            numbers = rank[np.frombuffer(given, dtype=np.int32)][which]
            np.save(folder / labels_file(split), numbers)
            counts.append(np.bincount(numbers, minlength=len(names)).tolist())
        return [LabelCounts(name, *by_split) for name, *by_split in zip(names, *counts, strict=True)]


def labels_file(split: str) -> str:
    """The name of a split's file."""
    return f"{split}.labels.npy"
