"""A model folder opened for answering: what cuts texts, the network, and texts as the ids that it reads."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from tiankong.artifact.model_folder import ModelFolder
from tiankong.errors import SentenceError
from tiankong.runtime.session import NetworkSession
from tiankong.text.network_input import Ints, Lexicon
from tiankong.text.normalise import surrogate_in
from tiankong.text.segment import Tokenizer
from tiankong.text.vocabulary import BEGIN, BLANK, END


class LoadedModel:
    """What models of every task have. Safe to share between threads."""

    def __init__(self, folder: ModelFolder, threads: int = 0, words: Sequence[str] = ()) -> None:
        """``words`` are kept whole when a text is cut.

        :raises FolderError: the network can't be opened.
        """
        self.folder = folder
        # Opening the network and loading the segmenter's dictionary take the longest, and go side by side.
        with ThreadPoolExecutor(1) as beside:
            opening = beside.submit(NetworkSession, folder.onnx, threads)
            self.tokenizer = Tokenizer(folder.manifest.prepare, [*folder.user_words, *words])
            self.lexicon = Lexicon.of(folder.vocabulary, folder.characters)
            self.session = opening.result()

    def reads(self, token: str) -> bool:
        """Whether ``token`` is read as context: any is, unless the model was trained to leave unknown words out."""
        return self.folder.manifest.prepare.keep_unknown or token in self.folder.vocabulary

    def read(self, text: str) -> list[str]:
        """The tokens of a whole text without blanks that are read.

        :raises SentenceError: it is no string, not valid Unicode, or has nothing that the model reads.
        """
        if not isinstance(text, str):
            raise SentenceError(f"a text must be a string, not {type(text).__name__}")
        surrogate = surrogate_in(text)
        if surrogate is not None:
            raise SentenceError(f"character {surrogate + 1} of the text is no valid Unicode: convert it to UTF-8")
        tokens = [token for token in self.tokenizer.tokens(text) if self.reads(token)]
        if not tokens:
            raise SentenceError("the text has nothing that the model reads: write some words")
        return tokens


class TextIds:
    """The ids of texts that are read together: the lexicon's, then those of ``unknown`` words outside it."""

    def __init__(self, opened: LoadedModel) -> None:
        self._opened = opened
        self.unknown: dict[str, int] = {}
        self._characters: list[NDArray[np.int32]] = []

    @property
    def characters(self) -> NDArray[np.int32] | None:
        """Those of the unknown words, a row each; ``None`` if there are no such words."""
        return np.concatenate(self._characters) if self._characters else None

    def ids(self, tokens: Sequence[str | None]) -> Ints:
        """Ids of ``tokens`` between <BEG> and <EOF>, ``None`` as <BLANK>.

        Words outside the vocabulary are left out unless the model reads them by their characters.
        """
        vocabulary = self._opened.folder.vocabulary
        ids = [BEGIN]
        for token in tokens:
            if token is None:
                ids.append(BLANK)
            elif token in vocabulary:
                ids.append(vocabulary.id_of(token))
            elif self._opened.reads(token):
                ids.append(self.id_of_unknown(token))
        return np.array([*ids, END], dtype=np.int64)

    def id_of_unknown(self, word: str) -> int:
        """The id of a ``word`` outside the vocabulary."""
        if word not in self.unknown:
            self.unknown[word] = len(self._opened.lexicon.word_ids) + len(self.unknown)
            self._characters.append(self._opened.folder.characters.ids([word]))
        return self.unknown[word]
