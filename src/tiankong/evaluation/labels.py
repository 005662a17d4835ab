"""Measures classifiers."""

from __future__ import annotations

from typing import Any

from tiankong.artifact.model_folder import ModelFolder
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.evaluation.base import Evaluation, OnText
from tiankong.evaluation.labelled import check_labels_known, measure_labelled_split
from tiankong.runtime.classifier import Classifier


class LabelEvaluation(Evaluation[Classifier]):
    """The labels of texts."""

    def load(self, folder: ModelFolder, threads: int = 0) -> Classifier:
        """See :class:`Evaluation`."""
        return Classifier(folder, threads)

    def check_model(self, folder: ModelFolder, corpus: PreparedCorpus) -> None:
        """See :class:`Evaluation`: the model must know every label of the corpus."""
        check_labels_known(corpus, folder)

    def measure(
        self, model: Classifier, corpus: PreparedCorpus, split: str, *, texts: int = 0, on_text: OnText = lambda _: None
    ) -> dict[str, Any]:
        """See :class:`Evaluation`."""
        return measure_labelled_split(model, corpus, split, texts=texts, on_text=on_text)


EVALUATION = LabelEvaluation()
