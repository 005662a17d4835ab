"""The words of a vocabulary that begin and end with what is typed of them."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property, lru_cache

import numpy as np

from tiankong.text.characters import CharacterTable
from tiankong.text.network_input import Ints
from tiankong.text.vocabulary import Vocabulary

LONGEST_PART = 4
"""Characters that may be typed of a word on a side of its blank."""

_LEAST_SHARE = 0.05
"""What is typed on one side is tried as a part of longer words if these occur at least so often, as a share of its own
occurrences as a word.
"""

_KEPT = 4096
"""Results that are kept, of those last asked for."""


_LEAST_CUT = 0.01
"""A word is cut if its parts, taken as independent, are at least so often beside each other, as a share of its own
occurrences.
"""

_UNKNOWN_SHARE = 0.03
"""Of the words of a text, about; each is as probable as its characters are, one by one."""


class WordParts:
    """Finds the words that have a blank in them."""

    def __init__(self, vocabulary: Vocabulary, characters: CharacterTable) -> None:
        self._vocabulary = vocabulary
        self._total = float(vocabulary.counts.sum())
        counted = dict(characters.counted())
        self._character_counts, self._all_characters = counted, max(1, sum(counted.values()))
        self.words_with = lru_cache(_KEPT)(self._words_with)

    def _words_with(self, prefix: str, suffix: str) -> Ints:
        """The ids of the words that are ``prefix``, something, and ``suffix``, one of which may be empty; none if they
        are too rare to be worth a try.
        """
        if len(prefix) > LONGEST_PART or len(suffix) > LONGEST_PART:
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
        return ids if self._vocabulary.counts[ids].sum() >= _LEAST_SHARE * self._count(typed) else ids[:0]

    def is_worth_cutting(self, word: str, rest: Sequence[str], words: Ints) -> bool:
        """Whether ``word``, which stands beside a blank, may well be the tokens ``rest`` and a part of one of the
        ``words`` (ids).
        """
        own = self._count(word) / self._total
        cut = float(self._vocabulary.counts[words].sum()) / self._total
        return cut * math.prod(self._count(token) / self._total for token in rest) >= _LEAST_CUT * own

    def log_probability_of_unknown(self, word: str) -> float:
        """Natural log of the probability of ``word`` as one outside the vocabulary, whatever stands beside it."""
        counts = [self._character_counts.get(character, 0) + 1 for character in word]
        return math.log(_UNKNOWN_SHARE) + sum(math.log(count / self._all_characters) for count in counts)

    def _count(self, word: str) -> int:
        return int(self._vocabulary.counts[self._vocabulary.id_of(word)]) if word in self._vocabulary else 0

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
