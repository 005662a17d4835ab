"""Measures models that fill blanks."""

from __future__ import annotations

from typing import Any

from tiankong.artifact.error_detection import ErrorDetection
from tiankong.artifact.model_folder import ModelFolder
from tiankong.corpus.mix import CorpusMix
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.corpus.translated import TranslatedCorpus, check_read_alike
from tiankong.evaluation.base import Evaluation, OnText
from tiankong.evaluation.error_detection import fit_error_detection, most_texts
from tiankong.evaluation.measure import check_targets, measure_split
from tiankong.runtime.predictor import Predictor
from tiankong.text.vocabulary import SPECIAL_TOKENS

_SPECIAL = len(SPECIAL_TOKENS)


class WordEvaluation(Evaluation[Predictor]):
    """Ranks of the words that stand in the texts."""

    def load(self, folder: ModelFolder, threads: int = 0) -> Predictor:
        """See :class:`Evaluation`."""
        return Predictor(folder, threads)

    def as_read(self, folder: ModelFolder, corpus: PreparedCorpus) -> PreparedCorpus:
        """See :class:`Evaluation`. A model that goes on from another has the words of that one and of its own corpus,
        and reads either's texts.
        """
        own, words = folder.vocabulary, corpus.vocabulary.words
        if folder.manifest.base is None or words == own.words or any(word not in own for word in words[_SPECIAL:]):
            return corpus
        check_read_alike(corpus, folder.manifest.prepare, folder.user_words, str(folder.path))
        return TranslatedCorpus(corpus, own, folder.characters)

    def check_split(self, corpus: PreparedCorpus, split: str, texts: int) -> None:
        """See :class:`Evaluation`: a word must be known."""
        check_targets(corpus, split, texts)

    def measure(
        self, model: Predictor, corpus: PreparedCorpus, split: str, *, texts: int = 0, on_text: OnText = lambda _: None
    ) -> dict[str, Any]:
        """See :class:`Evaluation`."""
        return measure_split(model, corpus, split, texts=texts, on_text=on_text)

    def error_detection_texts(self, mix: CorpusMix) -> int:
        """See :class:`Evaluation`."""
        return most_texts(len(mix.first.vocabulary))

    def fit_error_detection(
        self, model: Predictor, mix: CorpusMix, on_text: OnText = lambda _: None
    ) -> ErrorDetection | None:
        """See :class:`Evaluation`."""
        return fit_error_detection(model, mix, mix.first.manifest.config.seed, on_text)


EVALUATION = WordEvaluation()
