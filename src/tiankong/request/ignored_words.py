"""Words and phrases that ``check`` never flags."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from typing import NamedTuple

from tiankong.config import SPACED, PrepareConfig
from tiankong.errors import OptionError
from tiankong.request.candidates import MOST_WORDS
from tiankong.text.alignment import normalise_aligned
from tiankong.text.conversion import Convert
from tiankong.text.normalise import normalise, surrogate_in


class _Place(NamedTuple):
    start: int
    end: int


class IgnoredWords:
    """Normalised ``words``, found wherever they stand in a text, however it is segmented, in either script."""

    def __init__(self, words: frozenset[str], config: PrepareConfig) -> None:
        self._words = words
        self._lengths = sorted({len(word) for word in words}, reverse=True)
        self._in_script: dict[Convert, frozenset[str]] = {}
        self._normalisation = config.normalisation
        self._spaced = config.segmenter in SPACED

    def __bool__(self) -> bool:
        return bool(self._words)

    def places(self, text: str, convert: Convert = str) -> IgnoredPlaces:
        """Where they stand in ``text``, by its offsets as typed, as they are or both converted."""
        if not self._words:
            return IgnoredPlaces([], spaced=self._spaced)
        aligned = normalise_aligned(text, self._normalisation)
        if convert not in self._in_script:
            self._in_script[convert] = self._words | set(map(convert, self._words))
        words = self._in_script[convert]
        places = [
            _Place(aligned.starts[start], aligned.ends[start + length - 1])
            for form in dict.fromkeys((aligned.text, convert(aligned.text)))
            for start in range(len(form))
            for length in self._lengths
            if start + length <= len(form) and form[start : start + length] in words
        ]
        return IgnoredPlaces(places, spaced=self._spaced)


class IgnoredPlaces:
    """Where ignored words stand in a text."""

    def __init__(self, places: list[_Place], *, spaced: bool) -> None:
        self._places = places
        self._spaced = spaced

    def cover(self, start: int, end: int, *, known: bool) -> bool:
        """Whether the word from ``start`` to ``end`` is part of an ignored one; ``known`` words are in the vocabulary.

        Without spaces between words, the segmenter may put its first or last character into a word beside it, or make
        one unknown word of it and what stands beside it: such a word is covered, too. A known word that has an ignored
        one inside it is not.
        """
        for place in self._places:
            within = place.start <= start and end <= place.end
            crosses = start < place.start < end < place.end or place.start < start < place.end < end
            holds = start <= place.start and place.end <= end and place.end - place.start > 1
            if within or (not self._spaced and (crosses or (holds and not known))):
                return True
        return False


def parse_ignored(words: Collection[str], config: PrepareConfig) -> IgnoredWords:
    """The words of ``ignore``, normalised as texts are.

    :raises OptionError: it is not a list of strings, or too long; a word is empty or not valid Unicode.
    """
    if not isinstance(words, list | tuple | set | frozenset) or not all(isinstance(word, str) for word in words):
        raise OptionError("ignore must be a list of words")
    return _parsed(tuple(words), config)


@lru_cache(maxsize=4)  # the lines of a pipe have one list
def _parsed(words: tuple[str, ...], config: PrepareConfig) -> IgnoredWords:
    if len(words) > MOST_WORDS:
        raise OptionError(f"{len(words):,} words to ignore are too many: give at most {MOST_WORDS:,}")
    if any(surrogate_in(word) is not None for word in words):
        raise OptionError("ignore has a word that is not valid Unicode: convert it to UTF-8")
    normalised = frozenset(normalise(word, config.normalisation) for word in words)
    if "" in normalised:
        raise OptionError("ignore has an empty word: remove it")
    return IgnoredWords(normalised, config)
