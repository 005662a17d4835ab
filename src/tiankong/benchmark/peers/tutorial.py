"""The tutorial's procedure: run for its training rate only, since the whole of it takes days."""

from __future__ import annotations

from collections.abc import Sequence

from tiankong.benchmark.peers.tutorial_procedure import measure_rate
from tiankong.benchmark.system import System, Training
from tiankong.benchmark.task import Floats
from tiankong.evaluate.measure import Text


class TutorialProcedure(System):
    """As many batches as give a stable rate."""

    label = "tutorial's procedure"
    answers = False

    def train(self) -> Training:
        """Measures the rate."""
        batches = 2 if self.budget.quick else 40
        seconds, tokens = measure_rate(self.corpus, batches, self.budget.seed)
        return Training(seconds, tokens, f"its rate over {batches} batches")

    def scores(self, texts: Sequence[Text]) -> Floats:
        """Never asked for."""
        raise NotImplementedError

    def size(self) -> int:
        """Nothing is kept."""
        return 0
