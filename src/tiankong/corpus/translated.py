"""A prepared corpus as a model with other words reads it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tiankong.config import CUTTING, PrepareConfig, first_difference
from tiankong.corpus.prepared import OTHER_WORDS_FILE, PreparedCorpus, Split, SplitShard
from tiankong.errors import FolderError
from tiankong.text.characters import CharacterTable
from tiankong.text.vocabulary import SPECIAL_TOKENS, UNKNOWN, Vocabulary, table_text
from tiankong.text.word_list import WordList


class TranslatedCorpus(PreparedCorpus):
    """The same texts, by the ids of another vocabulary; words outside it have the ids behind, in the corpus's order."""

    def __init__(self, corpus: PreparedCorpus, vocabulary: Vocabulary, characters: CharacterTable) -> None:
        self.path = corpus.path
        self.vocabulary, self.characters = vocabulary, characters
        self._corpus = corpus
        forms = len(corpus.vocabulary) + len(corpus.other_words)
        table = np.arange(forms, dtype=np.int32)
        for number, words in (
            (len(SPECIAL_TOKENS), corpus.vocabulary.words[len(SPECIAL_TOKENS) :]),
            (len(corpus.vocabulary), corpus.other_words),
        ):
            table[number : number + len(words)] = [vocabulary.id_of(word) for word in words]
        self._others = len(SPECIAL_TOKENS) + np.flatnonzero(table[len(SPECIAL_TOKENS) :] == UNKNOWN)
        table[self._others] = len(vocabulary) + np.arange(len(self._others), dtype=np.int32)
        self._id_of: NDArray[np.int32] = table
        self.manifest = dataclasses.replace(
            corpus.manifest, words=len(vocabulary), other_words=len(self._others), codes=None
        )

    @cached_property
    def has_word(self) -> NDArray[np.bool_]:
        """For each word of the vocabulary, whether it is in the texts. Shape (vocabulary,)."""
        present = np.zeros(len(self.vocabulary), dtype=np.bool_)
        present[self._id_of[self._id_of < len(present)]] = True
        return present

    def translated(self, tokens: NDArray[np.int32]) -> NDArray[np.int32]:
        """See :class:`PreparedCorpus`."""
        return self._id_of[tokens]

    def split(self, name: str) -> Split:
        """See :class:`PreparedCorpus`; in memory."""
        shards = super().split(name).shards
        return Split([SplitShard(self.translated(shard.tokens), shard.offsets) for shard in shards])

    @cached_property
    def other_words(self) -> WordList:
        """See :class:`PreparedCorpus`."""
        rows = ((self._corpus.form(number), 1) for number in self._others.tolist())
        return WordList(table_text(rows).encode("utf-8"), OTHER_WORDS_FILE)


def check_read_alike(corpus: PreparedCorpus, model: PrepareConfig, user_words: Sequence[str], name: str) -> None:
    """Checks that ``corpus`` was cut into words in the way of the texts of the model ``name``, which were prepared as
    ``model`` says and with these lines of a user dictionary.

    :raises FolderError: it was cut in another way, or the model can't read other texts.
    """
    if not model.keep_unknown:
        raise FolderError(
            f"{name} leaves out words that it doesn't know, so it can't read other texts: start from a model that "
            "reads them by their characters (prepared with `keep_unknown=True`)"
        )
    if different := first_difference(corpus.manifest.config, model, (*CUTTING, "keep_unknown")):
        raise FolderError(
            f"{corpus.path} was prepared with {different.setting} {different.one!r} and {name} with "
            f"{different.other!r}: prepare it again in the same way"
        )
    if corpus.user_words != list(user_words):
        raise FolderError(
            f"{corpus.path} and {name} were prepared with different user dictionaries: prepare the texts again with "
            "the same `user_dict`"
        )
