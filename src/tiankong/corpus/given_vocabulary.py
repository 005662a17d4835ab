"""The vocabulary of another prepared corpus, to prepare texts with: so that several corpora have one vocabulary."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tiankong.config import CUTTING, PrepareConfig, first_difference
from tiankong.corpus.counting import Ranked
from tiankong.corpus.prepared import (
    CHARACTERS_FILE,
    OTHER_WORDS_FILE,
    TYPED_FORMS_FILE,
    VOCABULARY_FILE,
    PreparedCorpus,
)
from tiankong.errors import OptionError
from tiankong.folder import write_text
from tiankong.text.vocabulary import SPECIAL_TOKENS, UNKNOWN, table_text

ALIKE = (*CUTTING, "keep_unknown", "seed")
"""Settings that corpora of one vocabulary must share, so that texts are cut into the same words."""


class GivenVocabulary:
    """Words and characters of a corpus, with their counts there."""

    def __init__(self, corpus: PreparedCorpus) -> None:
        self._corpus = corpus
        self.words: list[str] = corpus.vocabulary.words[len(SPECIAL_TOKENS) :]

    @property
    def fingerprint(self) -> str:
        """Identifies the corpus."""
        return self._corpus.fingerprint

    def settings(self, config: PrepareConfig, user_words: Sequence[str]) -> PrepareConfig:
        """``config`` with what decides which words the vocabulary has as in the other corpus.

        :raises OptionError: texts would be cut in another way than there.
        """
        theirs = self._corpus.manifest.config
        if different := first_difference(theirs, config, ALIKE):
            raise OptionError(
                f"the texts of {self._corpus.path} were prepared with {different.setting} {different.one!r}, not "
                f"{different.other!r}: give the same `{different.setting}`, or leave `vocabulary_of` out"
            )
        if list(user_words) != self._corpus.user_words:
            raise OptionError(
                f"the texts of {self._corpus.path} were prepared with another user dictionary: give the same "
                "`user_dict`, or leave `vocabulary_of` out"
            )
        names = ("minimum_count", "maximum_vocabulary", "keep_words")
        return dataclasses.replace(config, **{name: getattr(theirs, name) for name in names})

    def ids(self, ranked: Ranked, *, keep_unknown: bool) -> NDArray[np.int32]:
        """The id of each of the ``ranked`` forms: of the given words, then of the others by their rank here, or
        :data:`UNKNOWN` where these are left out.
        """
        ids = np.array([self._corpus.vocabulary.id_of(word) for word in ranked.words], dtype=np.int32)
        others = np.flatnonzero(ids == UNKNOWN)
        if keep_unknown:
            ids[others] = np.arange(len(others), dtype=np.int32) + len(self._corpus.vocabulary)
        return ids

    def write(self, folder: Path, ranked: Ranked, *, keep_unknown: bool) -> int:
        """Writes the vocabulary with its typed forms and the characters as they are in the other corpus, and the other
        words of this one; returns the number of the latter.
        """
        for name in (VOCABULARY_FILE, CHARACTERS_FILE, TYPED_FORMS_FILE):
            if (self._corpus.path / name).exists():
                shutil.copyfile(self._corpus.path / name, folder / name)
        others = [
            (word, count)
            for word, count in zip(ranked.words, ranked.counts, strict=True)
            if keep_unknown and word not in self._corpus.vocabulary
        ]
        write_text(folder / OTHER_WORDS_FILE, table_text(others))
        return len(others)
