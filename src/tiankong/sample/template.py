"""A small template language.

``[很|非常|特别]`` draws one alternative, an earlier one more often. ``[都|]`` may draw nothing. ``{noun}`` is a slot,
filled while the text is made. Alternatives nest.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from tiankong.sample.draws import ranked


@dataclass(frozen=True, slots=True)
class Slot:
    """A place to fill, written ``{name}``."""

    name: str


@dataclass(frozen=True, slots=True)
class Choice:
    """Alternatives, most frequent first, written ``[a|b|c]``."""

    options: tuple[Template, ...]


Part = str | Slot | Choice
Template = tuple[Part, ...]


@cache
def parse(text: str) -> Template:
    """The parts of a template.

    :raises ValueError: a bracket or brace is not paired.
    """
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


def slot_names(template: Template) -> Iterator[str]:
    """The names of all slots of a template, in order."""
    for part in template:
        if isinstance(part, Slot):
            yield part.name
        elif isinstance(part, Choice):
            for option in part.options:
                yield from slot_names(option)


def render(template: Template, rng: random.Random, fill_slot: Callable[[str], str]) -> str:
    """The text of a template: draws every choice, and fills every slot by ``fill_slot(name)``."""
    pieces: list[str] = []
    for part in template:
        if isinstance(part, str):
            pieces.append(part)
        elif isinstance(part, Choice):
            option = part.options[ranked(rng, len(part.options))]
            if option:
                pieces.append(render(option, rng, fill_slot))
        else:
            pieces.append(fill_slot(part.name))
    return "".join(pieces)
