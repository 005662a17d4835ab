"""``tiankong``: finds the command, and turns every failure into one sentence and an exit code.

Exit codes: 0 done, 2 bad input, 1 this program's fault, 130 stopped with Ctrl-C.
"""

from __future__ import annotations

import importlib
import os
import sys

import click

import tiankong
from tiankong.errors import TiankongError

COMMANDS = ("sample", "prepare", "train", "evaluate", "fill", "info")

INTERRUPTED = 130


class _Commands(click.Group):
    """Imports a command's module only when that command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"tiankong.cli.{cmd_name}").command
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(tiankong.__version__, prog_name="tiankong")
def tiankong_command() -> None:
    """Fill in missing words from context, with a model trained on your own text.

    The way from text to answers: prepare, train, evaluate, fill.
    """


def main() -> None:
    """Entry point of the ``tiankong`` program."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Runs the command line and returns its exit code; prints nothing but answers to standard output."""
    # Chinese goes in and out as UTF-8 whatever the locale says.
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="surrogateescape" if stream is sys.stdin else "replace")
    try:
        result = tiankong_command.main(arguments, prog_name="tiankong", standalone_mode=False)
    except click.exceptions.Exit as error:
        result = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        result = _report("interrupted", INTERRUPTED)
    except click.ClickException as error:
        result = _report(" ".join(error.format_message().split()), TiankongError.exit_code)
    except TiankongError as error:
        result = _report(str(error), error.exit_code)
    except BrokenPipeError:
        # The reader of our output went away; keep Python from failing again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        result = 0
    except Exception as error:
        if os.environ.get("TIANKONG_DEBUG"):
            raise
        kind = type(error).__name__
        result = _report(
            f"this is a fault of tiankong, please report it ({kind}: {error}); TIANKONG_DEBUG=1 shows more", 1
        )
    return result if isinstance(result, int) else 0


def _report(sentence: str, code: int) -> int:
    print(f"tiankong: {sentence}", file=sys.stderr)
    return code
