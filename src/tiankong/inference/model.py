"""``tiankong.load``: a model that fills blanks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NotRequired, TypedDict, Unpack, overload

import numpy as np
from numpy.typing import NDArray

from tiankong.artifact.built_in import model_path
from tiankong.artifact.model_folder import ModelFolder, open_model
from tiankong.config import DECODINGS, DEFAULT_MODEL
from tiankong.errors import OptionError, SentenceError
from tiankong.inference.constraints import ConstraintOptions, check_constraints
from tiankong.inference.decoding import CodesDecoder, best, decoder_of
from tiankong.inference.session import NetworkSession, Scores
from tiankong.text.blanks import BlankedSentence, parse_blanks
from tiankong.text.network_input import Ints, Lexicon, Window, network_input
from tiankong.text.normalise import normalise
from tiankong.text.segment import Tokenizer
from tiankong.text.vocabulary import BEGIN, BLANK, END, is_target

_BATCH = 64
MOST_ANSWERS = 10_000
"""Answers of one blank at most."""


class Answer(TypedDict):
    """One word for one blank, in the shape of Hugging Face's fill-mask; codes models add ``distance``."""

    score: float
    token: int
    token_str: str
    sequence: str
    distance: NotRequired[float]


Filled = list[Answer] | list[list[Answer]]
"""Answers best first; a sentence with several blanks has a list for each."""


@dataclass(frozen=True)
class _Query:
    sentence: BlankedSentence
    tokens: list[str | None]  # None is a blank


@dataclass(frozen=True)
class _Wanted:
    top_k: int
    decoding: str | None
    allowed: NDArray[np.bool_] | None  # (V,), None for every word


