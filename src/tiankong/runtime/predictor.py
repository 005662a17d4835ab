"""A network that fills blanks: windows in, log probabilities of every possible answer out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from tiankong.artifact.built_in import model_path
from tiankong.artifact.model_folder import ModelFolder, open_model
from tiankong.registry.tasks import WORDS
from tiankong.runtime.decoding import CodesDecoder, decoder_of
from tiankong.runtime.loaded_model import LoadedModel
from tiankong.runtime.oov_words import CharacterIndex, OovWords
from tiankong.runtime.similar_words import SimilarWords
from tiankong.runtime.word_parts import WordParts
from tiankong.text.network_input import Window, network_input
from tiankong.text.vocabulary import BEGIN, BLANK, END


class Predictor(LoadedModel):
    """A loaded model that fills blanks. Safe to share between threads."""

    def __init__(
        self,
        folder: ModelFolder,
        threads: int = 0,
        words: Sequence[str] = (),
        shown: Mapping[str, str] | None = None,
    ) -> None:
        """``words`` extend the vocabulary and are kept whole; those it already has change nothing. ``shown`` are those
        that their user writes differently.

        :raises FolderError: the model does not fill blanks, or its network can't be opened.
        """
        folder.needs(WORDS)
        super().__init__(folder, threads, words, shown)
        self.decoder = decoder_of(folder)
        self.codes_decoder: CodesDecoder | None = None
        if isinstance(self.decoder, CodesDecoder) and self.decoder.has_distances:
            self.codes_decoder = self.decoder
        self._index = CharacterIndex(folder.vocabulary)
        self.similar_words = SimilarWords(folder.vocabulary)
        self.word_parts = WordParts(folder.vocabulary, folder.characters)
        self.added_words = self.oov_words([word for word in words if word not in folder.vocabulary])

    def knows(self, word: str) -> bool:
        """Whether ``word`` is in the vocabulary or was added to it."""
        return word in self.folder.vocabulary or word in self.added_words

    def oov_words(self, words: Sequence[str]) -> OovWords:
        """``words``, none of which is in the vocabulary, as answers."""
        bias = self.folder.manifest.unknown_bias
        vectors = None
        if words and bias is not None:
            characters = self.folder.characters.ids(words)
            empty = Window(np.array([BEGIN, BLANK, END]), 1, 2, np.array([1]))
            outputs = self.session.run(network_input([empty], self.lexicon, characters, spell_others=True))
            vectors = outputs["spelled"][-len(words) :] if "spelled" in outputs else None
        return OovWords(words, self._index, vectors, bias or 0.0)


def open_predictor(model: str | Path, threads: int = 0) -> Predictor:
    """The built-in model of that name, or the model in that folder.

    :raises FolderError: there is no such model, or it is newer, damaged or edited.
    """
    return Predictor(open_model(model_path(model)), threads)
