"""Regular expressions from users: bounded in memory and time."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tiankong.errors import OptionError

if TYPE_CHECKING:
    import regex

LONGEST_MATCHING = 2.0
"""Seconds that a pattern may take for the whole vocabulary: some never finish."""

MOST_WRITTEN_OUT = 200_000
"""The most characters of a pattern, multiplied by all counts in its braces: compiling expands repetitions, at some
hundred bytes a character.
"""

_SHOWN = 40
"""The most characters of a pattern in a message."""

_CALL = re.compile(r"\(\?(?:R|[+-]?\d|&|P>)")
"""Recursion, as the regex package writes it: it can use up all memory before any time limit."""

_FREE_SPACING = re.compile(r"\(\?[A-Za-z0-9]*x")
"""The flag that allows white space and comments inside counts, which would hide them."""

_COUNT = re.compile(r"(?<=[{,])[0-9]+(?=[,}])")


def compile_pattern(given: str, *, any_case: bool) -> regex.Pattern[str]:
    """Compiles ``given``; with ``any_case`` it ignores case.

    :raises OptionError: it is empty, not a regular expression, or could use up all memory.
    """
    import regex  # noqa: PLC0415 - few queries have one

    if not given:
        raise OptionError("`pattern` is empty: remove it, or give a regular expression")
    if _CALL.search(given):
        raise OptionError(f"the pattern {_shown(given)} is recursive, which is unsupported: write it without")
    if _FREE_SPACING.search(given):
        raise OptionError(f"the pattern {_shown(given)} sets the flag x, which is unsupported: write it without spaces")
    if len(given) * math.prod(map(_times, _COUNT.findall(given))) > MOST_WRITTEN_OUT:
        raise OptionError(
            f"the pattern {_shown(given)} expands to more than {MOST_WRITTEN_OUT:,} characters: shorten its repetitions"
        )
    try:
        return regex.compile(given, regex.IGNORECASE if any_case else 0)
    except RecursionError:
        raise OptionError(f"the pattern {_shown(given)} nests too many brackets: write it flatter") from None
    except (regex.error, ValueError, OverflowError) as error:
        raise OptionError(f"the pattern {_shown(given)} is not a regular expression: {error}") from None


def matching(pattern: regex.Pattern[str], words: Sequence[str]) -> list[bool]:
    """Which of ``words`` the pattern matches as a whole.

    :raises OptionError: it takes longer than :data:`LONGEST_MATCHING`.
    """
    deadline = time.monotonic() + LONGEST_MATCHING
    matches = []
    try:
        for word in words:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            matches.append(pattern.fullmatch(word, timeout=left) is not None)
        return matches
    except (TimeoutError, MemoryError):
        raise OptionError(
            f"the pattern {_shown(pattern.pattern)} takes more than {LONGEST_MATCHING:g} seconds: write it without "
            "nested repetitions"
        ) from None


def _times(count: str) -> int:
    """The factor of a count; a number of many digits exceeds the limit and is not parsed."""
    digits = count.lstrip("0")
    return max(1, int(digits or 0)) if len(digits) < 10 else MOST_WRITTEN_OUT


def _shown(pattern: str) -> str:
    return repr(pattern) if len(pattern) <= _SHOWN else f"{pattern[:_SHOWN]!r}…"
