"""The words of a vocabulary that begin and end with what is typed of them."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property, lru_cache

import numpy as np

from tiankong.text.network_input import Ints
from tiankong.text.vocabulary import Vocabulary

_LONGEST = 4
"""Characters that may be typed of a word on a side of its blank."""

_LEAST_SHARE = 0.05
"""What is typed on one side is tried as a part of longer words if these occur at least so often, as a share of its own
occurrences as a word.
"""

_KEPT = 4096
"""Results that are kept, of those last asked for."""


class WordParts:
    """Finds the words that have a blank in them."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self.words_with = lru_cache(_KEPT)(self._words_with)

    def _words_with(self, prefix: str, suffix: str) -> Ints:
        """The ids of the words that are ``prefix``, something, and ``suffix``, one of which may be empty; none if they
        are too rare to be worth a try.
        """
        if len(prefix) > _LONGEST or len(suffix) > _LONGEST:
            return np.zeros(0, dtype=np.int64)
        starting, ending = self._by_ends
        candidates = starting.get(prefix[0], ()) if prefix else ending.get(suffix[-1], ())
        words, shortest = self._vocabulary.words, len(prefix) + 1 + len(suffix)
        ids = np.array(
            [
                number
                for number in candidates
                if len(words[number]) >= shortest
                and words[number].startswith(prefix)
                and words[number].endswith(suffix)
            ],
            dtype=np.int64,
        )
        typed = "" if prefix and suffix else prefix or suffix
        of_its_own = self._vocabulary.counts[self._vocabulary.id_of(typed)] if typed in self._vocabulary else 0
        return ids if self._vocabulary.counts[ids].sum() >= _LEAST_SHARE * of_its_own else ids[:0]

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
