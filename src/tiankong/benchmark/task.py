"""The task of every system: the same texts, blanks and candidates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tiankong.corpus.prepared import PreparedCorpus
from tiankong.evaluation.measure import Text, split_texts

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

_PREDICTIONS_AT_ONCE = 512


class Query(NamedTuple):
    """One blank: the ids of its text with <BEG> and <EOF>, and the position blanked."""

    ids: Ints
    position: int


@dataclass(frozen=True)
class Task:
    """Blanks of test texts. ``unknown`` targets are outside the vocabulary: misses for every system."""

    texts: list[Text]
    targets: Ints
    unknown: int

    def batches(self) -> Iterator[list[Text]]:
        """Batches of texts with about :data:`_PREDICTIONS_AT_ONCE` blanks, in order."""
        batch: list[Text] = []
        size = 0
        for text in self.texts:
            batch.append(text)
            size += len(text.targets)
            if size >= _PREDICTIONS_AT_ONCE:
                yield batch
                batch, size = [], 0
        if batch:
            yield batch


def make_task(corpus: PreparedCorpus, targets: int, split: str = "test") -> Task:
    """Whole texts spread evenly over the split, as many as hold ``targets`` blanks (0: all)."""
    rows = corpus.manifest.splits[split]
    share = min(1.0, targets / max(rows.targets, 1)) if targets else 1.0
    count = max(1, round(rows.texts * share))
    texts = [text for text in split_texts(corpus, split, count) if len(text.targets)]
    words = np.concatenate([text.ids[text.targets] for text in texts])
    return Task(texts, words, sum(text.unknown_targets for text in texts))


def queries(texts: list[Text]) -> Iterator[Query]:
    """The blanks of ``texts`` one by one, in the order of their targets."""
    for text in texts:
        for position in text.targets.tolist():
            yield Query(text.ids, position)
