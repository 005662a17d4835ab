"""Refuses given settings that would have no effect.

Settings stand in backticks in the messages, as :mod:`tiankong.cli.options` turns them into options.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from tiankong.config.presets import Preset
from tiankong.config.schema import Condition, where
from tiankong.config.settings import ClassifierConfig, ModelConfig, TrainingConfig
from tiankong.errors import OptionError
from tiankong.registry.heads import HEADS, HeadSpec, head_settings, heads_that_read
from tiankong.registry.tasks import ANSWER_KINDS, TASKS, TaskSpec, tasks_that_answer

TRAINED = (ModelConfig, TrainingConfig, ClassifierConfig)
"""The settings of a training."""


def check_task(task: TaskSpec, given: Mapping[str, Any], *, has_base: bool) -> None:
    """Checks that every ``given`` setting (not ``None``) applies to models of this task.

    :raises OptionError: one does not, or needs a base model and there is none.
    """
    problems = []
    if has_base and not task.takes_base:
        takers = [other for other in TASKS.values() if other.takes_base]
        names = _either([other.name for other in takers], "task")
        problems.append(f"`base` is for {takers[0].answers.models}: leave it out, or give {names}")
    for kind in ANSWER_KINDS:
        foreign = [named(entry.name, given) for entry in _given_fields(given) if where(entry).answers == kind]
        if foreign and kind != task.answers:
            names = _either(tasks_that_answer(kind), "task")
            problems.append(f"{', '.join(foreign)} is for {kind.models}: leave it out, or give {names}")
    if not has_base:
        orphans = [named(entry.name, given) for entry in _given_fields(given) if where(entry).needs_base]
        problems += [f"{', '.join(orphans)} is for `base`: leave it out"] if orphans else []
    if problems:
        raise OptionError(problems)


def check_shape(given: Mapping[str, Any], base: str) -> None:
    """Checks that no ``given`` setting (not ``None``) is part of what is taken over from ``base``.

    :raises OptionError: one is.
    """
    shape = [named(entry.name, given) for entry in _given_fields(given) if where(entry).is_shape]
    if shape:
        raise OptionError(f"{', '.join(sorted(shape))} is taken over from {base}: leave it out")


def check_used(config: Preset, given: Mapping[str, Any]) -> None:
    """Checks that every ``given`` setting (not ``None``) has an effect in a training with ``config``. While its head is
    yet to be chosen, settings that only some heads read are not checked.

    :raises OptionError: one has none.
    """
    problems = []
    head = HEADS.get(config.model.head)
    for entry in _given_fields(given):
        name = named(entry.name, given)
        if head is not None and entry.name in head_settings() and not head.has(entry.name):
            able = _either(heads_that_read(entry.name), "head")
            problems.append(f"{name} is for {able}, not {head.name}: leave it out, or give that head")
        problems += [
            f"{name} does nothing without {condition.text}: leave it out, or give that too"
            for condition in where(entry).needs
            if not _holds(condition, config, head)
        ]
    if problems:
        raise OptionError(problems)


def named(name: str, given: Mapping[str, Any]) -> str:
    """A setting as it was given."""
    return f"`{name}=False`" if given[name] is False else f"`{name}`"


def _given_fields(given: Mapping[str, Any]) -> Iterable[dataclasses.Field[Any]]:
    for config in TRAINED:
        for entry in dataclasses.fields(config):
            if given.get(entry.name) is not None:
                yield entry


def _holds(condition: Condition, config: Preset, head: HeadSpec | None) -> bool:
    """Also where the head does not read the setting in question, or is yet to be chosen."""
    if condition.setting in head_settings() and not (head is not None and head.has(condition.setting)):
        return True
    part = config.model if hasattr(config.model, condition.setting) else config.training
    return condition.holds(getattr(part, condition.setting))


def _either(names: list[str], setting: str) -> str:
    first, *others = names
    return " or ".join([f'`{setting}="{first}"`', *others])
