"""Counts the surface forms of all shards exactly, in bounded memory, and ranks them.

Each shard's forms are in the order of their code points. All tables are merged range by range, so that the forms of one
range alone are in memory; forms are numbered in that order.
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tiankong.corpus.shards import Shard
from tiankong.errors import FolderError

RANGE = 1 << 19
"""Entries of all tables in memory at a time, about."""

MOST_FORMS = 2_000_000
"""The most surface forms that get an id, unless the vocabulary has more."""

_SAMPLES = 256
_ABSENT = -1

Counts = NDArray[np.int64]


class ScratchArray:
    """An array of int32 in a file, written and read in parts."""

    def __init__(self, file: Path) -> None:
        self._file = file
        file.write_bytes(b"")

    def write(self, start: int, values: NDArray[np.int32]) -> None:
        """Sets the entries from ``start`` on."""
        with self._file.open("r+b") as out:
            out.seek(4 * start)
            out.write(values.astype(np.int32).tobytes())

    def read(self, start: int, stop: int) -> NDArray[np.int32]:
        """The entries from ``start`` to ``stop``.

        :raises FolderError: the file is missing or was cut off.
        """
        try:
            found = np.fromfile(self._file, dtype=np.int32, count=stop - start, offset=4 * start)
        except FileNotFoundError:
            found = np.zeros(0, dtype=np.int32)
        if len(found) < stop - start:
            raise FolderError(f"{self._file} is missing or was cut off: go on with `resume=True`")
        return found


class _Edge(NamedTuple):
    """The number of a form in a shard, and where it begins in the shard's table."""

    number: int
    byte: int


@dataclass(frozen=True)
class Ranked:
    """The forms that get an id, by rank, with their counts. ``numbers`` are those in the order of all ``forms``."""

    words: list[str]
    counts: list[int]
    numbers: NDArray[np.int64]
    forms: int

    def rows(self, start: int, stop: int | None = None) -> Iterator[tuple[str, int]]:
        """Words from rank ``start`` to ``stop``, with their counts."""
        return itertools.islice(zip(self.words, self.counts, strict=True), start, stop)

    def with_next(self, start: int, words: Collection[str]) -> tuple[Ranked, int]:
        """The same forms, with those of ``words`` that are counted moved up to rank ``start`` from below it; and how
        many these are.
        """
        moved = [rank for rank in range(start, len(self.words)) if self.counts[rank] and self.words[rank] in words]
        is_moved = set(moved)
        order = [*range(start), *moved, *(rank for rank in range(start, len(self.words)) if rank not in is_moved)]
        return Ranked(
            [self.words[rank] for rank in order],
            [self.counts[rank] for rank in order],
            self.numbers[order],
            self.forms,
        ), len(moved)


