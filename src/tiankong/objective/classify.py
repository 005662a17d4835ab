"""Predicting the labels that the texts of a corpus have."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tiankong.corpus.prepared import PreparedCorpus
from tiankong.objective.labels import LabelObjective


class ClassifyObjective(LabelObjective):
    """The labels of the files that the corpus was prepared from."""

    def names(self, corpus: PreparedCorpus) -> list[str]:
        """See :class:`LabelObjective`."""
        return [label.name for label in corpus.manifest.labels]

    def labels(self, corpus: PreparedCorpus, split: str) -> NDArray[np.int32]:
        """See :class:`LabelObjective`."""
        return corpus.labels(split)


OBJECTIVE = ClassifyObjective()
