"""A model folder loaded for answering: its segmenter, its network, and the ids that it reads texts as."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from tiankong.artifact.model_folder import ModelFolder
from tiankong.errors import SentenceError
from tiankong.runtime.batching import BatchLimits, batches
from tiankong.runtime.session import Arrays, NetworkSession
from tiankong.text.network_input import Lexicon, Window, network_input
from tiankong.text.normalise import surrogate_in
from tiankong.text.segment import Tokenizer


class LoadedModel:
    """What models of every task share. Safe to share between threads."""

    def __init__(self, folder: ModelFolder, threads: int = 0, words: Sequence[str] = ()) -> None:
        """The segmenter keeps ``words`` whole.

        :raises FolderError: the network can't be opened.
        """
        self.folder = folder
        # Opening the network and loading the segmenter's dictionary take longest, so they overlap.
        with ThreadPoolExecutor(1) as beside:
            opening = beside.submit(NetworkSession, folder.onnx, threads)
            self.tokenizer = Tokenizer(folder.manifest.prepare, [*folder.user_words, *words])
            self.lexicon = Lexicon.of(folder.vocabulary, folder.characters)
            self.session = opening.result()

    def reads(self, token: str) -> bool:
        """Whether ``token`` is part of the context: every token is, unless the model was trained without unknown
        words.
        """
        return self.folder.manifest.prepare.keep_unknown or token in self.folder.vocabulary

    def read(self, text: str) -> list[str]:
        """The tokens that the model reads of a whole text without blanks.

        :raises SentenceError: it is not a string, not valid Unicode, or has no token that the model reads.
        """
        if not isinstance(text, str):
            raise SentenceError(f"a text must be a string, not {type(text).__name__}")
        surrogate = surrogate_in(text)
        if surrogate is not None:
            raise SentenceError(f"character {surrogate + 1} of the text is not valid Unicode: convert it to UTF-8")
        tokens = [token for token in self.tokenizer.tokens(text) if self.reads(token)]
        if not tokens:
            raise SentenceError("the text has no word that the model reads: write some words")
        return tokens

    def run(
        self, windows: Sequence[Window], oov_characters: NDArray[np.int32] | None, limits: BatchLimits
    ) -> Iterator[Arrays]:
        """The network's outputs for ``windows``, a batch at a time, rows in the order of their targets.

        Ids beyond the lexicon are rows of ``oov_characters`` (words, longest word).
        """
        runs = list(batches(windows, limits))
        inputs = (network_input(batch, self.lexicon, oov_characters) for batch in runs)
        return self.session.run_each(inputs) if len(runs) > 1 else map(self.session.run, inputs)
