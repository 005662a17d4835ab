"""``--input`` and ``--output`` of the commands that answer: a file of texts to a file of answers."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from tiankong.cli.display import end_stopped, progress_bars, say
from tiankong.cli.options import FilePath, OutputPath, as_options, force_option, needs, sheet_option
from tiankong.errors import TiankongError
from tiankong.registry.answer_formats import answer_formats_help
from tiankong.registry.formats import SUFFIXES, suffixes_with_columns

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True)
class FileOptions:
    """What was given for files."""

    input: Path | None
    output: Path | None
    column: str | None
    sheet: str | None
    encoding: str | None
    answer_prefix: str
    resume: bool
    force: bool
    quiet: bool

    def given(self, text: str | None, **others: object) -> bool:
        """Whether a file is to be answered.

        :raises OptionError: half of it was given, or ``text`` or one of the ``others`` beside it, which are the options
            of what is printed.
        """
        if self.input is None or self.output is None:
            names = ("column", "sheet", "encoding", "answer_prefix", "resume", "force")
            alone = {f"--{name.replace('_', '-')}": getattr(self, name) for name in names}
            needs(self.input is None, "--input needs --output")
            needs(self.output is None, "--output needs --input")
            for option, value in alone.items():
                needs(not value, f"{option} is for files: give both --input and --output")
            return False
        needs(text is None, "a text was given beside --input: leave one of them out")
        for name, value in others.items():
            needs(
                not value, f"--{name} is for what is printed: leave it out, the suffix of --output says what is written"
            )
        return True

    def answer(self, method: str, options: Mapping[str, Any], **loading: Any) -> int:
        """Answers the file and says what came of it; returns the exit code, that of bad input if a row was bad.

        ``loading`` are the arguments that :func:`tiankong.answer_file` loads the model with.
        """
        from tiankong.pipeline.answer_file import answer_file  # noqa: PLC0415 - heavy
        from tiankong.pipeline.answering_work import holds_unfinished, work_folder  # noqa: PLC0415

        assert self.input is not None
        assert self.output is not None
        try:
            with progress_bars(quiet=self.quiet) as show:
                answered = answer_file(
                    method,
                    self.input,
                    self.output,
                    column=self.column,
                    sheet=self.sheet,
                    encoding=self.encoding,
                    answer_prefix=self.answer_prefix,
                    resume=self.resume,
                    force=self.force,
                    progress=show,
                    wording=as_options,
                    **loading,
                    **{name: value for name, value in options.items() if value is not None and value != ()},
                )
        except (KeyboardInterrupt, SystemExit) as stopped:
            end_stopped(stopped, work_folder(self.output) if holds_unfinished(self.output) else None)
        without = f", {answered.failed:,} without an answer" if answered.failed else ""
        click.echo(f"{answered.path}: {answered.rows:,} {'row' if answered.rows == 1 else 'rows'}{without}")
        for error in answered.first_failed:
            say(f"tiankong: {error.place}: {error.message}", quiet=False)
        more = answered.failed - len(answered.first_failed)
        if more:
            say(f"tiankong: and {more:,} more; the field error of each says why", quiet=False)
        return TiankongError.exit_code if answered.failed else 0


def file_options(command: Command) -> Command:
    """Adds the options of files to a command, which gets them as its argument ``file``."""

    @functools.wraps(command)
    def wrapped(*arguments: Any, **given: Any) -> Any:
        names = FileOptions.__dataclass_fields__
        file = FileOptions(**{name: given.pop(name) for name in names})
        return command(*arguments, file=file, **given)

    decorated: Any = wrapped
    for option in reversed(
        [
            click.option(
                "--input",
                type=FilePath("standard input here: leave out --input and --output to answer the lines of a pipe"),
                help=f"Answer every row of this file: {', '.join(SUFFIXES)}, also compressed; needs --output.",
            ),
            click.option(
                "-o",
                "--output",
                type=OutputPath("standard output here: leave out --input and --output to print answers"),
                help=f"The file of answers to make: {answer_formats_help()}.",
            ),
            click.option(
                "--column",
                help=f"The text column of {suffixes_with_columns()} files. [default: one with a usual name]",
            ),
            sheet_option,
            click.option("--encoding", help="The encoding of the input, unless it is UTF-8 or GB18030."),
            click.option(
                "--answer-prefix",
                default="",
                help="Put this before the names of the answer's fields, such as answer_, if the input has such names.",
            ),
            click.option(
                "--resume", is_flag=True, help="Continue the unfinished run for this output, if there is one."
            ),
            force_option,
            click.option("--quiet", is_flag=True, help="No progress."),
        ]
    ):
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]
