"""Calibration: the probability of the best answer against how often it is right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

BINS = 15


class Reliability:
    """Best answers by their probability, in :data:`BINS` bins of equal width (Guo et al. 2017, section 2)."""

    def __init__(self) -> None:
        self._answers = np.zeros(BINS)
        self._probability = np.zeros(BINS)
        self._right = np.zeros(BINS)

    def add(self, probability: NDArray[np.float32], right: NDArray[np.bool_]) -> None:
        """The probabilities (N,) of best answers, and whether each was right (N,)."""
        bins = np.clip((probability * BINS).astype(int), 0, BINS - 1)
        self._answers += np.bincount(bins, minlength=BINS)
        self._probability += np.bincount(bins, weights=probability, minlength=BINS)
        self._right += np.bincount(bins, weights=right, minlength=BINS)

    def add_table(self, table: Sequence[Sequence[float]], weight: float) -> None:
        """Adds what :meth:`table` gave, each answer with that weight."""
        for probability, right, answers in table:
            row = min(int(probability * BINS), BINS - 1)
            self._answers[row] += weight * answers
            self._probability[row] += weight * answers * probability
            self._right[row] += weight * answers * right

    @property
    def error(self) -> float:
        """Expected calibration error: the mean difference between probability and accuracy, weighted by answers."""
        return float(np.abs(self._probability - self._right).sum() / self._answers.sum())

    def table(self) -> list[list[float]]:
        """Mean probability, accuracy and number of answers of each bin that has any."""
        filled = self._answers > 0
        answers = self._answers[filled]
        columns = (self._probability[filled] / answers, self._right[filled] / answers, answers)
        return [[float(value) for value in row] for row in np.stack(columns, axis=1)]
