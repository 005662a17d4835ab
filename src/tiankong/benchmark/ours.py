"""Our own systems, trained and loaded as a user would."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tiankong.artifact.model_folder import CHARACTERS_FILE, CODES_FILE, METRICS_FILE, ONNX_FILE, VOCABULARY_FILE
from tiankong.benchmark.system import Budget, RankingSystem, Training
from tiankong.benchmark.task import Floats
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.errors import FolderError
from tiankong.evaluation.measure import Text
from tiankong.runtime.predictor import Predictor, open_predictor
from tiankong.text.network_input import Window, network_input
from tiankong.training.run_folder import Work

LOG_FILE = "train.log"
"""What ``train`` says while it runs, in the system's folder."""

_MEASURED_TEXTS = 2000
"""That ``train`` measures by itself; the benchmark measures its own blanks."""


class Ours(RankingSystem):
    """``tiankong train`` with some options, then ``tiankong.load``."""

    gives_probabilities = True
    options: tuple[str, ...] = ()
    epochs = 0
    """Where the budget leaves it to the system; 0 for the preset's."""

    quick_options: tuple[str, ...] = ("--preset", "small", "--epochs", "2")

    def train(self) -> Training:
        """Runs the command.

        :raises FolderError: it failed.
        """
        output = self.folder / "model"
        options, epochs = (self.quick_options, 0) if self.budget.quick else (self.options, self.epochs)
        epochs = self.budget.epochs or epochs
        if epochs:
            options = (*options, "--epochs", str(epochs))
        # A training that was stopped goes on, like the benchmark itself.
        start = "--resume" if Work(output.with_name("model.training")).has_checkpoint else "--force"
        log = self.folder / LOG_FILE
        with log.open("a", encoding="utf-8") as file:
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "tiankong", "train", str(self.corpus.folder), "--output", str(output)),
                    *(start, "--profile", "--threads", str(self.budget.threads), "--seed", str(self.budget.seed)),
                    *("--measure-limit", str(_MEASURED_TEXTS)),
                    *options,
                ],
                stdout=subprocess.DEVNULL,
                stderr=file,
            )
            try:
                process.wait()
            except KeyboardInterrupt:
                process.wait()  # Ctrl-C reached it too: it saves where it is
                raise
            except SystemExit:  # told to stop: so is it, and saves where it is
                process.send_signal(signal.SIGINT)
                process.wait()
                raise
        lines = log.read_text(encoding="utf-8").splitlines()
        if process.returncode:
            raise FolderError(f"{self.label} could not be trained: {lines[-1] if lines else 'it said nothing'}")
        self._open(output)
        profiles = [line.removeprefix("profile | ") for line in lines if line.startswith("profile | ")]
        return self._trained("; ".join([" ".join(options), *profiles[-1:]]))

    def _open(self, model: Path) -> None:
        self._model = model
        self._predictor: Predictor = open_predictor(model, threads=self.budget.threads)
        self._metrics = json.loads((model / METRICS_FILE).read_text(encoding="utf-8"))

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
            for name in (ONNX_FILE, VOCABULARY_FILE, CHARACTERS_FILE, CODES_FILE)
            if (self._model / name).exists()
        )

    def bit_accuracy(self) -> float | None:
        """Over :data:`_MEASURED_TEXTS` texts of the test split."""
        share = self._metrics["test"].get("bit_accuracy")
        return None if share is None else float(share)


class Softmax(Ours):
    """The default preset."""

    label = "**tiankong** softmax (default)"
    options = ("--preset", "default")


class Codes(Ours):
    """The default preset with word codes."""

    label = "tiankong codes"
    needs_codes = True
    options = ("--preset", "default", "--head", "codes")
    quick_options = (*Ours.quick_options, "--head", "codes")


class Hybrid(Ours):
    """The default preset with vectors of their own for the most frequent words only."""

    label = "tiankong hybrid"
    needs_codes = True
    options = ("--preset", "default", "--head", "hybrid")
    quick_options = (*Ours.quick_options, "--head", "hybrid", "--frequent-words", "100")


class TutorialPreset(Ours):
    """The tutorial's network on our trainer."""

    label = "tiankong, tutorial's network"
    needs_codes = True
    options = ("--preset", "tutorial")
    epochs = 12
    quick_options = ("--preset", "tutorial", "--epochs", "1", "--hidden-size", "32")


class Trained(Ours):
    """A model folder that was trained before, for a longer training than the others get."""

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
            self._open(self._given)
        except (OSError, ValueError):
            raise FolderError(f"{self._given} has no {METRICS_FILE} that can be read: train the model again") from None
        epochs = self._metrics["epochs"]
        return self._trained(f"trained before, {epochs} epoch{'s' * (epochs != 1)}")
