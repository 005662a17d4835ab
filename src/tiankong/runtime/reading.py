"""Texts that are read together: their tokens as ids, and predictions for their blanks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tiankong.runtime.batching import ANSWERING
from tiankong.runtime.decoding import Agreements, Bits, CodesDecoder, Floats
from tiankong.runtime.loaded_model import LoadedModel
from tiankong.runtime.oov_words import OovWords
from tiankong.runtime.predictor import Predictor
from tiankong.text.network_input import Ints, Window
from tiankong.text.vocabulary import BEGIN, BLANK, END


class TextIds:
    """The ids of texts that are read together: the lexicon's, followed by those of words outside the vocabulary."""

    def __init__(self, model: LoadedModel, texts: TextIds | None = None) -> None:
        """The ids of ``texts`` stay valid, and new ones are valid there."""
        self._model = model
        self._oov_ids: dict[str, int] = texts._oov_ids if texts else {}
        self._characters: list[NDArray[np.int32]] = texts._characters if texts else []

    @property
    def oov_characters(self) -> NDArray[np.int32] | None:
        """The characters (words, longest word) of the words outside the vocabulary, ``None`` without such words."""
        return np.concatenate(self._characters) if self._characters else None

    def ids(self, tokens: Sequence[str | None]) -> Ints:
        """Ids of ``tokens`` between <BEG> and <EOF>, with <BLANK> for ``None``.

        Words outside the vocabulary are left out unless the model reads them by their characters.
        """
        vocabulary = self._model.folder.vocabulary
        ids = [BEGIN]
        for token in tokens:
            if token is None:
                ids.append(BLANK)
            elif token in vocabulary:
                ids.append(vocabulary.id_of(token))
            elif self._model.reads(token):
                ids.append(self.oov_id(token))
        return np.array([*ids, END], dtype=np.int64)

    def windows(self, ids: Ints, targets: Ints) -> list[Window]:
        """What is read of a text to predict its ``targets``: see :meth:`LoadedModel.windows`."""
        return self._model.windows(ids, targets)

    def oov_id(self, word: str) -> int:
        """The id of a ``word`` outside the vocabulary."""
        if word not in self._oov_ids:
            self._oov_ids[word] = len(self._model.lexicon.word_ids) + len(self._oov_ids)
            self._characters.append(self._model.folder.characters.ids([word]))
        return self._oov_ids[word]


class Prediction(NamedTuple):
    """One position: natural log probabilities (R,), ``-inf`` for what can't fill a blank; the head's scores (word
    logits, bit logits, or both); the context vector (E,) behind them.
    """

    log_probabilities: Floats
    scores: Floats
    context: Floats


class Reading(TextIds):
    """Texts that are read together. R answers: the vocabulary, then the words added to the predictor, then ``oov``."""

    def __init__(self, predictor: Predictor, oov: OovWords | None = None, texts: TextIds | None = None) -> None:
        """``oov`` are words outside the vocabulary that may be answers in this reading; the ids of ``texts`` stay valid
        in it.
        """
        super().__init__(predictor, texts)
        self._predictor = predictor
        self._vocabulary = predictor.folder.vocabulary
        self._keeps_unknown = predictor.folder.manifest.prepare.keep_unknown
        self._oov = [group for group in (predictor.added_words, oov) if group is not None and group.words]
        self._oov_words = [word for group in self._oov for word in group.words]
        self._answer_ids = {word: len(self._vocabulary) + number for number, word in enumerate(self._oov_words)}
        self.vocabulary_size = len(self._vocabulary)
        self.has_distances = predictor.codes_decoder is not None

    def predictions(self, windows: Sequence[Window]) -> Iterator[Prediction]:
        """A prediction for every target of ``windows``, in order; at most a few hundred are in memory at once."""
        for outputs in self._predictor.run(windows, self.oov_characters, ANSWERING):
            scores = outputs["scores"]
            context = outputs.get("context", scores)
            rows = self._predictor.decoder.log_probabilities(scores)
            for words in self._oov:
                rows = words.append_to(rows, scores, context)
            yield from map(Prediction, rows, scores, context)

    def id_in_text(self, answer: int) -> int:
        """The id under which an answer is read as context; that of a blank if the model reads no unknown words."""
        if answer < len(self._vocabulary):
            return answer
        return self.oov_id(self.word(answer)) if self._keeps_unknown else BLANK

    def has_answer(self, word: str) -> bool:
        """Whether ``word`` is one of :meth:`words`."""
        return word in self._vocabulary or word in self._answer_ids

    def answer_id(self, word: str) -> int:
        """The id of ``word`` as an answer; it is one of :meth:`words`."""
        return self._vocabulary.id_of(word) if word in self._vocabulary else self._answer_ids[word]

    def word(self, answer: int) -> str:
        """The word with that id as an answer."""
        words = self._vocabulary.words
        return words[answer] if answer < len(words) else self._oov_words[answer - len(words)]

    def words(self) -> Sequence[str]:
        """Every answer by its id, (R,)."""
        return [*self._vocabulary.words, *self._oov_words] if self._oov_words else self._vocabulary.words

    def agreements(self, scores: Floats) -> Agreements:
        """How near the code of every answer is to ``scores`` (bits,), as :meth:`CodesDecoder.agreements`: (R,)."""
        decoder = self._codes_decoder
        known: Agreements = decoder.agreements(scores[None])[0]
        if not self._oov_words:
            return known
        return np.concatenate([known, decoder.agreements_with(self._oov_codes, scores[None])[0]])

    def distances(self, scores: Floats, answers: Ints) -> Floats:
        """Distances of the codes of ``answers`` (A,) from ``scores`` (bits,): (A,)."""
        decoder, known = self._codes_decoder, len(self._vocabulary)
        codes = decoder.codes_of(np.minimum(answers, known - 1))
        oov = answers >= known
        if oov.any():
            codes[oov] = self._oov_codes[answers[oov] - known]
        distances: Floats = decoder.distances(codes, scores[None])[0]
        return distances

    @property
    def _codes_decoder(self) -> CodesDecoder:
        decoder = self._predictor.codes_decoder
        if decoder is None:
            raise ValueError("the model has no codes")
        return decoder

    @cached_property
    def _oov_codes(self) -> Bits:
        """Codes of the answers outside the vocabulary, (R - V, bits)."""
        return np.concatenate([words.codes(self._codes_decoder) for words in self._oov])
