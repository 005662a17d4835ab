"""Our own systems, trained and loaded as users do."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, TextIO

from tiankong.artifact.model_folder import (
    CHARACTERS_FILE,
    CODES_FILE,
    METRICS_FILE,
    ONNX_FILE,
    TYPED_FORMS_FILE,
    VOCABULARY_FILE,
)
from tiankong.benchmark.system import Budget, RankingSystem, Training
from tiankong.benchmark.task import Floats
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.errors import FolderError
from tiankong.evaluation.measure import Text
from tiankong.pipeline.progress import Progress
from tiankong.pipeline.train import can_resume, train
from tiankong.runtime.predictor import Predictor, open_predictor
from tiankong.text.network_input import Window, network_input

LOG_FILE = "train.log"
"""The log of the training's progress, in the system's folder."""

_MEASURED_TEXTS = 2000
"""Texts of a split that the training measures at its end; the benchmark measures its own blanks."""


class Ours(RankingSystem):
    """``tiankong.train`` with some settings, then ``tiankong.load``."""

    gives_probabilities = True
    settings: ClassVar[dict[str, Any]] = {"preset": "default"}
    """Keyword arguments of the training."""

    epochs = 0
    """Used if the budget sets none; 0 for the preset's."""

    quick_settings: ClassVar[dict[str, Any]] = {"preset": "small", "epochs": 2}

    def train(self) -> Training:
        """Trains a model, or resumes its training if that was stopped.

        :raises TiankongError: it can't be trained.
        """
        settings = self.quick_settings if self.budget.quick else self.settings
        epochs = self.budget.epochs or (0 if self.budget.quick else self.epochs)
        if epochs:
            settings = {**settings, "epochs": epochs}
        output = self.folder / "model"
        resume = can_resume(output)
        with (self.folder / LOG_FILE).open("a", encoding="utf-8") as log:
            result = train(
                self.corpus,
                output,
                resume=resume,
                force=not resume,
                profile=True,
                measure_limit=_MEASURED_TEXTS,
                threads=self.budget.threads,
                seed=self.budget.seed,
                progress=partial(_log, log),
                **settings,
            )
        self._open(output, result.metrics)
        note = " ".join(f"--{name.replace('_', '-')} {value}" for name, value in settings.items())
        profile = "" if result.profile is None else f"; {str(result.profile).removeprefix('profile | ')}"
        return self._trained(note + profile)

    def _open(self, model: Path, metrics: dict[str, Any]) -> None:
        self._model = model
        self._metrics = metrics
        self._predictor: Predictor = open_predictor(model, threads=self.budget.threads)

    def _trained(self, note: str) -> Training:
        tokens = self._metrics["epochs"] * self.corpus.manifest.splits["train"].tokens
        processor_seconds = self._metrics.get("training_processor_seconds", 0.0)
        return Training(self._metrics["training_seconds"], tokens, note, processor_seconds)

    def scores(self, texts: Sequence[Text]) -> Floats:
        """See :class:`System`."""
        windows = [Window(text.ids, 1, len(text.ids) - 1, text.targets) for text in texts]
        outputs = self._predictor.session.run(network_input(windows, self.corpus.lexicon))
        return self._predictor.decoder.log_probabilities(outputs["scores"])

    def size(self) -> int:
        """The exported network and what is read beside it."""
        return sum(
            (self._model / name).stat().st_size
            for name in (ONNX_FILE, VOCABULARY_FILE, CHARACTERS_FILE, CODES_FILE, TYPED_FORMS_FILE)
            if (self._model / name).exists()
        )

    def bit_accuracy(self) -> float | None:
        """Over :data:`_MEASURED_TEXTS` texts of the test split."""
        share = self._metrics["test"].get("bit_accuracy")
        return None if share is None else float(share)


def _log(file: TextIO, step: Progress) -> None:
    """Writes the progress of a training to a log file."""
    if step.message:
        print(step.message, file=file, flush=True)


class Softmax(Ours):
    """The default preset."""

    label = "**tiankong** softmax (default)"


class Codes(Ours):
    """The default preset with word codes."""

    label = "tiankong codes"
    needs_codes = True
    settings: ClassVar[dict[str, Any]] = {**Ours.settings, "head": "codes"}
    quick_settings: ClassVar[dict[str, Any]] = {**Ours.quick_settings, "head": "codes"}


class Hybrid(Ours):
    """The default preset with codes for all but the most frequent words."""

    label = "tiankong hybrid"
    needs_codes = True
    settings: ClassVar[dict[str, Any]] = {**Ours.settings, "head": "hybrid"}
    quick_settings: ClassVar[dict[str, Any]] = {**Ours.quick_settings, "head": "hybrid", "frequent_words": 100}


class TutorialPreset(Ours):
    """The tutorial's network on our trainer."""

    label = "tiankong, tutorial's network"
    needs_codes = True
    settings: ClassVar[dict[str, Any]] = {"preset": "tutorial"}
    epochs = 12
    quick_settings: ClassVar[dict[str, Any]] = {"preset": "tutorial", "epochs": 1, "hidden_size": 32}


SYSTEMS: dict[str, type[Ours]] = {
    "softmax": Softmax,
    "codes": Codes,
    "hybrid": Hybrid,
    "tutorial-network": TutorialPreset,
}
"""Those that are trained here, by name."""


class Trained(Ours):
    """An existing model folder, for comparison with a longer training."""

    def __init__(self, corpus: PreparedCorpus, budget: Budget, folder: Path, model: Path) -> None:
        """``model`` is the folder."""
        super().__init__(corpus, budget, folder)
        self.label = f"tiankong, {model.name} as given"
        self._given = model

    def train(self) -> Training:
        """Opens the folder.

        :raises FolderError: it is damaged or has no metrics.
        """
        try:
            metrics = json.loads((self._given / METRICS_FILE).read_text(encoding="utf-8"))
            self._open(self._given, metrics)
        except (OSError, ValueError):
            raise FolderError(f"{self._given} has no {METRICS_FILE} that can be read: train the model again") from None
        epochs = self._metrics["epochs"]
        return self._trained(f"trained before, {epochs} epoch{'s' * (epochs != 1)}")
