"""Finds the texts that repeat an earlier one, with as many hashes in memory as are set, whatever their number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tiankong.corpus.labels import Labels, LabelTable
from tiankong.corpus.shards import Shard
from tiankong.corpus.splits import Hashes

MOST_HASHES = 1 << 21
"""Hashes in memory at a time, on average; sorting takes some 60 bytes for each."""


@dataclass(frozen=True)
class Duplicates:
    """``repeated`` are the places of the repeated texts, by shard; ``disputed`` counts the different texts that have
    more than one label.
    """

    repeated: list[NDArray[np.int32]]
    disputed: int

    def __len__(self) -> int:
        return sum(map(len, self.repeated))


def find_duplicates(shards: Sequence[Shard], labels: LabelTable, most: int = MOST_HASHES) -> Duplicates:
    """Compares the texts of all shards by their hashes.

    Hashes are uniform, so that each pass takes an equal range of them.
    """
    passes = -(-sum(shard.texts for shard in shards) // most)
    found: list[list[NDArray[np.int32]]] = [[] for _ in shards]
    disputed = 0
    for number in range(passes):
        low, high = ((number + step) * 2**64 // passes for step in (0, 1))
        hashes, numbers, places, sizes = [], [], [], []
        for shard in shards:
            these = shard.hashes
            chosen = np.flatnonzero((these >= np.uint64(low)) & (these <= np.uint64(high - 1)))
            hashes.append(these[chosen])
            numbers.append(labels.of(shard)[chosen])
            places.append(chosen.astype(np.int32))
            sizes.append(len(chosen))
        repeated, differing = _repeated(np.concatenate(hashes), np.concatenate(numbers))
        disputed += differing
        starts = np.cumsum([0, *sizes])
        owners = np.searchsorted(starts, repeated, side="right") - 1
        all_places = np.concatenate(places)
        for owner in np.unique(owners).tolist():
            found[owner].append(all_places[repeated[owners == owner]])
    none = np.zeros(0, dtype=np.int32)
    return Duplicates([np.sort(np.concatenate([none, *parts])) for parts in found], disputed)


def _repeated(hashes: Hashes, labels: Labels) -> tuple[NDArray[np.int64], int]:
    """Where a hash stands that stands further ahead too, and how many different ones have different labels."""
    if not len(hashes):
        return np.zeros(0, dtype=np.int64), 0
    order = np.argsort(hashes, kind="stable")
    in_order = hashes[order]
    is_repeated = np.concatenate([[False], in_order[1:] == in_order[:-1]])
    group = np.cumsum(~is_repeated) - 1
    first = np.flatnonzero(~is_repeated)
    given = labels[order]
    differs = given != given[first][group]
    return np.sort(order[is_repeated]), len(np.unique(group[differs]))
