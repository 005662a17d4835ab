"""A small template language, and draws with Zipf-like weights.

``[很|非常|特别]`` draws one alternative, an earlier one more often; ``[都|]`` may draw nothing;
``{noun}`` is looked up while the text is made. Alternatives nest.
"""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import accumulate


@dataclass(frozen=True, slots=True)
class Slot:
    """A place filled from the surroundings, written ``{name}``."""

    name: str


@dataclass(frozen=True, slots=True)
class Choice:
    """Alternatives, commonest first, written ``[a|b|c]``."""

    options: tuple[Template, ...]


Part = str | Slot | Choice
Template = tuple[Part, ...]


@cache
def zipf(size: int) -> tuple[float, ...]:
    """Cumulative weights of ``size`` ranks; plain division only, so equal on every platform."""
    return tuple(accumulate(1.0 / (rank + 1.5) for rank in range(size)))


def draw(rng: random.Random, cumulative: tuple[float, ...]) -> int:
    """A rank drawn by cumulative weights, from ``rng.random()`` alone (stable over Python versions)."""
    return bisect(cumulative, rng.random() * cumulative[-1], 0, len(cumulative) - 1)


def ranked(rng: random.Random, size: int) -> int:
    """A rank below ``size``, low ranks more often."""
    return draw(rng, zipf(size))


def uniform(rng: random.Random, low: int, high: int) -> int:
    """A whole number from ``low`` to ``high``, both possible."""
    return low + int(rng.random() * (high - low + 1))


@cache
def parse(text: str) -> Template:
    """The parts of a template; ``ValueError`` when brackets don't pair."""
    template, end = _parse_sequence(text, 0, inside=False)
    if end != len(text):
        raise ValueError(f"unpaired bracket at {end} in template {text!r}")
    return template


def _parse_sequence(text: str, start: int, *, inside: bool) -> tuple[Template, int]:
    parts: list[Part] = []
    literal = start
    position = start
    while position < len(text):
        sign = text[position]
        if sign == "]" or (inside and sign == "|"):
            break
        if sign not in "[{":
            position += 1
            continue
        if literal < position:
            parts.append(text[literal:position])
        if sign == "{":
            close = text.find("}", position)
            if close < 0:
                raise ValueError(f"unpaired brace at {position} in template {text!r}")
            parts.append(Slot(text[position + 1 : close]))
            position = close + 1
        else:
            choice, position = _parse_choice(text, position + 1)
            parts.append(choice)
        literal = position
    if literal < position:
        parts.append(text[literal:position])
    return tuple(parts), position


def _parse_choice(text: str, start: int) -> tuple[Choice, int]:
    options: list[Template] = []
    position = start
    while True:
        option, position = _parse_sequence(text, position, inside=True)
        options.append(option)
        if position >= len(text):
            raise ValueError(f"unpaired bracket at {start - 1} in template {text!r}")
        position += 1
        if text[position - 1] == "]":
            return Choice(tuple(options)), position


def render(template: Template, rng: random.Random, look_up: Callable[[str], str]) -> str:
    """The text of a template, every choice drawn and every slot looked up."""
    pieces: list[str] = []
    for part in template:
        if isinstance(part, str):
            pieces.append(part)
        elif isinstance(part, Choice):
            option = part.options[ranked(rng, len(part.options))]
            if option:
                pieces.append(render(option, rng, look_up))
        else:
            pieces.append(look_up(part.name))
    return "".join(pieces)
