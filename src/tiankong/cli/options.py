"""Command-line options made from the configuration dataclasses: one for every field."""

from __future__ import annotations

import dataclasses
import re
import shlex
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

import click

from tiankong.config import (
    DEFAULT_MODEL,
    ClassifierConfig,
    ModelConfig,
    PrepareConfig,
    TrainingConfig,
    preset_names,
)
from tiankong.config.schema import sections
from tiankong.errors import OptionError
from tiankong.registry.general_models import GENERAL_MODELS
from tiankong.registry.tasks import TASKS

Command = TypeVar("Command", bound=Callable[..., Any])


class Numbers(click.ParamType[Any]):
    """Numbers with a separator, such as ``60/20/20`` or ``600,300``."""

    def __init__(self, name: str, separator: str, kind: type, count: int | None, *, taken: str, form: str) -> None:
        """``taken`` says what is given, and ``form`` is an example."""
        self.name, self._separator, self._kind, self._count = name, separator, kind, count
        self._taken, self._form = taken, form

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The numbers."""
        if isinstance(value, tuple):
            return value
        try:
            numbers = tuple(self._kind(part) for part in value.split(self._separator) if part.strip())
        except ValueError:
            numbers = None
        if numbers is None or (self._count and len(numbers) != self._count):
            option = "" if param is None else f"{param.opts[-1]} takes "
            raise click.UsageError(f"{option}{self._taken}, such as {self._form}, not {value!r}", ctx)
        return numbers

    def shown(self, value: tuple[Any, ...]) -> str:
        """As it is given."""
        return self._separator.join(f"{number:g}" for number in value)


class _Words(click.ParamType[Any]):
    """Words separated by white space."""

    name = "words"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ARG002
        return value if isinstance(value, tuple) else tuple(value.split())

    def shown(self, value: tuple[str, ...]) -> str:
        """As it is given."""
        return " ".join(value)


_ARGUMENTS = (
    *(
        "answer_prefix",
        "blank",
        "column",
        "encoding",
        "force",
        "label_column",
        "labelled",
        "limit",
        "measure_limit",
        "prepared",
    ),
    *(
        "preset",
        "processes",
        "profile",
        "resume",
        "script",
        "sheet",
        "task",
        "tensorboard",
        "text",
        "vocabulary_of",
        "weights",
    ),
    *("decoding", "ignore", "input", "joint", "output", "precision", "suggestions", "threads", "top_k", "words"),
    *("contains", "ends_with", "exclude", "length", "model", "part_of_word", "pattern", "starts_with"),
)
_SETTING = re.compile(r"`(\w+)(?:=([^`]*))?`")
_REPEATED = re.compile(r"(--[\w-]+) ([^()]+) \(now \1 ")
"""An option in a difference, as in ``--epochs 4 (now --epochs 5)``, which need not be repeated."""
_QUOTED = re.compile(r"""(['"])([^'"]*)\1""")
_SETTINGS = {
    **{
        entry.name: entry.name.replace("_", "-")
        for config in (PrepareConfig, ModelConfig, TrainingConfig, ClassifierConfig)
        for entry in dataclasses.fields(config)
    },
    **{name: name.replace("_", "-") for name in _ARGUMENTS},
    "base": "from",
    "label_names": "name-label",
    "labels": "label",
    "prompts": "prompt",
    "targets": "target",
}
"""Options by the settings of the functions behind the command line."""

_TYPES: dict[str, Any] = {
    "str": str,
    "int": int,
    "float": float,
    "tuple[float, float, float] | None": Numbers("shares", "/", float, 3, taken="three shares", form="60/20/20"),
    "tuple[int, ...]": Numbers("sizes", ",", int, None, taken="whole numbers", form="600,300"),
    "tuple[str, ...]": _Words(),
}


class _NamedPath(click.Path):
    """A path that is neither empty, which would be the folder one is in, nor the ``-`` of other programs."""

    empty: str
    dash: str

    def __init__(self, dash: str | None = None) -> None:
        super().__init__(path_type=Path)
        self.dash = dash or self.dash

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path."""
        if value == "":
            self.fail(self.empty, param, ctx)
        if str(value) == "-":
            self.fail(f"- does not stand for {self.dash}, and ./- for a file of that name", param, ctx)
        return super().convert(value, param, ctx)


class FilePath(_NamedPath):
    """A path to read."""

    empty = "it is empty: name a file or a folder"
    dash = "standard input here: save the texts in a file, and name that"


class OutputPath(_NamedPath):
    """A path to write."""

    empty = "it is empty: name what to make"
    dash = "standard output here: name a file or folder to make"


class SectionedCommand(click.Command):
    """A command whose ``--help`` lists the options of each section under its name, behind those without one."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the lists."""
        sections: dict[str, list[tuple[str, str]]] = {"Options": []}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx) if isinstance(parameter, click.Option) else None
            if record is not None:
                sections.setdefault(getattr(parameter, "section", "Options"), []).append(record)
        for name, records in sections.items():
            with formatter.section(name):
                formatter.write_dl(records)


