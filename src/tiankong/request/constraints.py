"""What a word must be like to be an answer: applied before ranking, so that k answers come if k fitting words exist."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from tiankong.errors import OptionError
from tiankong.request.patterns import compile_pattern, matching
from tiankong.request.whole_number import is_whole
from tiankong.text.normalise import surrogate_in

if TYPE_CHECKING:
    import regex


class ConstraintOptions(TypedDict, total=False):
    """Keyword arguments of ``Model.fill`` that make :class:`Constraints`; all that are given must hold.

    ``length`` in characters: a number, or the least and the most. ``pattern`` is a regular expression for the whole
    word. ``exclude`` are words that may not be answers.
    """

    starts_with: str | None
    ends_with: str | None
    contains: str | None
    pattern: str | None
    length: int | tuple[int, int] | None
    exclude: Sequence[str]


@dataclass(frozen=True)
class Constraints:
    """Checked constraints."""

    starts_with: str = ""
    ends_with: str = ""
    contains: str = ""
    pattern: regex.Pattern[str] | None = None
    shortest: int = 1
    longest: int = 10**9
    exclude: frozenset[str] = frozenset()

    def allow(self, word: str) -> bool:
        """Whether ``word`` may be an answer, the pattern apart."""
        return (
            self.shortest <= len(word) <= self.longest
            and word.startswith(self.starts_with)
            and word.endswith(self.ends_with)
            and self.contains in word
            and word not in self.exclude
        )

    def allowed(self, words: Sequence[str]) -> NDArray[np.bool_]:
        """Which of ``words`` (V,) may be answers.

        :raises OptionError: the pattern takes longer than :data:`~tiankong.request.patterns.LONGEST_MATCHING`.
        """
        allowed = np.fromiter(map(self.allow, words), dtype=bool, count=len(words))
        if self.pattern is not None:
            left = np.flatnonzero(allowed).tolist()
            allowed[left] = matching(self.pattern, [words[number] for number in left])
        return allowed


def affixed(prefix: str, suffix: str) -> Constraints:
    """What is asked of a word that begins and ends with these and has something between them."""
    return Constraints(starts_with=prefix, ends_with=suffix, shortest=len(prefix) + 1 + len(suffix))


def check_constraints(
    options: ConstraintOptions, normalise: Callable[[str], str]
) -> tuple[Constraints | None, list[str]]:
    """The constraints of ``options``, ``None`` if there are none, and every reason why they can't be used.

    ``normalise`` makes of what was typed what the vocabulary has.
    """
    problems: list[str] = []
    starts_with, ends_with, contains = (
        _text(name, options, normalise, problems) for name in ("starts_with", "ends_with", "contains")
    )
    # Where case is folded, words have none.
    pattern = None
    given = _string("pattern", options, problems)
    if given is not None:
        try:
            pattern = compile_pattern(given, any_case=normalise("A") == normalise("a"))
        except OptionError as error:
            problems += error.problems
    shortest, longest = _lengths(options.get("length"), problems)
    excluded = options.get("exclude", ())
    if not isinstance(excluded, list | tuple | set | frozenset) or not all(isinstance(word, str) for word in excluded):
        problems.append("exclude must be a list of words")
    elif any(surrogate_in(word) is not None for word in excluded):
        problems.append("exclude has a word that is no valid Unicode: convert it to UTF-8")
    elif not all(normalise(word) for word in excluded):
        problems.append("exclude has an empty word: leave it out")
    unknown = sorted(set(options) - set(ConstraintOptions.__annotations__))
    if unknown:
        known = ", ".join(["targets", *ConstraintOptions.__annotations__])
        problems.append(f"there is no constraint {', '.join(unknown)}: the constraints are {known}")
    if problems:
        return None, problems
    constraints = Constraints(
        starts_with, ends_with, contains, pattern, shortest, longest, frozenset(map(normalise, excluded))
    )
    return (None if constraints == Constraints() else constraints), []


def _string(name: str, options: Mapping[str, Any], problems: list[str]) -> str | None:
    """What was given for ``name``, ``None`` if nothing was or it can't be read."""
    given = options.get(name)
    if given is None:
        return None
    if not isinstance(given, str):
        problems.append(f"{name} must be a string, not {type(given).__name__}")
        return None
    if surrogate_in(given) is not None:
        problems.append(f"{name} {given!r} is no valid Unicode: convert it to UTF-8")
        return None
    return given


def _text(name: str, options: Mapping[str, Any], normalise: Callable[[str], str], problems: list[str]) -> str:
    """What was given for ``name``, empty if nothing was."""
    given = _string(name, options, problems)
    if given is None:
        return ""
    text = normalise(given)
    if not text:
        nothing = f"{name} {given!r} has no character that words have" if given.strip() else f"{name} is empty"
        problems.append(f"{nothing}: leave it out, or write what the word must have")
    return text


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
    if not all(map(is_whole, (lowest, highest))):
        problems.append(f"length must be a number or two, the least and the most, not {length!r}")
    elif not 1 <= lowest <= highest:
        problems.append(f"length must be at least 1 and the most not below the least, not {lowest} to {highest}")
    else:
        return lowest, highest
    return Constraints.shortest, Constraints.longest
