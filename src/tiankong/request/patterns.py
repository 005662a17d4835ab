"""Regular expressions that people give for words: none may take all memory, or never end."""

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
"""Seconds that a pattern may take for the whole vocabulary: some never end."""

MOST_WRITTEN_OUT = 200_000
"""Characters of a pattern at most, times all counts in its braces: what is repeated is written out when it is
compiled, in some hundred bytes a character.
"""

_SHOWN = 40
"""Characters of a pattern in a message at most."""

_CALL = re.compile(r"\(\?(?:R|[+-]?\d|&|P>)")
"""Recursion of the regex package: it may take all memory before any time limit."""

_FREE_SPACING = re.compile(r"\(\?[A-Za-z0-9]*x")
"""The flag with which counts may have spaces and comments between their digits, and would not be found."""

_COUNT = re.compile(r"(?<=[{,])[0-9]+(?=[,}])")


def compile_pattern(given: str, *, any_case: bool) -> regex.Pattern[str]:
    """The regular expression that was ``given``, in ``any_case`` or in its own.

    :raises OptionError: it is empty or none, or could take all memory.
    """
    import regex  # noqa: PLC0415 - few queries have one

    if not given:
        raise OptionError("pattern is empty: leave it out, or write what the word must be like")
    if _CALL.search(given):
        raise OptionError(f"the pattern {_shown(given)} calls itself or a group, which is not supported")
    if _FREE_SPACING.search(given):
        raise OptionError(
            f"the pattern {_shown(given)} sets the flag x, which is not supported: write it without spaces"
        )
    if len(given) * math.prod(map(_times, _COUNT.findall(given))) > MOST_WRITTEN_OUT:
        raise OptionError(
            f"the pattern {_shown(given)} is too long with all that it repeats, {MOST_WRITTEN_OUT:,} characters at "
            "most: write it shorter"
        )
    try:
        return regex.compile(given, regex.IGNORECASE if any_case else 0)
    except RecursionError:
        raise OptionError(
            f"the pattern {_shown(given)} has too many brackets inside each other: write it flatter"
        ) from None
    except (regex.error, ValueError, OverflowError) as error:
        raise OptionError(f"the pattern {_shown(given)} is no regular expression: {error}") from None


def matching(pattern: regex.Pattern[str], words: Sequence[str]) -> list[bool]:
    """Which of ``words`` the pattern matches whole.

    :raises OptionError: it takes longer than :data:`LONGEST_MATCHING`.
    """
    deadline = time.monotonic() + LONGEST_MATCHING
    found = []
    try:
        for word in words:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            found.append(pattern.fullmatch(word, timeout=left) is not None)
        return found
    except (TimeoutError, MemoryError):
        raise OptionError(
            f"the pattern {_shown(pattern.pattern)} takes more than {LONGEST_MATCHING:g} seconds: write it without "
            "nested repetitions"
        ) from None


def _times(count: str) -> int:
    """What a count multiplies by; a number of many digits is too many, and not worth reading."""
    digits = count.lstrip("0")
    return max(1, int(digits or 0)) if len(digits) < 10 else MOST_WRITTEN_OUT


def _shown(pattern: str) -> str:
    return repr(pattern) if len(pattern) <= _SHOWN else f"{pattern[:_SHOWN]!r}…"