class FormCounts:
    """The counts of the forms of all shards, and the common number of each."""

    def __init__(self, shards: Sequence[Shard], scratch: Callable[[str], Path], entries: int = RANGE) -> None:
        """``scratch`` gives the place of a file that is used meanwhile; ``entries`` are in memory at a time."""
        self._shards = shards
        self._entries = entries
        self._starts = np.cumsum([0, *(shard.forms for shard in shards)]).tolist()
        self._counts = ScratchArray(scratch("counts"))
        self._numbers = ScratchArray(scratch("numbers"))
        self._forms = scratch("forms")

    def add(self, number: int, occurs: NDArray[np.bool_], counts: Counts) -> None:
        """Sets which forms of shard ``number`` occur at all, and how often in the training split."""
        self._counts.write(self._starts[number], np.where(occurs, counts, _ABSENT).astype(np.int32))

    def numbers(self, number: int) -> NDArray[np.int32]:
        """The common number of each form of shard ``number``, once :meth:`ranked` has given them."""
        return self._numbers.read(self._starts[number], self._starts[number + 1])

    def ranked(self, minimum_count: int, most: int = MOST_FORMS) -> Ranked:
        """The forms that occur ``minimum_count`` times, and of the others the most frequent, up to ``most`` in all.

        They are ordered by falling count, then by code points.
        """
        kept = _Kept(minimum_count, most)
        ranges: list[tuple[int, int]] = []  # the first number of each range, and where its forms stand in the file
        total = 0
        edges = self._edges()
        with self._forms.open("wb") as out:
            for starts, stops in itertools.pairwise(edges):
                forms, counts = self._merge(starts, stops, total)
                kept.add(total, counts)
                ranges.append((total, out.tell()))
                out.write("\n".join([*forms, ""]).encode())
                total += len(forms)
            ranges.append((total, out.tell()))
        numbers, counts = kept.in_order()
        return Ranked(self._words(numbers, ranges), counts.tolist(), numbers, total)

    def _edges(self) -> list[list[_Edge]]:
        """Where each range begins, and the last one ends, in the table of each shard."""
        count = -(-self._starts[-1] // self._entries)
        samples: list[bytes] = []
        for shard in self._shards if count > 1 else ():
            table = shard.table()
            evenly = np.linspace(0, len(table) - 1, min(len(table), _SAMPLES)).astype(int)
            samples += map(table.__getitem__, evenly.tolist())
        samples.sort()
        borders = sorted({samples[len(samples) * place // count] for place in range(1, count)})
        by_shard = []
        for shard in self._shards:
            table = shard.table()
            places = [0, *(bisect.bisect_left(table, border) for border in borders), len(table)]
            by_shard.append([_Edge(place, int(table.starts[place])) for place in places])
        return list(map(list, zip(*by_shard, strict=True)))

    def _merge(self, starts: list[_Edge], stops: list[_Edge], first_number: int) -> tuple[list[str], Counts]:
        """The forms of one range and their counts; notes their numbers, from ``first_number`` on."""
        tables: list[list[str]] = []
        counted: list[NDArray[np.int32]] = []
        for shard, offset, start, stop in zip(self._shards, self._starts[:-1], starts, stops, strict=True):
            tables.append(shard.forms_between(start.byte, stop.byte))
            counted.append(self._counts.read(offset + start.number, offset + stop.number))
        occurring: set[str] = set()
        for table, counts in zip(tables, counted, strict=True):
            absent = counts == _ABSENT
            occurring.update(np.array(table, dtype=object)[~absent].tolist() if absent.any() else table)
        forms = sorted(occurring)
        number_of = dict(zip(forms, range(len(forms)), strict=True))
        totals = np.zeros(len(forms), dtype=np.int64)
        for place, (table, counts) in enumerate(zip(tables, counted, strict=True)):
            present = counts != _ABSENT
            find = number_of.__getitem__ if present.all() else partial(_find, number_of)
            numbers = np.fromiter(map(find, table), dtype=np.int32, count=len(table))
            totals[numbers[present]] += counts[present]
            self._numbers.write(self._starts[place] + starts[place].number, numbers + np.int32(first_number))
        return forms, totals

    def _words(self, numbers: NDArray[np.int64], ranges: list[tuple[int, int]]) -> list[str]:
        """The forms of these numbers."""
        order = np.argsort(numbers)
        in_order = numbers[order]
        words = [""] * len(numbers)
        with self._forms.open("rb") as file:
            for (first, start), (end, stop) in itertools.pairwise(ranges):
                forms = file.read(stop - start).decode().split("\n")
                chosen = slice(*np.searchsorted(in_order, [first, end]).tolist())
                for place, number in zip(order[chosen].tolist(), (in_order[chosen] - first).tolist(), strict=True):
                    words[place] = forms[number]
        return words


def _find(numbers: dict[str, int], form: str) -> int:
    return numbers.get(form, 0)  # that of an absent form is never used


class _Kept:
    """The numbers and counts of the forms that get an id, among those seen so far."""

    def __init__(self, minimum_count: int, most: int) -> None:
        self._minimum_count, self._most = minimum_count, most
        self._numbers = np.zeros(0, dtype=np.int64)
        self._counts = np.zeros(0, dtype=np.int64)

    def add(self, first_number: int, counts: Counts) -> None:
        """Adds forms with numbers from ``first_number`` on."""
        self._numbers = np.concatenate([self._numbers, np.arange(first_number, first_number + len(counts))])
        self._counts = np.concatenate([self._counts, counts])
        if len(self._counts) > 2 * self._most:
            self._numbers, self._counts = self.in_order()

    def in_order(self) -> tuple[NDArray[np.int64], Counts]:
        """Those to keep, by falling count, then by number."""
        order = np.lexsort((self._numbers, -self._counts))
        wanted = max(self._most, int((self._counts >= self._minimum_count).sum()))
        chosen = order[:wanted]
        return self._numbers[chosen], self._counts[chosen]
