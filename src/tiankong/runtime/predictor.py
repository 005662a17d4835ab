"""Words at positions of texts: tokens in, log probabilities of the whole vocabulary out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tiankong.artifact.built_in import model_path
from tiankong.artifact.model_folder import CLOZE, ModelFolder, open_model
from tiankong.runtime.decoding import Agreements, Bits, CodesDecoder, Floats, decoder_of
from tiankong.runtime.loaded_model import LoadedModel, TextIds
from tiankong.runtime.oov_words import CharacterIndex, OovWords
from tiankong.runtime.session import Scores
from tiankong.text.network_input import Ints, Window, network_input
from tiankong.text.vocabulary import BEGIN, BLANK, END

_PREDICTIONS_AT_ONCE = 32
_TARGETS_OF_A_WINDOW = 256
_TOKENS_AT_ONCE = 4096


class Prediction(NamedTuple):
    """For one position: natural log probabilities (R,), ``-inf`` for what can't fill a blank; the head's scores; the
    context vector (E,).
    """

    log_probabilities: Floats
    scores: Floats
    context: Floats


class Predictor(LoadedModel):
    """A model folder, opened: everything that turns text into probabilities. Safe to share between threads."""

    def __init__(self, folder: ModelFolder, threads: int = 0, words: Sequence[str] = ()) -> None:
        """``words`` join the vocabulary and are kept whole; those that are in it already change nothing.

        :raises FolderError: the model fills no blanks, or its network can't be opened.
        """
        folder.needs(CLOZE)
        super().__init__(folder, threads, words)
        self.decoder = decoder_of(folder)
        self.codes_decoder: CodesDecoder | None = None
        if isinstance(self.decoder, CodesDecoder) and self.decoder.has_distances:
            self.codes_decoder = self.decoder
        self._index = CharacterIndex(folder.vocabulary)
        self.joined = self.oov_words([word for word in words if word not in folder.vocabulary])

    def knows(self, word: str) -> bool:
        """Whether ``word`` is in the vocabulary or joined it."""
        return word in self.folder.vocabulary or word in self.joined

    def oov_words(self, words: Sequence[str]) -> OovWords:
        """``words``, none of which is in the vocabulary, as answers."""
        characters = self.folder.characters.ids(words)
        bias = self.folder.manifest.unknown_bias
        vectors = None
        if words and bias is not None:
            nothing = Window(np.array([BEGIN, BLANK, END]), 1, 2, np.array([1]))
            spelled = self.session.run(network_input([nothing], self.lexicon, characters, spell_others=True)).spelled
            vectors = None if spelled is None else spelled[-len(words) :]
        return OovWords(words, self._index, vectors, bias or 0.0)


class Reading(TextIds):
    """Texts that are read together. Ids of answers are the vocabulary's, then those of the words that joined it: R in
    all.
    """

    def __init__(self, predictor: Predictor, new: OovWords | None = None) -> None:
        """``new`` words join the vocabulary for this reading; none is in it yet."""
        super().__init__(predictor)
        self._predictor = predictor
        self._vocabulary = predictor.folder.vocabulary
        self._keeps_unknown = predictor.folder.manifest.prepare.keep_unknown
        self._joined = [predictor.joined, *([new] if new else [])]
        self._new = [word for group in self._joined for word in group.words]
        self._new_ids = {word: len(self._vocabulary) + number for number, word in enumerate(self._new)}

    def id_in_text(self, answer: int) -> int:
        """The id under which an answer is read as context; a blank's if the model reads no such words."""
        if answer < len(self._vocabulary):
            return answer
        return self.id_of_unknown(self.word(answer)) if self._keeps_unknown else BLANK

    def answer_id(self, word: str) -> int:
        """The id of ``word``, which is in the vocabulary or joined it, as an answer."""
        return self._vocabulary.id_of(word) if word in self._vocabulary else self._new_ids[word]

    def word(self, answer: int) -> str:
        """The word with that id as an answer."""
        words = self._vocabulary.words
        return words[answer] if answer < len(words) else self._new[answer - len(words)]

    def words(self) -> Sequence[str]:
        """Every word by its id as an answer, (R,)."""
        return [*self._vocabulary.words, *self._new] if self._new else self._vocabulary.words

    def agreements(self, scores: Scores) -> Agreements:
        """How near the code of every answer is to ``scores`` (bits,), as :meth:`CodesDecoder.agreements`: (R,)."""
        decoder = self._codes_decoder
        known: Agreements = decoder.agreements(scores[None])[0]
        if not self._new:
            return known
        return np.concatenate([known, decoder.agreements_with(self._new_codes, scores[None])[0]])

    def distances(self, scores: Scores, answers: Ints) -> Floats:
        """Distances of the codes of ``answers`` (A,) from ``scores`` (bits,): (A,)."""
        decoder, known = self._codes_decoder, len(self._vocabulary)
        codes = decoder.codes_of(np.minimum(answers, known - 1))
        new = answers >= known
        if new.any():
            codes[new] = self._new_codes[answers[new] - known]
        distances: Floats = decoder.distances(codes, scores[None])[0]
        return distances

    @property
    def _codes_decoder(self) -> CodesDecoder:
        decoder = self._predictor.codes_decoder
        if decoder is None:
            raise ValueError("the model has no codes")
        return decoder

    @cached_property
    def _new_codes(self) -> Bits:
        """Codes of the words that joined the vocabulary, (R - V, bits)."""
        return np.concatenate([joined.codes(self._codes_decoder) for joined in self._joined if joined.words])

    def predictions(self, windows: Sequence[Window]) -> Iterator[Prediction]:
        """A prediction for every target of ``windows``, in order; a few hundred are held at once at most."""
        for found in self._predictor.session.in_turn(self._predicted, list(_batches(windows))):
            yield from found

    def _predicted(self, batch: Sequence[Window], beside_others: bool) -> list[Prediction]:
        arrays = network_input(batch, self._predictor.lexicon, self.characters)
        outputs = self._predictor.session.run(arrays, beside_others=beside_others)
        rows = self._predictor.decoder.log_probabilities(outputs.scores)
        for joined in self._joined:
            rows = joined.append_to(rows, outputs)
        return list(map(Prediction, rows, outputs.scores, outputs.context))


def open_predictor(model: str | Path, threads: int = 0) -> Predictor:
    """The built-in model of that name, or the one in that folder.

    :raises FolderError: it is not there, not a model, newer, torn or edited.
    """
    return Predictor(open_model(model_path(model)), threads)


def _batches(windows: Sequence[Window]) -> Iterator[list[Window]]:
    """Windows that are read in one run. One with many targets is read several times."""
    batch: list[Window] = []
    predictions = longest = 0
    for window in (part for whole in windows for part in _parts(whole)):
        longest = max(longest, window.stop - window.start)
        predictions += len(window.targets)
        if batch and (predictions > _PREDICTIONS_AT_ONCE or longest * (len(batch) + 1) > _TOKENS_AT_ONCE):
            yield batch
            batch, predictions, longest = [], len(window.targets), window.stop - window.start
        batch.append(window)
    if batch:
        yield batch


def _parts(window: Window) -> Iterator[Window]:
    for start in range(0, max(1, len(window.targets)), _TARGETS_OF_A_WINDOW):
        yield window._replace(targets=window.targets[start : start + _TARGETS_OF_A_WINDOW])
