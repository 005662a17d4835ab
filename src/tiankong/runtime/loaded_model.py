"""A model folder loaded for answering: its segmenter, its network, and the ids that it reads texts as."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any, Self

from tiankong.artifact.model_folder import ModelFolder
from tiankong.errors import SentenceError
from tiankong.runtime.batching import BatchLimits, batches
from tiankong.runtime.session import Arrays, NetworkSession
from tiankong.text.conversion import Conversion, Conversions
from tiankong.text.network_input import CharacterIds, Ints, Lexicon, Window, network_input
from tiankong.text.normalise import surrogate_in
from tiankong.text.pieces import LONGEST_WHOLE, sentence_ends, windows_in_pieces
from tiankong.text.script import AS_IS, AUTO, check_script
from tiankong.text.segment import Tokenizer


class LoadedModel:
    """What models of every task share. Safe to share between threads.

    It reads texts as they are typed; :meth:`reader` returns it as one that reads them through a ``conversion``.
    """

    def __init__(
        self,
        folder: ModelFolder,
        threads: int = 0,
        words: Sequence[str] = (),
        shown: Mapping[str, str] | None = None,
    ) -> None:
        """The segmenter keeps ``words`` whole; ``shown`` are those that their user writes differently.

        :raises FolderError: the network can't be opened.
        """
        self.folder = folder
        self.typed_forms = folder.typed_forms
        self.conversion: Conversion | None = None
        # Opening the network and loading the segmenter's dictionary take longest, so they overlap.
        with ThreadPoolExecutor(1) as beside:
            opening = beside.submit(NetworkSession, folder.onnx, threads)
            self.tokenizer = Tokenizer(folder.manifest.prepare, [*folder.user_words, *words])
            self.lexicon = Lexicon.of(folder.vocabulary, folder.characters)
            self.conversions = conversions_of(folder, shown)
            self.session = opening.result()
        self._readers: dict[Conversion | None, Self] = {}

    def reader(self, script: str, *texts: Any) -> Self:
        """The model as it reads ``texts``, which belong together, and what is given with them.

        With ``script`` :data:`~tiankong.text.script.AUTO`, texts of a script that it was not trained on are converted;
        words that are given with other texts are converted if they are of that script themselves. With ``AS_IS``,
        nothing is.

        :raises OptionError: ``script`` is neither.
        """
        check_script(script)
        if script == AS_IS or self.conversions.script is None:
            return self
        conversion = self.conversion_of("\n".join(text for text in texts if isinstance(text, str)))
        if conversion not in self._readers:
            reader = copy.copy(self)
            reader.conversion = conversion
            reader.tokenizer = self.tokenizer.converting(self._convert if conversion is None else conversion.read)
            self._readers[conversion] = reader
        return self._readers[conversion]

    def conversion_of(self, text: str) -> Conversion | None:
        """The conversion through which ``text`` should be read; ``None`` to read it as typed."""
        return self.conversions.of(self.tokenizer.normalise(text) if "&" in text else text)

    def _convert(self, text: str) -> str:
        conversion = self.conversions.of(text)
        return text if conversion is None else conversion.read(text)

    def written(
        self, words: Sequence[str], before: str = "", after: str = "", *, begins_sentence: bool = False
    ) -> list[str]:
        """The model's ``words``, each between ``before`` and ``after`` as typed, in the script of what it reads and as
        people type them, also where they begin a sentence.
        """
        if self.conversion is not None:
            words = self.conversion.written(words, before, after)
        return self.typed_forms.written(words, begins_sentence=begins_sentence)

    def reads(self, token: str) -> bool:
        """Whether ``token`` is part of the context: every token is, unless the model was trained without unknown
        words.
        """
        return self.folder.manifest.prepare.keep_unknown or token in self.folder.vocabulary

    def read(self, text: str, script: str = AUTO) -> list[str]:
        """The tokens that the model reads of a whole text without blanks, read as ``script`` says.

        :raises SentenceError: it is not a string, not valid Unicode, or has no token that the model reads.
        """
        if not isinstance(text, str):
            raise SentenceError(f"a text must be a string, not {type(text).__name__}")
        surrogate = surrogate_in(text)
        if surrogate is not None:
            raise SentenceError(f"character {surrogate + 1} of the text is not valid Unicode: convert it to UTF-8")
        tokens = [token for token in self.reader(script, text).tokenizer.tokens(text) if self.reads(token)]
        if not tokens:
            raise SentenceError("the text has no word that the model reads: write some words")
        return tokens

    def windows(self, ids: Ints, targets: Ints) -> list[Window]:
        """What is read of a text (``ids`` with <BEG> and <EOF>) to predict its ``targets``, which are in order: all of
        it, or pieces of one with more than :data:`~tiankong.text.pieces.LONGEST_WHOLE` tokens.
        """
        if len(ids) - 2 <= LONGEST_WHOLE:
            return [Window(ids, 1, len(ids) - 1, targets)]
        return windows_in_pieces(ids, targets, self._sentence_ends)

    @cached_property
    def _sentence_ends(self) -> Ints:
        return sentence_ends(self.folder.vocabulary)

    def run(
        self, windows: Sequence[Window], oov_characters: CharacterIds | None, limits: BatchLimits
    ) -> Iterator[Arrays]:
        """The network's outputs for ``windows``, a batch at a time, rows in the order of their targets.

        Ids beyond the lexicon are rows of ``oov_characters`` (words, longest word).
        """
        runs = list(batches(windows, limits))
        inputs = (network_input(batch, self.lexicon, oov_characters) for batch in runs)
        return self.session.run_each(inputs) if len(runs) > 1 else map(self.session.run, inputs)


def conversions_of(folder: ModelFolder, shown: Mapping[str, str] | None = None) -> Conversions:
    """The conversions of texts for a model, by the script of its characters."""
    return Conversions(folder.characters.counted(), shown)
