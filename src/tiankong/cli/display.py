"""What people see while they wait: progress on a terminal, nothing in a pipe; and tables of results."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

import click

if TYPE_CHECKING:
    from tiankong.pipeline.progress import OnProgress, Progress


def shows_progress(quiet: bool) -> bool:
    """Whether progress is drawn: standard error is a terminal, and ``quiet`` is not set."""
    return not quiet and sys.stderr.isatty()


@contextlib.contextmanager
def progress(title: str, total: int, *, quiet: bool, delay: float = 0.0) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error, after ``delay`` seconds; the yielded function advances it."""
    if not shows_progress(quiet):
        yield lambda _: None
        return
    from tqdm import tqdm  # noqa: PLC0415 - only on a terminal

    with tqdm(total=total, desc=title, leave=False, dynamic_ncols=True, smoothing=0.1, delay=delay) as bar:

        def advance(count: int) -> None:
            bar.update(count)

        yield advance


@contextlib.contextmanager
def progress_bars(*, quiet: bool, quiet_messages: bool | None = None) -> Iterator[OnProgress]:
    """Shows what a procedure reports: a bar a stage, and its messages as lines unless ``quiet_messages`` (default:
    ``quiet``), with settings in them as options.
    """
    from tiankong.cli.options import as_options  # noqa: PLC0415 - loads all settings

    bars = _Bars(shown=shows_progress(quiet))

    def show(step: Progress) -> None:
        if step.message:
            bars.close()  # or the line would stand behind the bar
            say(as_options(step.message), quiet=quiet if quiet_messages is None else quiet_messages)
        else:
            bars.show(step)

    try:
        yield show
    finally:
        bars.close()


class _Bars:
    """At most one bar at a time: the one of the stage under way."""

    def __init__(self, *, shown: bool) -> None:
        self._shown = shown
        self._stage = ""
        self._bar: Any = None

    def show(self, step: Progress) -> None:
        """Moves the bar, or makes another for another stage."""
        if not self._shown:
            return
        from tqdm import tqdm  # noqa: PLC0415 - only on a terminal

        if step.stage != self._stage:
            self.close()
            self._stage = step.stage
        if self._bar is None and step.done:
            total = step.total or None
            settings: dict[str, Any] = {"leave": False, "dynamic_ncols": True, "smoothing": 0.1}
            self._bar = tqdm(total=total, initial=step.done, desc=step.stage, **settings)
        if self._bar is not None:
            self._bar.total = step.total or None  # that of a training with a time limit is an estimate
            self._bar.update(step.done - self._bar.n)

    def close(self) -> None:
        """Takes the bar off the terminal."""
        if self._bar is not None:
            self._bar.close()
        self._bar = None


def say(text: str, *, quiet: bool) -> None:
    """Prints a line for people on standard error. If nobody reads it any more, the work continues."""
    if not quiet:
        try:
            print(text, file=sys.stderr, flush=True)
        except BrokenPipeError:
            discard(sys.stderr)


def end_stopped(stopped: KeyboardInterrupt | SystemExit, kept_in: Path | None) -> NoReturn:
    """Ends a command that was stopped by a signal, and says whether there is something to continue from."""
    if kept_in is None:
        say("tiankong: stopped: there is nothing yet that --resume could continue from", quiet=False)
    else:
        say(f"tiankong: stopped: the same command with --resume continues from {kept_in}", quiet=False)
    number = signal.SIGINT if isinstance(stopped, KeyboardInterrupt) else signal.SIGTERM
    raise click.exceptions.Exit(128 + number)


def discard(stream: TextIO) -> None:
    """Discards all further output, including what Python flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def this_command() -> str:
    """The command that is running, for the card or page of what it makes: without ``--resume``, which changes nothing
    in that, and of absolute paths only the last part, since the rest is private.
    """
    given = [argument for argument in sys.argv[1:] if argument != "--resume"]
    return shlex.join(["tiankong", *(Path(one).name if Path(one).is_absolute() else one for one in given)])


def metrics_lines(metrics: Mapping[str, Any]) -> str:
    """Metrics as aligned lines; tables among them are left to ``--json``."""
    numbers = {name: value for name, value in metrics.items() if isinstance(value, int | float)}
    width = max(len(name) for name in numbers)
    return "\n".join(f"{name:<{width}}  {_number(value)}" for name, value in numbers.items())


def _number(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4g}" if value >= 100 else f"{value:.4f}"


def probability(score: float) -> str:
    """Four digits after the point, or the order of magnitude of what would be 0.0000."""
    return f"{score:.4f}" if score >= 0.00005 else f"{score:.0e}"
