"""How models of a task are measured on a prepared corpus: the interface behind ``TaskSpec.evaluation``."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from tiankong.artifact.error_detection import ErrorDetection
from tiankong.artifact.model_folder import ModelFolder
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.registry.tasks import TaskSpec

Loaded = TypeVar("Loaded")

OnText = Callable[[int], None]
"""Hears of texts as they are read."""


class Evaluation(ABC, Generic[Loaded]):
    """Measures models that answer in one way."""

    @abstractmethod
    def load(self, folder: ModelFolder) -> Loaded:
        """Opens a model for answering."""

    def check_split(self, corpus: PreparedCorpus, split: str, texts: int) -> None:
        """Makes sure, before a model is trained, that so many ``texts`` of a split can be measured.

        :raises FolderError: they can't.
        """

    def check_model(self, folder: ModelFolder, corpus: PreparedCorpus) -> None:
        """Makes sure that ``corpus`` is one to measure the model on.

        :raises FolderError: it is not.
        """

    @abstractmethod
    def measure(
        self, model: Loaded, corpus: PreparedCorpus, split: str, *, texts: int = 0, on_text: OnText = lambda _: None
    ) -> dict[str, Any]:
        """Scores of a model on a split, or on ``texts`` of its texts spread evenly.

        :raises FolderError: the corpus is not one to measure it on.
        """

    @property
    def error_detection_texts(self) -> int:
        """Texts that :meth:`fit_error_detection` reads at most, 0 where it does nothing."""
        return 0

    def fit_error_detection(
        self,
        model: Loaded,  # noqa: ARG002
        corpus: PreparedCorpus,  # noqa: ARG002
        on_text: OnText = lambda _: None,  # noqa: ARG002
    ) -> ErrorDetection | None:
        """How the model is to judge words that don't fit; ``None`` if it can't."""
        return None


def evaluation_of(task: TaskSpec) -> Evaluation[Any]:
    """The evaluation of a task."""
    evaluation: Evaluation[Any] = importlib.import_module(task.evaluation).EVALUATION
    return evaluation
