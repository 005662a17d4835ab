"""How models of a task are measured on a prepared corpus: the interface behind ``TaskSpec.evaluation``."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from tiankong.artifact.error_detection import ErrorDetection
from tiankong.artifact.model_folder import ModelFolder
from tiankong.corpus.mix import CorpusMix
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.registry.tasks import TaskSpec

Loaded = TypeVar("Loaded")

OnText = Callable[[int], None]
"""Called with the number of texts read since the last call."""


class Evaluation(ABC, Generic[Loaded]):
    """Measures models that give one kind of answer."""

    @abstractmethod
    def load(self, folder: ModelFolder, threads: int = 0) -> Loaded:
        """Opens a model for answering with so many ``threads``; 0 means one per processor that this process may use."""

    def check_split(self, corpus: PreparedCorpus, split: str, texts: int) -> None:
        """Checks, before a model is trained, that this many ``texts`` of a split can be measured.

        :raises FolderError: they can't.
        """

    def check_model(self, folder: ModelFolder, corpus: PreparedCorpus) -> None:
        """Checks that the model can be measured on ``corpus``.

        :raises FolderError: it can't.
        """

    def as_read(self, folder: ModelFolder, corpus: PreparedCorpus) -> PreparedCorpus:  # noqa: ARG002
        """``corpus`` as the model reads it."""
        return corpus

    @abstractmethod
    def measure(
        self, model: Loaded, corpus: PreparedCorpus, split: str, *, texts: int = 0, on_text: OnText = lambda _: None
    ) -> dict[str, Any]:
        """Scores of a model on a split, or on ``texts`` of its texts spread evenly.

        :raises FolderError: the model can't be measured on this corpus.
        """

    def error_detection_texts(self, mix: CorpusMix) -> int:  # noqa: ARG002
        """The most texts of ``mix`` that :meth:`fit_error_detection` reads; 0 if it does nothing."""
        return 0

    def fit_error_detection(
        self,
        model: Loaded,  # noqa: ARG002
        mix: CorpusMix,  # noqa: ARG002
        on_text: OnText = lambda _: None,  # noqa: ARG002
    ) -> ErrorDetection | None:
        """The weights and thresholds by which the model judges words; ``None`` if it can't."""
        return None


def evaluation_of(task: TaskSpec) -> Evaluation[Any]:
    """The evaluation of a task."""
    evaluation: Evaluation[Any] = importlib.import_module(task.evaluation).EVALUATION
    return evaluation
