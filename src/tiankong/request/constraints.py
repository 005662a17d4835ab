"""Constraints on answers. They filter before ranking, so there are k answers whenever k words match."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tiankong.request.patterns import matching

if TYPE_CHECKING:
    import regex


@dataclass(frozen=True)
class Constraints:
    """Checked constraints; ``as_shown`` tells which words meet those on how words are shown, ``shown`` are words
    that are shown as a constraint has them.
    """

    starts_with: str = ""
    ends_with: str = ""
    contains: str = ""
    pattern: regex.Pattern[str] | None = None
    shortest: int = 1
    longest: int = 10**9
    exclude: frozenset[str] = frozenset()
    as_shown: Callable[[Sequence[str], Sequence[str] | None], NDArray[np.bool_]] | None = None
    shown: Mapping[str, str] = field(default_factory=dict)

    def allow(self, word: str) -> bool:
        """Whether ``word`` meets every constraint but the pattern."""
        return (
            self.shortest <= len(word) <= self.longest
            and word.startswith(self.starts_with)
            and word.endswith(self.ends_with)
            and self.contains in word
            and word not in self.exclude
        )

    def allowed(self, words: Sequence[str], typed: Sequence[str] | None = None) -> NDArray[np.bool_]:
        """Which of ``words`` (V,) meet the constraints; those that are shown as ``typed`` meet a pattern so.

        :raises OptionError: the pattern takes longer than :data:`~tiankong.request.patterns.LONGEST_MATCHING`.
        """
        allowed = np.fromiter(map(self.allow, words), dtype=bool, count=len(words))
        if self.pattern is not None:
            numbers = np.flatnonzero(allowed).tolist()
            shown = words if typed is None or self.as_shown is not None else typed
            allowed[numbers] = matching(self.pattern, [shown[number] for number in numbers])
        if self.as_shown is not None and allowed.any():
            numbers = np.flatnonzero(allowed).tolist()
            as_typed = None if typed is None else [typed[number] for number in numbers]
            allowed[numbers] = self.as_shown([words[number] for number in numbers], as_typed)
        return allowed


def affixed(prefix: str, suffix: str) -> Constraints:
    """Constraints for a word that begins with ``prefix``, ends with ``suffix`` and has something in between."""
    return Constraints(starts_with=prefix, ends_with=suffix, shortest=len(prefix) + 1 + len(suffix))
