"""The words of a vocabulary that begin or end with something typed."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import NamedTuple

import numpy as np

from tiankong.text.network_input import Ints
from tiankong.text.vocabulary import Vocabulary

_LONGEST = 4
"""Characters that may be typed of a word on a side of its blank."""

_LEAST_SHARE = 0.05
"""A neighbour is tried as the beginning or end of longer words if these occur at least so often, as a share of its own
occurrences.
"""


class Way(NamedTuple):
    """One way of dividing a gap. ``words`` are the ids of the words that have the blank in them, ``None`` for all; an
    answer is what such a word has between ``prefix`` and ``suffix``.
    """

    joined: int
    prefix: str
    suffix: str
    words: Ints | None


class WordParts:
    """The words of a vocabulary by how they begin and end."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._ways: dict[tuple[str, str], Way | None] = {}

    def way(self, prefix: str, suffix: str) -> Way | None:
        """The way in which the blank's word is ``prefix``, something, and ``suffix``; ``None`` if there is none that is
        worth a try.
        """
        if not prefix and not suffix:
            return Way(0, "", "", None)
        if (prefix, suffix) not in self._ways:
            self._ways[prefix, suffix] = self._way(prefix, suffix)
        return self._ways[prefix, suffix]

    def _way(self, prefix: str, suffix: str) -> Way | None:
        if len(prefix) > _LONGEST or len(suffix) > _LONGEST:
            return None
        starting, ending = self._by_ends
        candidates = starting.get(prefix[0], ()) if prefix else ending.get(suffix[-1], ())
        words, shortest = self._vocabulary.words, len(prefix) + 1 + len(suffix)
        found = [
            number
            for number in candidates
            if len(words[number]) >= shortest and words[number].startswith(prefix) and words[number].endswith(suffix)
        ]
        if not found:
            return None
        counts = self._vocabulary.counts
        for typed in (prefix, suffix):
            of_its_own = int(counts[self._vocabulary.id_of(typed)]) if typed in self._vocabulary else 0
            if typed and int(counts[found].sum()) < _LEAST_SHARE * of_its_own and not (prefix and suffix):
                return None
        return Way(bool(prefix) + bool(suffix), prefix, suffix, np.array(found, dtype=np.int64))

    @cached_property
    def _by_ends(self) -> tuple[dict[str, list[int]], dict[str, list[int]]]:
        """The words that are predicted, by their first and by their last character."""
        starting: dict[str, list[int]] = defaultdict(list)
        ending: dict[str, list[int]] = defaultdict(list)
        words = self._vocabulary.words
        for number in np.flatnonzero(self._vocabulary.targets()).tolist():
            starting[words[number][0]].append(number)
            ending[words[number][-1]].append(number)
        return starting, ending
