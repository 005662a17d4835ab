"""Grouping windows into runs of the network: the one place that decides how much is computed at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from tiankong.text.network_input import Window


@dataclass(frozen=True)
class BatchLimits:
    """The most ``predictions`` and the most ``tokens``, padding included, of one run. A window that exceeds a limit by
    itself is a run of its own; one with more than ``targets`` targets is read once for each part of them.
    """

    predictions: int
    tokens: int
    targets: int

    def for_vocabulary(self, words: int) -> BatchLimits:
        """The limits where a prediction is a row of so many ``words``: fewer where a row takes megabytes."""
        most = max(1, _MOST_SCORES // words)
        return replace(self, predictions=min(self.predictions, most), targets=min(self.targets, most))


_MOST_SCORES = 1 << 25
"""Scores of words in one run: 128 MiB."""

ANSWERING = BatchLimits(predictions=32, tokens=4096, targets=256)
"""A prediction is a row of the whole vocabulary, so that few are in memory at once."""

LABELLING = BatchLimits(predictions=128, tokens=4096, targets=2)
"""A prediction is a few logits, so that only the tokens matter."""

MEASURING = BatchLimits(predictions=256, tokens=1 << 14, targets=256)
"""Predictions are ranked as they come; large batches compute fastest."""


def batches(windows: Iterable[Window], limits: BatchLimits) -> Iterator[list[Window]]:
    """Consecutive ``windows`` in runs, in order. Windows of similar length next to each other waste least padding."""
    batch: list[Window] = []
    predictions = longest = 0
    for whole in windows:
        for window in _parts(whole, limits.targets):
            longest = max(longest, window.stop - window.start)
            predictions += len(window.targets)
            if batch and (predictions > limits.predictions or longest * (len(batch) + 1) > limits.tokens):
                yield batch
                batch, predictions, longest = [], len(window.targets), window.stop - window.start
            batch.append(window)
    if batch:
        yield batch


def _parts(window: Window, targets: int) -> list[Window]:
    """The same window once for every ``targets`` of its targets, in order; once if it has none."""
    if len(window.targets) <= targets:
        return [window]
    starts = range(0, len(window.targets), targets)
    return [window._replace(targets=window.targets[start : start + targets]) for start in starts]
