"""What a task's trainer is given, and what it gives back.

The trainer is the module that the task's row in the registry names; its ``fit`` takes a :class:`TrainingRequest` and
returns a :class:`Trained`.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from tiankong.artifact.base_model import BaseModel
from tiankong.config import ClassifierConfig, ModelConfig, TrainingConfig
from tiankong.corpus.mix import CorpusMix
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.network.context import ContextNetwork
from tiankong.objective.base import Row
from tiankong.registry.tasks import TaskSpec
from tiankong.text.network_input import Lexicon
from tiankong.training.run_folder import Work
from tiankong.training.trainer import Observer


@dataclass(frozen=True)
class TrainingRequest:
    """What to train on what; ``base`` is the model to start from."""

    task: TaskSpec
    mix: CorpusMix
    model: ModelConfig
    training: TrainingConfig
    classifier: ClassifierConfig
    work: Work
    observer: Observer = field(default_factory=Observer)
    base: BaseModel | None = None

    @property
    def corpus(self) -> PreparedCorpus:
        """The first corpus, whose words and settings all share."""
        return self.mix.first

    @property
    def names(self) -> dict[str, Any]:
        """What people call the parts of the request: see :func:`~tiankong.training.run_folder.started_run`."""
        return {
            "corpora": [[part.name, part.corpus.fingerprint] for part in self.mix.parts],
            "weights": self.mix.weights,
            "base": self.base.folder.path.name if self.base else None,
        }


@dataclass(frozen=True)
class Trained:
    """The best network of a run and what each evaluation measured; ``best_epoch`` counts from 1, 0 is before the first,
    and 1.25 within the second.

    The model reads by the words in the folder ``words``; they are the first ``word_count`` of the ``lexicon``.
    ``tables`` are the text of files, by name, that stand in place of those there.
    ``fields`` belong in its manifest, ``metrics`` in its metrics, and answering needs the ``arrays``.
    """

    network: ContextNetwork
    rows: list[Row]
    best_epoch: float
    words: Path
    word_count: int
    lexicon: Lexicon
    fields: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)
    tables: dict[str, str] = field(default_factory=dict)


def fit(request: TrainingRequest) -> Trained:
    """Trains as requested and returns the weights of the best epoch.

    :raises OptionError: the settings can't be used together or on this machine, or the run to resume is another one.
    :raises FolderError: the corpus has nothing to learn; as :func:`~tiankong.training.run_folder.started_run`; a
        checkpoint is damaged.
    :raises TrainingInterrupted: after Ctrl-C or SIGTERM; calling again with ``resume`` goes on.
    """
    trained: Trained = importlib.import_module(request.task.trainer).fit(request)
    return trained
