"""``tiankong``: finds the command, and turns every failure into one sentence and an exit code.

Exit codes: 0 done, 2 bad input, 1 this program's fault, 130 stopped with Ctrl-C.
"""

from __future__ import annotations

import errno
import importlib
import os
import signal
import sys
from typing import Any

import click

import tiankong
from tiankong.cli.display import discard, say
from tiankong.errors import TiankongError

COMMANDS = (
    "sample",
    "corpus",
    "prepare",
    "train",
    "evaluate",
    "export",
    "fill",
    "rank",
    "check",
    "classify",
    "embed",
    "serve",
    "info",
    "benchmark",
)

INTERRUPTED = 130

_BAD_PATH = {errno.ENAMETOOLONG, errno.EACCES, errno.EPERM}
"""What checking a path from the user can raise."""


_FULL = {errno.ENOSPC, errno.EDQUOT}


class _Commands(click.Group):
    """Imports a command's module only when that command runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"tiankong.cli.{cmd_name}").command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Ends quietly when the reader of our output goes away (click would exit with 1)."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            discard(sys.stdout)
            return 0


@click.group(
    cls=_Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(tiankong.__version__, prog_name="tiankong")
@click.pass_context
def tiankong_command(context: click.Context) -> None:
    """Fill in missing words from context, with a model trained on your own text.

    The way from text to answers: prepare, train, evaluate, fill.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help(), err=True)
        context.exit(TiankongError.exit_code)


def main() -> None:
    """Entry point of the ``tiankong`` program."""
    # Read when numpy is loaded. Its products are small, and what is worth two threads has them already: threads of its
    # own wait for each other, longest when something else runs on the machine.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    signal.signal(signal.SIGTERM, _stop)
    code = run(sys.argv[1:])
    # All is said: what libraries still do at the end is not to be disturbed.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """Runs the command line and returns its exit code; prints nothing but answers to standard output."""
    # Chinese goes in and out as UTF-8 whatever the locale says.
    if hasattr(sys.stdin, "reconfigure"):
        sys.stdin.reconfigure(encoding="utf-8-sig", errors="surrogateescape")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        result = tiankong_command.main(arguments, prog_name="tiankong", standalone_mode=False)
    except click.exceptions.Exit as error:
        result = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        result = _report("interrupted", INTERRUPTED)
    except click.ClickException as error:
        result = _report(_way_out(error), TiankongError.exit_code)
    except TiankongError as error:
        result = _report(_in_options(error), error.exit_code)
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _BAD_PATH and error.filename is not None:
            reason = (error.strerror or str(error)).lower()
            return _report(f"{error.filename} can't be used ({reason}): choose another path", TiankongError.exit_code)
        if isinstance(error, OSError) and error.errno in _FULL:
            discard(sys.stdout)
            return _report("the disk that the output goes to is full: free space", TiankongError.exit_code)
        if os.environ.get("TIANKONG_DEBUG"):
            raise
        kind = type(error).__name__
        result = _report(
            f"this is a fault of tiankong, please report it ({kind}: {error}); TIANKONG_DEBUG=1 shows more", 1
        )
    return result if isinstance(result, int) else 0


def _in_options(error: TiankongError) -> str:
    """The message with the settings in it as options."""
    from tiankong.cli.options import as_options  # noqa: PLC0415 - only where something went wrong

    return as_options(str(error))


def _stop(number: int, frame: object) -> None:  # noqa: ARG001 - a handler's signature
    """Ends like an exception, so that nothing half-written is left."""
    raise SystemExit(128 + number)


def _way_out(error: click.ClickException) -> str:
    """click's message on one line, and what to do about it where it does not say."""
    if isinstance(error, click.BadParameter) and error.param is not None and error.ctx is not None:
        error.param_hint = _environment_variable(error.param, error.ctx) or error.param_hint
    message = " ".join(error.format_message().split())
    command = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "tiankong"
    if isinstance(error, click.NoSuchOption):
        return f"{message} {command} --help lists them; put -- before a sentence that begins with -"
    if message.startswith("Got unexpected extra argument"):
        return f"{message}: a sentence with spaces goes into quotation marks, and several go through a pipe"
    return message


def _environment_variable(parameter: click.Parameter, context: click.Context) -> str | None:
    """The environment variable that has the parameter's value; ``None`` if the command line has it."""
    source = context.get_parameter_source(parameter.name or "")
    if source is not click.core.ParameterSource.ENVIRONMENT:
        return None
    return parameter.envvar if isinstance(parameter.envvar, str) else None


def _report(sentence: str, code: int) -> int:
    say(f"tiankong: {sentence}", quiet=False)
    return code
