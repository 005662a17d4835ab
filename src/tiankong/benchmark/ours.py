"""Our own systems, trained and loaded as a user would."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence

import numpy as np

from tiankong.artifact.model_folder import CHARACTERS_FILE, CODES_FILE, ONNX_FILE, VOCABULARY_FILE
from tiankong.benchmark.system import RankingSystem, Training
from tiankong.benchmark.task import Floats
from tiankong.errors import FolderError
from tiankong.evaluate.measure import Text
from tiankong.inference.predictor import Predictor, open_predictor
from tiankong.text.network_input import Window, network_input

_MEASURED_TEXTS = 2000
"""That ``train`` measures by itself; the benchmark measures its own blanks."""


class Ours(RankingSystem):
    """``tiankong train`` with some options, then ``tiankong.load``."""

    gives_probabilities = True
    options: tuple[str, ...] = ()
    quick_options: tuple[str, ...] = ("--preset", "small", "--epochs", "2")

    def train(self) -> Training:
        """Runs the command.

        :raises FolderError: it failed.
        """
        output = self.folder / "model"
        options = self.quick_options if self.budget.quick else self.options
        if self.budget.epochs:
            options = (*options, "--epochs", str(self.budget.epochs))
        done = subprocess.run(
            [
                *(sys.executable, "-m", "tiankong", "train", str(self.corpus.folder), "--output", str(output)),
                *("--force", "--quiet", "--threads", str(self.budget.threads), "--seed", str(self.budget.seed)),
                *("--measure-limit", str(_MEASURED_TEXTS)),
                *options,
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise FolderError(f"{self.label} could not be trained: {done.stderr.strip()}")
        self._predictor: Predictor = open_predictor(output, threads=self.budget.threads)
        self._metrics = json.loads((output / "metrics.json").read_text(encoding="utf-8"))
        tokens = self._metrics["epochs"] * self.corpus.manifest.splits["train"].tokens
        return Training(self._metrics["training_seconds"], tokens, " ".join(options))

    def scores(self, texts: Sequence[Text]) -> Floats:
        """See :class:`System`."""
        windows = [Window(text.ids, 1, len(text.ids) - 1, text.targets) for text in texts]
        answers = self._predictor.session.scores(network_input(windows, self.corpus.lexicon))
        return self._predictor.decoder.log_probabilities(np.asarray(answers))

    def size(self) -> int:
        """The exported network and what is read beside it."""
        return sum(
            (self.folder / "model" / name).stat().st_size
            for name in (ONNX_FILE, VOCABULARY_FILE, CHARACTERS_FILE, CODES_FILE)
            if (self.folder / "model" / name).exists()
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
    options = ("--preset", "tutorial", "--epochs", "12")
    quick_options = ("--preset", "tutorial", "--epochs", "1", "--hidden-size", "32")
