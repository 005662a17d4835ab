"""What a word must be like to be an answer: applied before ranking, so that k answers come if k fitting words exist."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from tiankong.errors import OptionError


class ConstraintOptions(TypedDict, total=False):
    """Keyword arguments of ``Model.fill`` that make :class:`Constraints`; all that are given must hold.

    ``length`` in characters: a number, or the least and the most. ``pattern`` is a regular expression for the whole
    word. ``exclude`` are words that may not be answers.
    """

    starts_with: str
    ends_with: str
    contains: str
    length: int | tuple[int, int] | None
    pattern: str
    exclude: Sequence[str]


@dataclass(frozen=True)
class Constraints:
    """Checked constraints."""

    starts_with: str = ""
    ends_with: str = ""
    contains: str = ""
    shortest: int = 1
    longest: int = 10**9
    pattern: re.Pattern[str] | None = None
    exclude: frozenset[str] = frozenset()

    def allow(self, word: str) -> bool:
        """Whether ``word`` may be an answer."""
        return (
            self.shortest <= len(word) <= self.longest
            and word.startswith(self.starts_with)
            and word.endswith(self.ends_with)
            and self.contains in word
            and word not in self.exclude
            and (self.pattern is None or self.pattern.fullmatch(word) is not None)
        )

    def allowed(self, words: Sequence[str]) -> NDArray[np.bool_]:
        """Which of ``words`` (V,) may be answers."""
        return np.fromiter(map(self.allow, words), dtype=bool, count=len(words))


def check_constraints(
    options: ConstraintOptions, normalise: Callable[[str], str]
) -> tuple[Constraints | None, list[str]]:
    """The constraints of ``options``, ``None`` if there are none, and every reason why they can't be used.

    ``normalise`` makes of what was typed what the vocabulary has; a pattern is taken as it is.
    """
    problems = [
        f"{name} must be a string, not {type(options[name]).__name__}"
        for name in ("starts_with", "ends_with", "contains", "pattern")
        if name in options and not isinstance(options[name], str)
    ]
    shortest, longest = _lengths(options.get("length"), problems)
    excluded = options.get("exclude", ())
    if not isinstance(excluded, list | tuple | set | frozenset) or not all(isinstance(word, str) for word in excluded):
        problems.append("exclude must be a list of words")
    unknown = sorted(set(options) - set(ConstraintOptions.__annotations__))
    if unknown:
        known = ", ".join(ConstraintOptions.__annotations__)
        problems.append(f"there is no constraint {', '.join(unknown)}: the constraints are {known}")
    if problems:
        return None, problems
    pattern = None
    if options.get("pattern"):
        try:
            pattern = re.compile(options["pattern"])
        except re.error as error:
            return None, [f"pattern {options['pattern']!r} is no regular expression: {error}"]
    constraints = Constraints(
        normalise(options.get("starts_with", "")),
        normalise(options.get("ends_with", "")),
        normalise(options.get("contains", "")),
        shortest,
        longest,
        pattern,
        frozenset(map(normalise, excluded)),
    )
    return (None if constraints == Constraints() else constraints), []


def parse_length(text: str) -> int | tuple[int, int]:
    """``2`` or ``2-4``, as the command line has it.

    :raises OptionError: it is neither.
    """
    found = re.fullmatch(r"(\d{1,6})(?:-(\d{1,6}))?", text)
    if not found:
        raise OptionError(f"the length {text!r} is not of the form 2 or 2-4")
    return int(found[1]) if found[2] is None else (int(found[1]), int(found[2]))


def _lengths(length: Any, problems: list[str]) -> tuple[int, int]:
    if length is None:
        return Constraints.shortest, Constraints.longest
    lowest, highest = length if isinstance(length, tuple | list) and len(length) == 2 else (length, length)
    if not all(type(number) is int for number in (lowest, highest)):
        problems.append(f"length must be a number or two, the least and the most, not {length!r}")
    elif not 1 <= lowest <= highest:
        problems.append(f"length must be at least 1 and the most not below the least, not {length!r}")
    else:
        return lowest, highest
    return Constraints.shortest, Constraints.longest