class _SettingOption(click.Option):
    """The option of a setting, which belongs to a section."""

    def __init__(self, *arguments: Any, section: str, **attributes: Any) -> None:
        self.section = section
        super().__init__(*arguments, **attributes)


def config_options(*configs: type, preset: str | None = "default") -> Callable[[Command], Command]:
    """Adds ``--preset`` and an option for every field of ``configs``; unset ones arrive as ``None``. The help of each
    says what the default preset has. The command should be a :class:`SectionedCommand`.
    """

    def add(command: Command) -> Command:
        defaults = {entry.name: getattr(config(), entry.name) for config in configs for entry in fields(config)}
        options = [_option(entry, defaults[entry.name]) for _, entries in sections(*configs) for entry in entries]
        for option in reversed(options):
            command = option(command)
        names = ", ".join(preset_names())
        text = f"{names}, or a .toml file."
        if preset is None:
            others = [f"{task.preset} with --task {name}" for name, task in TASKS.items() if task.preset != "default"]
            bases = {task.base_preset for task in TASKS.values()} - {task.preset for task in TASKS.values()}
            others += [f"{preset} with --from" for preset in sorted(bases - {""})]
            text += f" [default: default, or {', '.join(others)}]"
        return click.option("--preset", default=preset, show_default=preset is not None, help=text)(command)

    return add


def _default_model() -> str:
    first, *others = GENERAL_MODELS.values()
    return ", or ".join([first.name, *(f"{row.name} for text in {row.language}" for row in others)])


GENERAL_MODEL = _default_model()
"""Which built-in model answers where none is named, for the help of options."""

_MODEL_HELP = "A built-in model's name, or a model folder."

model_option = click.option("--model", envvar="TIANKONG_MODEL", help=f"{_MODEL_HELP} [default: {GENERAL_MODEL}]")
"""``--model`` of every command that answers from one; :class:`~tiankong.cli.chosen_model.ModelOfTexts` loads it."""

served_model_option = click.option(
    "--model", default=DEFAULT_MODEL, show_default=True, envvar="TIANKONG_MODEL", help=_MODEL_HELP
)
"""``--model`` of a command that has to load it before there are texts."""

part_of_word_option = click.option(
    "--part-of-word/--no-part-of-word",
    default=None,
    help="Whether a word next to a blank is part of the missing word. [default: yes in languages with spaces; both are "
    "weighed in others]",
)
"""``--part-of-word`` of every command that fills."""

sheet_option = click.option(
    "--sheet", help="The sheet of workbooks, by name or by number, from 1. [default: the first visible one]"
)
"""``--sheet`` of every command that reads files of texts."""

name_label_option = click.option(
    "--name-label",
    "label_names",
    multiple=True,
    help="New name for a label of the files, such as 1=positive; may be repeated; equal names merge labels.",
)
""":func:`parse_label_names` reads it."""


def parse_label_names(given: tuple[str, ...]) -> dict[str, str]:
    """New names by the labels in the files.

    :raises OptionError: one is not of the form OLD=NEW, or renames a label twice.
    """
    from tiankong.corpus.columns import label_text  # noqa: PLC0415 - only here
    from tiankong.corpus.labels import LONGEST_LABEL  # noqa: PLC0415

    names: dict[str, str] = {}
    for renaming in given:
        old, equals, new = (label_text(part) or "" for part in renaming.partition("="))
        needs(bool(old and equals and new), f"--name-label {renaming!r} is not of the form OLD=NEW")
        needs(len(new) <= LONGEST_LABEL, f"the name that --name-label {old} gives is over {LONGEST_LABEL} characters")
        needs(old not in names, f"--name-label {old} is given twice: one name is enough")
        names[old] = new
    return names


