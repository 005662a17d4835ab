"""Which words may be answers: those the caller names, those that keep to constraints, or all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tiankong.request.candidates import Candidate, oov_words
from tiankong.request.constraints import Constraints, affixed
from tiankong.runtime.predictor import Predictor, Reading


class AllowedAnswers:
    """Answers that may come; ``phrases`` are those of them that are several words."""

    def __init__(
        self, candidates: Sequence[Candidate] | None, constraints: Constraints | None, predictor: Predictor
    ) -> None:
        """``None`` for any word, and for no constraint."""
        if candidates is not None and constraints is not None:
            fitting = constraints.allowed([candidate.normalised for candidate in candidates])
            candidates = [candidate for candidate, fits in zip(candidates, fitting, strict=True) if fits]
        self.predictor = predictor
        self.phrases = [candidate for candidate in candidates or () if len(candidate.words) > 1]
        self._words: list[str] | None = None
        if candidates is not None:
            self._words = [candidate.words[0] for candidate in candidates if len(candidate.words) == 1]
        self._constraints = constraints
        self._allowed: NDArray[np.bool_] | None = None
        self._new = predictor.oov_words(oov_words(candidates or (), predictor))

    def reading(self) -> Reading:
        """A reading that knows all of them."""
        return Reading(self.predictor, self._new)

    def allowed(self, reading: Reading, prefix: str = "", suffix: str = "") -> NDArray[np.bool_] | None:
        """Which single words (R,) may come where ``prefix`` and ``suffix`` are given already, ``None`` for all."""
        words = reading.words()
        if self._allowed is None and self._words is not None:
            self._allowed = np.zeros(len(words), dtype=np.bool_)
            self._allowed[[reading.answer_id(word) for word in self._words]] = True
        elif self._allowed is None and self._constraints is not None:
            self._allowed = self._constraints.allowed(words)
        if not prefix and not suffix:
            return self._allowed
        return affixed(prefix, suffix).allowed(words) & (True if self._allowed is None else self._allowed)

    def phrases_with(self, prefix: str, suffix: str) -> list[Candidate]:
        """The phrases that may come where those are given already."""
        given = affixed(prefix, suffix)
        return [phrase for phrase in self.phrases if given.allow(phrase.normalised)]
