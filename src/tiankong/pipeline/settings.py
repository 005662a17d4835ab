"""Settings given as keywords: checked by name and type, and put in place of a preset's."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, get_type_hints

import msgspec

from tiankong.config import Preset, load_preset
from tiankong.config.wording import type_problem
from tiankong.errors import OptionError


def preset_of(preset: str | os.PathLike[str] | Preset) -> Preset:
    """A preset given by name, as the path of a ``.toml`` file, or as an object.

    :raises OptionError: as :func:`tiankong.config.load_preset`.
    """
    if isinstance(preset, Preset):
        return preset
    if not isinstance(preset, str | os.PathLike):
        raise OptionError(f"`preset` must be a name, a path or a Preset, not {preset!r}")
    return load_preset(os.fspath(preset))


def with_settings(preset: Preset, settings: Mapping[str, Any], *parts: str) -> Preset:
    """``preset`` with ``settings`` in place; ``parts`` names the fields of :class:`Preset` that have them.

    ``None`` stands for the preset's own value.

    :raises OptionError: an unknown setting, or a value of the wrong type; all problems together.
    """
    types = {part: get_type_hints(type(getattr(preset, part))) for part in parts}
    known = [entry.name for part in parts for entry in fields(getattr(preset, part))]
    problems = [_unknown(name, known) for name in settings if name not in known]
    chosen: dict[str, Any] = {}
    for part in parts:
        values = {}
        for name, value in settings.items():
            if value is None or name not in types[part]:
                continue
            try:
                values[name] = msgspec.convert(_plain(value), types[part][name])
            except msgspec.ValidationError as error:
                problems.append(f"`{name}={value!r}` {type_problem(error)}")
        chosen[part] = values
    if problems:
        raise OptionError(problems)
    return replace(preset, **{part: replace(getattr(preset, part), **values) for part, values in chosen.items()})


def _plain(value: Any) -> Any:
    """A path as a string, and a NumPy number as Python's."""
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    return value.item() if hasattr(value, "dtype") and hasattr(value, "item") else value


def _unknown(name: str, known: list[str]) -> str:
    nearest = difflib.get_close_matches(name, known, n=1)
    if nearest:
        return f"there is no setting {name!r}: did you mean {nearest[0]!r}?"
    return f"there is no setting {name!r}: the settings are {', '.join(known)}"
