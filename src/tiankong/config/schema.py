"""The metadata of every setting."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tiankong.registry.tasks import AnswerKind


@dataclass(frozen=True)
class Condition:
    """A condition without which another setting has no effect: ``holds`` tests the value of ``setting``, and ``text``
    states the condition, as in "does nothing without …".
    """

    setting: str
    text: str
    holds: Callable[[Any], bool]


@dataclass(frozen=True)
class Where:
    """Where a setting applies.

    ``answers`` is the kind of models it is for, ``None`` for all. A training that starts from a base model takes over
    what ``is_shape``; ``needs_base`` marks what applies to such a training only. Which heads read a setting is stated
    in :mod:`tiankong.registry.heads`.
    """

    answers: AnswerKind | None = None
    needs: tuple[Condition, ...] = ()
    is_shape: bool = False
    needs_base: bool = False


EVERYWHERE = Where()


def setting(
    section: str,
    default: Any,
    text: str,
    choices: tuple[str, ...] = (),
    where: Where = EVERYWHERE,
) -> Any:
    """A field of a configuration: the ``section`` it is listed under, its help, its choices, and where it applies."""
    metadata = {"section": section, "help": text, "choices": choices, "where": where}
    if isinstance(default, tuple):
        return field(default_factory=lambda: default, metadata=metadata)
    return field(default=default, metadata=metadata)


def where(entry: dataclasses.Field[Any]) -> Where:
    """Where the setting of a field applies."""
    place: Where = entry.metadata["where"]
    return place


def sections(*configs: type) -> Iterator[tuple[str, list[dataclasses.Field[Any]]]]:
    """The fields of ``configs`` by section, in order of first appearance."""
    by_section: dict[str, list[dataclasses.Field[Any]]] = {}
    for config in configs:
        for entry in dataclasses.fields(config):
            by_section.setdefault(entry.metadata["section"], []).append(entry)
    yield from by_section.items()


def choice_problems(config: Any) -> list[str]:
    """A sentence for each field that has none of its choices."""
    problems = []
    for entry in dataclasses.fields(config):
        choices = entry.metadata.get("choices", ())
        value = getattr(config, entry.name)
        if choices and value not in choices:
            problems.append(f"`{entry.name}` must be one of {', '.join(choices)}, not {value}")
    return problems


def at_least(config: Any, name: str, lowest: float) -> list[str]:
    """A sentence if the field is below ``lowest``."""
    value = getattr(config, name)
    return [] if value >= lowest else [f"`{name}` must be at least {lowest}, not {value}"]


def within(config: Any, name: str, lowest: float, highest: float) -> list[str]:
    """A sentence if the field is out of these bounds."""
    value = getattr(config, name)
    return [] if lowest <= value <= highest else [f"`{name}` must be from {lowest} to {highest}, not {value}"]
