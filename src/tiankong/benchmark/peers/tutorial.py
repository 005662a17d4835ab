"""The tutorial's procedure: run for its training rate only, since the whole of it takes days."""

from __future__ import annotations

from tiankong.benchmark.peers.tutorial_procedure import measure_rate
from tiankong.benchmark.system import System, Training


class TutorialProcedure(System):
    """As many batches as give a stable rate."""

    label = "tutorial's procedure"
    needs_codes = True

    def train(self) -> Training:
        """Measures the rate."""
        batches = 2 if self.budget.quick else 40
        seconds, tokens = measure_rate(self.corpus, batches, self.budget.seed)
        return Training(seconds, tokens, f"its rate over {batches} batches")
