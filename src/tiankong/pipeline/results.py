"""What the procedures give back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tiankong.training.profile import Profile


@dataclass(frozen=True)
class TrainingResult:
    """A trained model.

    ``path`` is its folder. ``metrics`` has the scores by split (``metrics["test"]["top10"]``) and facts about the
    training, as in ``metrics.json``; ``history`` a row of scores for each epoch, as in ``history.csv``. ``profile`` is
    that of the last epoch, if requested.
    """

    path: Path
    metrics: dict[str, Any]
    history: list[dict[str, float]]
    profile: Profile | None = None


@dataclass(frozen=True)
class ExportResult:
    """An exported model: its folder, and its metrics; ``metrics["test_fp32"]`` are those of the original."""

    path: Path
    metrics: dict[str, Any]


@dataclass(frozen=True)
class Evaluation:
    """How well a model answers: its folder, and the metrics by name."""

    path: Path
    metrics: dict[str, Any]
