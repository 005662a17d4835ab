"""Presets: named sets of all settings, each a TOML file with a table for each dataclass."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from tiankong.config.settings import ClassifierConfig, ModelConfig, PrepareConfig, TrainingConfig
from tiankong.config.wording import problem_in_tables
from tiankong.errors import OptionError
from tiankong.registry.heads import HEADS


@dataclass(frozen=True, kw_only=True)
class Preset:
    """One named set of all four."""

    prepare: PrepareConfig = field(default_factory=PrepareConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    classifier: ClassifierConfig = field(default_factory=ClassifierConfig)


Config = TypeVar("Config", PrepareConfig, ModelConfig, TrainingConfig, ClassifierConfig)


def preset_names() -> list[str]:
    """Names of the presets that come with the package."""
    folder = resources.files("tiankong") / "presets"
    return sorted(Path(entry.name).stem for entry in folder.iterdir() if entry.name.endswith(".toml"))


def load_preset(name: str) -> Preset:
    """The preset of that name, or the one in that ``.toml`` file.

    :raises OptionError: no such preset or file, not TOML, an unknown field or a value of the wrong type.
    """
    try:
        return msgspec.convert(preset_tables(name), Preset)
    except msgspec.ValidationError as error:
        raise OptionError(f"the preset {name} is wrong: {problem_in_tables(error)}") from None


def preset_tables(name: str) -> dict[str, Any]:
    """What :func:`load_preset` fills in, by table: the fields that stand in the preset.

    :raises OptionError: no such preset or file, not TOML, an unknown table or field.
    """
    if name.endswith(".toml"):
        try:
            text = Path(name).read_text(encoding="utf-8")
        except OSError as error:
            raise OptionError(f"the preset {name} can't be read: {reason(error)}") from None
        except UnicodeDecodeError:
            raise OptionError(f"the preset {name} is not UTF-8 text: save it as TOML in UTF-8") from None
    elif name in preset_names():
        text = (resources.files("tiankong") / "presets" / f"{name}.toml").read_text(encoding="utf-8")
    else:
        known = ", ".join(preset_names())
        raise OptionError(f"there is no preset {name!r}: use one of {known}, or a path that ends in .toml")
    try:
        return _known_fields(tomllib.loads(text), Preset)
    except RecursionError:
        raise OptionError(f"the preset {name} is wrong: its values are nested too deeply") from None
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise OptionError(f"the preset {name} is wrong: {error}") from None


def override(config: Config, values: Mapping[str, Any]) -> Config:
    """``config`` with the fields in ``values`` that are not ``None`` replaced."""
    return dataclasses.replace(config, **{name: value for name, value in values.items() if value is not None})


def validate(*configs: PrepareConfig | ModelConfig | TrainingConfig | ClassifierConfig) -> None:
    """Reports every problem of the given configurations together, also settings that contradict each other.

    :raises OptionError: if there is any.
    """
    problems = [problem for config in configs for problem in config.problems()]
    heads = [HEADS[config.head] for config in configs if isinstance(config, ModelConfig) and config.head in HEADS]
    learns_bits = any(head.has("code_loss") and head.has("learn_codes") for head in heads)
    for config in configs:
        if isinstance(config, TrainingConfig) and learns_bits and config.learn_codes and config.code_loss == "bits":
            problems.append("`learn_codes` needs `code_loss` words or both, not bits: give `learn_codes=False`")
    if problems:
        raise OptionError(problems)


def reason(error: BaseException) -> str:
    """The plain words of an operating-system or decoding error."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error)


def _known_fields(table: dict[str, Any], kind: type[Preset]) -> dict[str, Any]:
    """``table`` itself, once every table and field in it is known."""
    tables = {entry.name: entry.default_factory for entry in dataclasses.fields(kind)}
    for name, values in table.items():
        if name not in tables:
            raise msgspec.ValidationError(f"unknown table [{name}], the tables are {', '.join(tables)}")
        known = {entry.name for entry in dataclasses.fields(tables[name])}  # type: ignore[arg-type]
        unknown = sorted(set(values) - known) if isinstance(values, dict) else []
        if unknown:
            raise msgspec.ValidationError(f"unknown field {', '.join(unknown)} in [{name}]")
    return table