threads_option = click.option(
    "--threads",
    default=0,
    help="Threads to compute with, at most one per processor of the machine (0: one per processor that this process "
    "may use).",
)
"""``--threads`` of every command that answers or measures."""

words_option = click.option("--words", "words_file", help="A file of extra words for the vocabulary, one per line.")
"""``--words`` of every command that answers; :func:`read_words` reads it."""


def read_words(file: str | None, option: str = "--words", *, phrases: bool = False) -> list[str]:
    """The words of a file, one per line, empty lines left out. ``option`` named the file. With ``phrases``, a line may
    be anything.

    :raises OptionError: it can't be read, a line is not one word, or there is none.
    :raises SourceError: it is neither UTF-8 nor GB18030.
    """
    if file is None:
        return []
    from tiankong.corpus.small_files import read_small_file  # noqa: PLC0415 - only here
    from tiankong.text.normalise import normalise  # noqa: PLC0415
    from tiankong.text.vocabulary import is_target  # noqa: PLC0415

    lines = read_small_file(file, "the words")
    for number, line in enumerate(lines, start=1):
        good = phrases or not line.strip() or (len(line.split()) == 1 and is_target(line))
        needs(good, f"line {number} of {file} is not a word, which has a letter and no white space in it: {line!r}")
    words = [line.strip() for line in lines if normalise(line, "none")]
    needs(bool(words), f"{file} holds no word: write one per line, or leave {option} out")
    return words


class Once(click.Option):
    """An option that is refused when it is given twice, where the first value would be lost unnoticed."""

    def __init__(self, *arguments: Any, **attributes: Any) -> None:
        attributes["multiple"] = True
        super().__init__(*arguments, **attributes)

    def process_value(self, ctx: click.Context, value: Any) -> Any:
        """The one value, or ``None``."""
        values = super().process_value(ctx, value) or (None,)
        if len(values) > 1:
            raise click.UsageError(f"{self.opts[0]} is given {len(values)} times: give it once")
        return values[0]


blank_option = click.option(
    "--blank",
    cls=Once,
    help="The text that stands for a missing word, such as [MASK], <mask>, ____ or （　　）; __ is plain text then. "
    "[default: __ or [MASK]]",
)
"""``--blank`` of every command that reads blanks."""

force_option = click.option(
    "--force",
    is_flag=True,
    help="Discard unfinished work, unless --resume is given, and replace the output if it exists.",
)
"""``--force`` of every command that keeps unfinished work."""


def needs(condition: bool, problem: str) -> None:
    """Raises :class:`OptionError` with ``problem`` unless ``condition`` holds."""
    if not condition:
        raise OptionError(problem)


def as_options(message: str) -> str:
    """A message whose settings stand as options: of ``learn_codes=False`` in backticks, ``--no-learn-codes``."""
    return _REPEATED.sub(r"\1 \2 (now ", _SETTING.sub(_as_option, message))


def _as_option(match: re.Match[str]) -> str:
    name, value = match[1], match[2]
    if name not in _SETTINGS:
        return match[0]
    option = _SETTINGS[name]
    if value is None or value == "True":
        return f"--{option}"
    if value in {"False", "None"}:
        return f"--no-{option}" if value == "False" else f"no --{option}"
    quoted = _QUOTED.fullmatch(value)
    if quoted:
        return f"--{option} {shlex.quote(quoted[2])}"
    for mark, instead in (("(", ""), (")", ""), ('"', ""), ("'", ""), (", ", ",")):
        value = value.replace(mark, instead)
    return f"--{option} {value.rstrip(',')}"


def _option(field: dataclasses.Field[Any], usual: Any) -> Callable[[Command], Command]:
    """The option of a setting that is ``usual`` in the default preset, which has every field's default."""
    name = field.name.replace("_", "-")
    choices = field.metadata["choices"]
    kind = click.BOOL if field.type == "bool" else _TYPES[str(field.type)]
    shown = kind.shown(usual) if isinstance(kind, Numbers | _Words) and usual is not None else f"{usual}"
    if field.type == "bool":
        name, shown = f"{name}/--no-{name}", "yes" if usual else "no"
    text = as_options(field.metadata["help"]) + (f" [{'|'.join(choices)}]" if choices else "")
    usually = "" if usual is None else f" (default preset: {shown or 'none'})"
    return click.option(
        f"--{name}",
        field.name,
        type=kind,
        default=None,
        help=f"{text}{usually}",
        cls=_SettingOption,
        section=field.metadata["section"],
    )
