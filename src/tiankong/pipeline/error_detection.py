"""Fits error detection with a model that was just written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tiankong.artifact.error_detection import ErrorDetection
from tiankong.artifact.model_folder import open_model
from tiankong.corpus.mix import CorpusMix
from tiankong.evaluation.base import evaluation_of
from tiankong.pipeline.progress import OnProgress, counter
from tiankong.registry.tasks import TaskSpec


def error_detection_finder(
    task: TaskSpec, mix: CorpusMix, threads: int, progress: OnProgress | None
) -> Callable[[Path], ErrorDetection | None]:
    """Returns the function that fits error detection with the model in a folder, for the model writers."""
    evaluation = evaluation_of(task)

    def find(folder: Path) -> ErrorDetection | None:
        texts = evaluation.error_detection_texts(mix)
        if not texts:
            return None
        advance = counter(progress, "error detection", texts)
        return evaluation.fit_error_detection(evaluation.load(open_model(folder), threads), mix, advance)

    return find
