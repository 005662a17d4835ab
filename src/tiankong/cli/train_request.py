"""What every ``tiankong train`` is asked for, whatever it trains."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tiankong.cli.display import progress

if TYPE_CHECKING:
    from tiankong.corpus.prepared import PreparedCorpus
    from tiankong.training.run import Display
    from tiankong.training.run_folder import Work

_SAMPLE = 2000
"""Texts of the training split that are measured at most."""

MeasureSplit = Callable[[str, int, Callable[[int], None]], dict[str, Any]]
"""Measures so many texts of the split of that name, and says how far it is."""


@dataclass(frozen=True)
class Order:
    """What to train on, where to write, how to show it, and how many texts of a split to measure (0: all)."""

    corpus: PreparedCorpus
    output: Path
    work: Work
    display: Display
    measure_limit: int
    quiet: bool

    @property
    def sizes(self) -> dict[str, int]:
        """How many texts of each split are measured."""
        splits = self.corpus.manifest.splits
        sizes = {name: min(self.measure_limit or splits[name].texts, splits[name].texts) for name in splits}
        return {**sizes, "train": min(_SAMPLE, sizes["train"])}

    def measured(self, measure: MeasureSplit) -> dict[str, Any]:
        """What ``measure`` finds, by split."""
        sizes = self.sizes
        with progress("measuring", sum(sizes.values()), quiet=self.quiet) as advance:
            return {name: measure(name, size, advance) for name, size in sizes.items()}
