"""Words of a vocabulary that a typing error may have turned into a given string."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tiankong.text.confusable import confused_with
from tiankong.text.network_input import Ints
from tiankong.text.vocabulary import Vocabulary

_SHORTEST_SPELLED = 3
_SHORTEST_ALIKE = 5
_LONGEST = 24
_UNSPELLED = "\u2e80"
"""The first character of the scripts that are not written in letters."""


class Similar(NamedTuple):
    """Ids (S,) of words one edit away, and which of them are alike in sound, shape or spelling (S,)."""

    words: Ints
    alike: NDArray[np.bool_]


_NONE = Similar(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.bool_))


class SimilarWords:
    """The words of a vocabulary (V,) by what is left of them without one character; built when first used.

    One edit is one other character in the same place. In alphabetic words it is also a missing or an extra letter, or
    two transposed ones (Damerau 1964), found by deletions (Garbe 2012, SymSpell). Han words are alike if the two
    characters sound or look alike, alphabetic words if they have at least five letters. Words of a single character
    must be alike to be similar.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self.similar = lru_cache(maxsize=1 << 14)(self._similar)

    def _similar(self, word: str) -> Similar:
        forms = self._vocabulary.words
        near = {number: _are_alike(word, forms[number]) for number in sorted(self._candidates(word))}
        if not near:
            return _NONE
        return Similar(np.array(list(near), dtype=np.int64), np.array(list(near.values()), dtype=np.bool_))

    def _candidates(self, word: str) -> set[int]:
        """The ids of the words one edit away."""
        forms = self._vocabulary.words
        if len(word) == 1:
            alike = [other for other in confused_with(word) if other in self._vocabulary]
            return {self._vocabulary.id_of(other) for other in alike}
        hashes, words = self._index
        found: set[int] = set()
        for key in _keys(word):
            wanted = hash(key)
            first, stop = np.searchsorted(hashes, wanted, "left"), np.searchsorted(hashes, wanted, "right")
            found.update(words[first:stop].tolist())
        return {number for number in found if _one_edit(word, forms[number])}

    @cached_property
    def _index(self) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Hashes of keys in rising order, and the word that each belongs to."""
        hashes: list[int] = []
        owners: list[int] = []
        for number in np.flatnonzero(self._vocabulary.targets()).tolist():
            word = self._vocabulary.words[number]
            for key in _keys(word):
                hashes.append(hash(key))
                owners.append(number)
        values = np.array(hashes, dtype=np.int64)
        order = np.argsort(values, kind="stable")
        return values[order], np.array(owners, dtype=np.int32)[order]


def is_spelled(word: str) -> bool:
    """Whether ``word`` is written in letters, without digits."""
    return all(character < _UNSPELLED for character in word) and not any(map(str.isdecimal, word))


def is_unspelled(word: str) -> bool:
    """Whether no character of ``word`` is of a script that is written in letters."""
    return all(character >= _UNSPELLED for character in word)


def _keys(word: str) -> Iterator[str]:
    """Strings that words have in common if, and mostly only if, they are one edit apart."""
    if not 1 < len(word) <= _LONGEST:
        return
    if is_spelled(word):
        if len(word) >= _SHORTEST_SPELLED:
            yield word
            yield from {word[:place] + word[place + 1 :] for place in range(len(word))}
    elif word[0] >= _UNSPELLED:
        for place in range(len(word)):
            yield f"{word[:place]}\0{word[place + 1 :]}"


def _one_edit(typed: str, word: str) -> bool:
    if len(typed) == len(word):
        differing = [place for place, (one, other) in enumerate(zip(typed, word, strict=True)) if one != other]
        if len(differing) == 1:
            return True
        if not is_spelled(typed) or len(differing) != 2 or differing[1] != differing[0] + 1:
            return False
        first, second = differing
        return typed[first] == word[second] and typed[second] == word[first]
    if not is_spelled(typed) or abs(len(typed) - len(word)) != 1:
        return False
    short, long = sorted((typed, word), key=len)
    return any(long[:place] + long[place + 1 :] == short for place in range(len(long)))


def _are_alike(typed: str, word: str) -> bool:
    """Of two words that are one edit apart."""
    if is_spelled(typed):
        return min(len(typed), len(word)) >= _SHORTEST_ALIKE
    return any(one != other and other in confused_with(one) for one, other in zip(typed, word, strict=True))
