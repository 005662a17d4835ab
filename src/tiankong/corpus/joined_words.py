"""The words of a model and those of new texts, as one vocabulary."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from tiankong.corpus.prepared import PreparedCorpus
from tiankong.text.characters import CharacterTable
from tiankong.text.vocabulary import SPECIAL_TOKENS, Vocabulary


class Words(NamedTuple):
    """A vocabulary, and the characters of its words."""

    vocabulary: Vocabulary
    characters: CharacterTable


def joined_words(base: Words, corpora: Sequence[PreparedCorpus]) -> Words:
    """The words and characters of ``base``, and behind equally frequent ones those that only the corpora have.

    Both sides have the same weight, whatever the size of the new texts: the smaller side's counts are multiplied until
    they add up to the larger one's. A count thus keeps to be what a word's share is read from.
    """
    words: dict[str, int] = {}
    characters: dict[str, int] = {}
    for corpus in _with_words_of_their_own(corpora):
        _add(words, zip(corpus.vocabulary.words, corpus.vocabulary.counts.tolist(), strict=True))
        _add(characters, corpus.characters.counted())
    for token in SPECIAL_TOKENS:
        words.pop(token, None)
    known = base.vocabulary.words[len(SPECIAL_TOKENS) :]
    counts = dict(zip(known, base.vocabulary.counts[len(SPECIAL_TOKENS) :].tolist(), strict=True))
    return Words(
        Vocabulary(*_joined(counts, words)),
        CharacterTable(*_joined(dict(base.characters.counted()), characters)),
    )


def _with_words_of_their_own(corpora: Sequence[PreparedCorpus]) -> list[PreparedCorpus]:
    """Those whose vocabulary is that of none before."""
    kept: list[PreparedCorpus] = []
    for corpus in corpora:
        if all(corpus.vocabulary.words != other.vocabulary.words for other in kept):
            kept.append(corpus)
    return kept


def _add(counts: dict[str, int], more: Iterable[tuple[str, int]]) -> None:
    for name, count in more:
        counts[name] = counts.get(name, 0) + count


def _joined(base: Mapping[str, int], new: Mapping[str, int]) -> tuple[list[str], list[int]]:
    """Names by falling count, with their counts."""
    sizes = [max(1, sum(counts.values())) for counts in (base, new)]
    largest = max(sizes)
    joined: dict[str, int] = {}
    for counts, size in zip((base, new), sizes, strict=True):
        _add(joined, ((name, max(1, round(count * largest / size))) for name, count in counts.items()))
    ordered = sorted(joined.items(), key=lambda entry: -entry[1])  # stable: the base's first
    return [name for name, _ in ordered], [count for _, count in ordered]