class Model:
    """A trained model. Methods may be called from several threads at once."""

    def __init__(self, folder: ModelFolder, threads: int = 0) -> None:
        self.folder = folder
        self.lexicon = Lexicon.of(folder.vocabulary, folder.characters)
        self.session = NetworkSession(folder.onnx, threads)
        self.decoder = decoder_of(folder)
        self._distance_decoder = None
        if isinstance(self.decoder, CodesDecoder) and self.decoder.has_distances:
            self._distance_decoder = self.decoder
        self.tokenizer = Tokenizer(folder.manifest.prepare, folder.user_words)

    @overload
    def fill(
        self, sentence: str, top_k: int = 10, decoding: str | None = None, **constraints: Unpack[ConstraintOptions]
    ) -> Filled: ...

    @overload
    def fill(
        self,
        sentence: list[str],
        top_k: int = 10,
        decoding: str | None = None,
        **constraints: Unpack[ConstraintOptions],
    ) -> list[Filled]: ...

    def fill(
        self,
        sentence: str | list[str],
        top_k: int = 10,
        decoding: str | None = None,
        **constraints: Unpack[ConstraintOptions],
    ) -> Filled | list[Filled]:
        """The ``top_k`` best words for each blank of a sentence, or of each sentence of a list.

        ``decoding`` of a codes model: ``likelihood`` or ``distance``; without it, the model's own. ``constraints``
        are looked at before ranking: ``top_k`` words come if so many fit. Scores are those without constraints.

        :raises SentenceError: a sentence has no blank, nothing but blanks, no known word, is too long or not Unicode;
            of a list, the message begins with its number.
        :raises OptionError: ``top_k``, ``decoding`` or the constraints.
        """
        method = self.folder.manifest.prepare.normalisation
        checked, problems = check_constraints(constraints, lambda text: normalise(text, method))
        self._check(top_k, decoding, problems)
        if isinstance(sentence, str):
            queries = [self._query(sentence)]
        elif isinstance(sentence, list | tuple):
            queries = [self._numbered_query(number, text) for number, text in enumerate(sentence, start=1)]
        else:
            raise SentenceError(f"give a sentence or a list of sentences, not {type(sentence).__name__}")
        wanted = _Wanted(top_k, decoding, None if checked is None else checked.allowed(self.folder.vocabulary.words))
        answers: list[Filled] = []
        for start in range(0, len(queries), _BATCH):
            answers += self._answers(queries[start : start + _BATCH], wanted)
        return answers[0] if isinstance(sentence, str) else answers

    def ids(self, tokens: Sequence[str | None], unknown: dict[str, int]) -> Ints:
        """Lexicon ids of ``tokens`` between <BEG> and <EOF>, ``None`` as <BLANK>.

        Words outside the vocabulary are left out or, where the model reads them by their characters, get ids
        behind the lexicon's, kept in ``unknown``.
        """
        vocabulary, size = self.folder.vocabulary, len(self.lexicon.word_ids)
        ids = [BEGIN]
        for token in tokens:
            if token is None:
                ids.append(BLANK)
            elif token in vocabulary:
                ids.append(vocabulary.id_of(token))
            elif self.folder.manifest.prepare.keep_unknown:
                ids.append(unknown.setdefault(token, size + len(unknown)))
        return np.array([*ids, END], dtype=np.int64)

    def scores(self, windows: Sequence[Window], unknown: Sequence[str] = ()) -> Scores:
        """The head's scores for every target of ``windows``; ``unknown`` words have the ids behind the lexicon's."""
        others = self.folder.characters.ids(unknown)
        return self.session.scores(network_input(windows, self.lexicon, others))

    def _check(self, top_k: int, decoding: str | None, problems: list[str]) -> None:
        if not isinstance(top_k, int) or not 1 <= top_k <= MOST_ANSWERS:
            problems.append(f"top_k must be a whole number from 1 to {MOST_ANSWERS:,}, not {top_k!r}")
        if decoding is not None and decoding not in DECODINGS:
            problems.append(f"decoding must be one of {', '.join(DECODINGS)}, not {decoding}")
        elif decoding == "distance" and self._distance_decoder is None:
            problems.append("decoding distance needs a model with head codes")
        if problems:
            raise OptionError(problems)

    def _numbered_query(self, number: int, text: str) -> _Query:
        try:
            return self._query(text)
        except SentenceError as error:
            raise SentenceError(f"sentence {number}: {error}") from None

    def _query(self, text: str) -> _Query:
        if not isinstance(text, str):
            raise SentenceError(f"a sentence must be a string, not {type(text).__name__}")
        sentence = parse_blanks(text)
        tokens: list[str | None] = []
        for part in sentence.parts:
            tokens += [*self.tokenizer.tokens(part), None]
        tokens.pop()
        if not any(token in self.folder.vocabulary and is_target(token) for token in tokens if token is not None):
            raise SentenceError(f"no word beside the blank is known to the model in {text!r}: write more context")
        return _Query(sentence, tokens)

    def _answers(self, queries: Sequence[_Query], wanted: _Wanted) -> list[Filled]:
        unknown: dict[str, int] = {}
        windows = []
        for query in queries:
            ids = self.ids(query.tokens, unknown)
            windows.append(Window(ids, 1, len(ids) - 1, np.flatnonzero(ids == BLANK)))
        scores = self.scores(windows, list(unknown))
        results: list[Filled] = []
        start = 0
        for query in queries:
            count = len(query.sentence.blanks)
            lists = self._words(query.sentence, scores[start : start + count], wanted)
            results.append(lists[0] if count == 1 else lists)
            start += count
        return results

    def _words(self, sentence: BlankedSentence, scores: Scores, wanted: _Wanted) -> list[list[Answer]]:
        log_probabilities = self.decoder.log_probabilities(scores)
        distances = self._distance_decoder.distances(scores) if self._distance_decoder else None
        by_distance = (wanted.decoding or self.folder.manifest.model.decoding) == "distance"
        lists = []
        for blank, row in enumerate(log_probabilities):
            order = -distances[blank] if by_distance and distances is not None else row
            if wanted.allowed is not None:
                order = np.where(wanted.allowed, order, -np.inf)
            answers: list[Answer] = []
            for word in best(order, wanted.top_k).tolist():
                text = self.folder.vocabulary.words[word]
                answer: Answer = {
                    "score": float(np.exp(row[word])),
                    "token": word,
                    "token_str": text,
                    "sequence": sentence.filled(blank, text),
                }
                if distances is not None:
                    answer["distance"] = float(distances[blank, word])
                answers.append(answer)
            lists.append(answers)
        return lists


def load(model: str | Path = DEFAULT_MODEL, *, threads: int = 0) -> Model:
    """The built-in model of that name, or the one in that folder.

    :raises FolderError: it is not there, not a model, newer, torn or edited.
    """
    return Model(open_model(model_path(model)), threads)
