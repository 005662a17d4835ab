"""Generates typing errors, one word per text, to fit and to measure their detection."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tiankong.corpus.prepared import PreparedCorpus
from tiankong.runtime.similar_words import is_spelled, is_unspelled
from tiankong.text.confusable import looking_like, sounding_like

Generator = np.random.Generator


class Mistake(NamedTuple):
    """A word as typed, and which of its characters, ``start`` to ``stop`` (exclusive), are wrong."""

    typed: str
    start: int
    stop: int


Exchange = Callable[[str, Generator], Mistake | None]
"""From a word to the error that replaces it, ``None`` if there is none."""

_SHARES = {"sound": 0.45, "shape": 0.2, "character": 0.1, "word": 0.25}
"""How often each kind of error is made by :func:`any_mistake`. Most people type by sound."""


def any_mistake(corpus: PreparedCorpus) -> Exchange:
    """A character that sounds alike, one that looks alike, any other character, or any other word; in alphabetic
    words, one wrong, missing, additional or exchanged letter.
    """
    kinds = {
        "sound": like_character(corpus, sounding_like),
        "shape": like_character(corpus, looking_like),
        "character": any_character(corpus),
        "word": any_word(corpus),
    }
    names, shares = list(kinds), np.cumsum(list(_SHARES.values()))

    def exchange(word: str, generator: Generator) -> Mistake | None:
        kind = names[int(np.searchsorted(shares, generator.random()))]
        if kind != "word" and is_spelled(word):
            return misspelt(word, generator)
        return kinds[kind](word, generator)

    return exchange


def any_word(corpus: PreparedCorpus) -> Exchange:
    """Any other word of the vocabulary, in proportion to its count."""
    words = corpus.vocabulary.words
    weights = corpus.vocabulary.counts * corpus.vocabulary.targets()
    shares = np.cumsum(weights / weights.sum())

    def exchange(word: str, generator: Generator) -> Mistake | None:
        other = words[int(np.searchsorted(shares, generator.random()))]
        return None if other == word else Mistake(other, 0, len(other))

    return exchange


def any_character(corpus: PreparedCorpus) -> Exchange:
    """One character replaced by any other of the corpus, in proportion to its count; none in alphabetic words."""
    counts = _counts(corpus)
    characters = list(counts)
    shares = np.cumsum(list(counts.values()), dtype=np.float64)

    def exchange(word: str, generator: Generator) -> Mistake | None:
        if not characters or not is_unspelled(word):
            return None
        other = characters[int(np.searchsorted(shares, generator.random() * shares[-1]))]
        return _replaced(word, int(generator.integers(len(word))), other)

    return exchange


def like_character(corpus: PreparedCorpus, alike: Callable[[str], frozenset[str]]) -> Exchange:
    """One character replaced by one of those ``alike``, in proportion to the root of its count."""
    counts = _counts(corpus)

    def exchange(word: str, generator: Generator) -> Mistake | None:
        place = int(generator.integers(len(word)))
        others = sorted(other for other in alike(word[place]) if other in counts)
        if not others:
            return None
        weights = np.sqrt([counts[other] for other in others])
        return _replaced(word, place, str(generator.choice(others, p=weights / weights.sum())))

    return exchange


def misspelt(word: str, generator: Generator) -> Mistake | None:
    """A word of at least four letters with one edit: a wrong, missing, doubled or two exchanged letters."""
    if len(word) < 4 or not word.isalpha():
        return None
    place = int(generator.integers(len(word) - 1))
    typed = [
        word[:place] + word[int(generator.integers(len(word)))] + word[place + 1 :],
        word[:place] + word[place + 1 :],
        word[:place] + word[place] + word[place:],
        word[:place] + word[place + 1] + word[place] + word[place + 2 :],
    ][int(generator.integers(4))]
    return None if typed == word else Mistake(typed, 0, len(typed))


def _counts(corpus: PreparedCorpus) -> dict[str, int]:
    """Of the characters that are no letters of an alphabet, no punctuation and no digits."""
    table = corpus.characters
    return {
        character: count
        for character, count in zip(table.characters, table.counts, strict=True)
        if is_unspelled(character) and character.isalpha()
    }


def _replaced(word: str, place: int, other: str) -> Mistake | None:
    if word[place] == other:
        return None
    return Mistake(word[:place] + other + word[place + 1 :], place, place + 1)
