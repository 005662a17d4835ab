"""``classify`` without training: the words that fit into a prompt next to a text are evidence for its label.

Patterns and verbalisers (Schick & Schütze 2021, section 3), without training. A word's log probability is taken
relative to the same prompt without a text, so that words that fit the prompt anyway have no effect (Holtzman et al.
2021, section 3; Zhao et al. 2021, section 5).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tiankong.errors import OptionError
from tiankong.request.candidates import oov_words
from tiankong.request.prompts import LabelQuestion, Tokens, label_question, parse_label_words, parse_prompt
from tiankong.runtime.joint_probability import phrase_log_probabilities
from tiankong.runtime.loaded_model import LoadedModel
from tiankong.runtime.predictor import Predictor
from tiankong.runtime.reading import Reading
from tiankong.text.blank_forms import blank_form
from tiankong.text.network_input import Window
from tiankong.text.pieces import piece_edges
from tiankong.text.script import AUTO

_CLASSIFIERS_KEPT = 16
_TEXTS_AT_ONCE = 256

Floats = NDArray[np.float64]
ClassifierOf = Callable[
    [Sequence[str] | None, Mapping[str, Sequence[str]] | None, str | None, str], "ZeroShotClassifier"
]
"""From prompts, labels, how the prompts write their blank and the script that all are read as to a classifier."""


def zero_shot_classifiers(model: LoadedModel) -> ClassifierOf:
    """Makes classifiers from prompts and labels, and keeps the last few.

    :raises OptionError: when called: the prompts or labels are unusable, or the model has labels of its own.
    """

    @lru_cache(_CLASSIFIERS_KEPT)
    def kept(question: LabelQuestion, script: str) -> ZeroShotClassifier:
        assert isinstance(model, Predictor)
        return ZeroShotClassifier(question, model, script)

    def classifier(
        prompts: Sequence[str] | None, labels: Mapping[str, Sequence[str]] | None, blank: str | None, script: str
    ) -> ZeroShotClassifier:
        if not isinstance(model, Predictor):
            raise OptionError(f"{model.folder.path.name} has labels of its own: prompts and labels are unsupported")
        return kept(label_question(prompts, labels, blank), script)

    return classifier


class ZeroShotClassifier:
    """A classifier made of prompts and of words for each label. See :class:`tiankong.tasks.classify.TextClassifier`."""

    def __init__(self, question: LabelQuestion, predictor: Predictor, script: str = AUTO) -> None:
        """Scores the label words without a text. Prompts and words are read as ``script`` says.

        :raises OptionError: a prompt or a label's word is unusable.
        """
        self.read = predictor.read
        predictor = predictor.reader(script, *question.prompts, *itertools.chain(*dict(question.labels).values()))
        self._predictor = predictor
        self.labels = [name for name, _ in question.labels]
        form = blank_form(question.blank)
        self._prompts = [parse_prompt(prompt, predictor, form) for prompt in question.prompts]
        words_of_labels = parse_label_words(question, predictor)
        self._words = list(itertools.chain.from_iterable(words_of_labels))
        self._edges = np.cumsum([0, *map(len, words_of_labels)])
        self._oov = predictor.oov_words(oov_words(self._words, predictor))
        self._prior = self._word_scores([()])[0]  # (prompts, words)

    def logits(self, texts: Sequence[Sequence[str]]) -> Floats:
        """The evidence for each label, (texts, labels).

        A long text is split into pieces of equal length, which are weighted by it. Punctuation at the end of a text is
        left out, unless the text has nothing else.
        """
        rows = []
        for start in range(0, len(texts), _TEXTS_AT_ONCE):
            pieces_of_texts = list(map(_pieces, texts[start : start + _TEXTS_AT_ONCE]))
            evidence = self._evidence(list(itertools.chain.from_iterable(pieces_of_texts)))
            edges = np.cumsum([0, *map(len, pieces_of_texts)])
            for pieces, (first, last) in zip(pieces_of_texts, itertools.pairwise(edges), strict=True):
                weights = np.array([len(piece) for piece in pieces], dtype=np.float64)
                rows.append(weights @ evidence[first:last] / weights.sum())
        return np.array(rows).reshape(-1, len(self.labels))

    def _evidence(self, pieces: Sequence[Tokens]) -> Floats:
        """(pieces, labels): how much the piece raises the log probability of a label's words, on average over prompts
        and words.
        """
        raised = (self._word_scores(pieces) - self._prior).mean(axis=1)  # (pieces, words)
        return np.stack([raised[:, a:b].mean(axis=1) for a, b in itertools.pairwise(self._edges)], axis=1)

    def _word_scores(self, pieces: Sequence[Tokens]) -> Floats:
        """Log probabilities (pieces, prompts, words)."""
        reading = Reading(self._predictor, self._oov)
        single = [number for number, word in enumerate(self._words) if len(word.words) == 1]
        several = [number for number, word in enumerate(self._words) if len(word.words) > 1]
        answers = [reading.answer_id(self._words[number].words[0]) for number in single]
        phrases = [self._words[number].words for number in several]
        places = [prompt.around(piece) for piece in pieces for prompt in self._prompts]
        scores = np.empty((len(places), len(self._words)))
        predictions = reading.predictions([_window(before, after, reading) for before, after in places])
        for row, prediction in zip(scores, predictions, strict=True):
            row[single] = prediction.log_probabilities[answers]
        if phrases:
            for row, (before, after) in zip(scores, places, strict=True):
                row[several] = phrase_log_probabilities(phrases, before, after, reading)
        return scores.reshape(len(pieces), len(self._prompts), len(self._words))


def _pieces(tokens: Sequence[str]) -> list[Tokens]:
    last = max((place for place, token in enumerate(tokens) if any(map(str.isalnum, token))), default=len(tokens))
    tokens = tokens[: last + 1]
    return [tuple(tokens[start:stop]) for start, stop in itertools.pairwise(piece_edges(0, len(tokens)))]


def _window(before: Tokens, after: Tokens, reading: Reading) -> Window:
    ids = reading.ids([*before, None, *after])
    (window,) = reading.windows(ids, np.array([1 + len(before)]))
    return window
