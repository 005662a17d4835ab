"""The answers that a request allows: the targets it names, the words that meet its constraints, or all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from tiankong.request.candidates import Candidate, oov_words, parse_candidates
from tiankong.request.constraints import Constraints, affixed
from tiankong.request.queries import Query
from tiankong.runtime.predictor import Predictor
from tiankong.runtime.reading import Reading
from tiankong.text.normalise import normalise


class AllowedAnswers:
    """The answers that may come; ``phrases`` are those of several words."""

    def __init__(
        self, candidates: Sequence[Candidate] | None, constraints: Constraints | None, predictor: Predictor
    ) -> None:
        """``None`` allows any word, and sets no constraint."""
        if candidates is not None and constraints is not None:
            method = predictor.folder.manifest.prepare.normalisation
            typed = [normalise(candidate.text, method) for candidate in candidates]
            fitting = constraints.allowed([candidate.normalised for candidate in candidates], typed)
            candidates = [candidate for candidate, fits in zip(candidates, fitting, strict=True) if fits]
        self.predictor = predictor
        self.phrases = [candidate for candidate in candidates or () if len(candidate.words) > 1]
        self._shown = {} if constraints is None else dict(constraints.shown)
        self._shown |= {one.words[0]: one.shown for one in candidates or () if len(one.words) == 1}
        self._words: list[str] | None = None
        if candidates is not None:
            self._words = [candidate.words[0] for candidate in candidates if len(candidate.words) == 1]
        self._constraints = constraints
        self._allowed: NDArray[np.bool_] | None = None
        self._oov = None if candidates is None else predictor.oov_words(oov_words(candidates, predictor))

    def shown(self, words: Sequence[str], query: Query, blank: int) -> list[str]:
        """Answers for a blank as the user reads them: targets as they were given, other words as people write them."""
        written = query.written(words, blank)
        return [self._shown.get(word, other) for word, other in zip(words, written, strict=True)]

    def reading(self) -> Reading:
        """A reading that has all of them as answers."""
        return Reading(self.predictor, self._oov)

    def allowed(self, reading: Reading, prefix: str = "", suffix: str = "") -> NDArray[np.bool_] | None:
        """Which single words (R,) are allowed for a blank with this ``prefix`` and ``suffix``; ``None`` for all."""
        if self._allowed is None and self._words is not None:
            self._allowed = np.zeros(len(reading.words()), dtype=np.bool_)
            self._allowed[[reading.answer_id(word) for word in self._words]] = True
        elif self._allowed is None and self._constraints is not None:
            self._allowed = self._constraints.allowed(reading.words())
        if not prefix and not suffix:
            return self._allowed
        return affixed(prefix, suffix).allowed(reading.words()) & (True if self._allowed is None else self._allowed)

    def allows(self, texts: Sequence[str]) -> list[bool]:
        """Which of ``texts``, which are no answers of :meth:`reading`, are allowed."""
        if self._words is not None:
            return [False] * len(texts)
        return [True] * len(texts) if self._constraints is None else self._constraints.allowed(texts).tolist()

    def phrases_with(self, prefix: str, suffix: str) -> list[Candidate]:
        """The phrases that are allowed for a blank with this ``prefix`` and ``suffix``."""
        form = affixed(prefix, suffix)
        return [phrase for phrase in self.phrases if form.allow(phrase.normalised)]


def allowed_by_reader(
    targets: Sequence[str] | None, constraints_of: Callable[[Predictor], Constraints | None]
) -> Callable[[Predictor], AllowedAnswers]:
    """Gives the allowed answers to sentences by the predictor that reads them: each reads ``targets`` and constraints
    in its own script, once.
    """

    @cache
    def allowed_answers(reader: Predictor) -> AllowedAnswers:
        candidates = None if targets is None else parse_candidates(targets, reader, in_one_script=True)
        return AllowedAnswers(candidates, constraints_of(reader), reader)

    return allowed_answers
