"""Texts from a pipe, one a line: answered in order, a bad one reported and the rest gone on with."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Callable, Iterator

import click

from tiankong.cli.options import needs
from tiankong.errors import SentenceError, TiankongError

_LINES_AT_ONCE = 64


def piped_lines() -> Iterator[tuple[int, str]]:
    """The lines of standard input that are not empty, with their numbers."""
    for number, line in enumerate(sys.stdin, start=1):
        text = line.rstrip("\r\n")
        if text.strip():
            yield number, text


def report(number: int, text: str, error: SentenceError, *, as_json: bool) -> None:
    """Says what is wrong with a line, and in JSON gives an object in its place."""
    print(f"tiankong: line {number}: {error}", file=sys.stderr)
    if as_json:
        click.echo(json.dumps({"sentence": _printable(text), "error": _printable(str(error))}, ensure_ascii=False))


def answer_each(
    text: str | None,
    answer: Callable[[str], str],
    *,
    as_json: bool,
    many: Callable[[list[str]], list[str]] | None = None,
) -> int:
    """Prints ``answer`` to ``text``, or to every line of a pipe after the line itself unless in JSON.

    ``many`` answers a block of lines at once where that is faster. Returns the exit code: that of bad input if a line
    was bad.
    """
    if text is not None:
        click.echo(answer(text))
        return 0
    needs(sys.stdin is not None, "standard input is closed: give a text as an argument")
    needs(not sys.stdin.isatty(), "give a text, or texts on standard input")
    failed = False
    lines = piped_lines()
    while block := list(itertools.islice(lines, _LINES_AT_ONCE if many else 1)):
        answers = _answers([line for _, line in block], answer, many)
        for (number, line), shown in zip(block, answers, strict=True):
            if isinstance(shown, SentenceError):
                failed = True
                report(number, line, shown, as_json=as_json)
            else:
                click.echo(shown if as_json else f"{line}\n{shown}")
    return TiankongError.exit_code if failed else 0


def _answers(
    lines: list[str], one: Callable[[str], str], many: Callable[[list[str]], list[str]] | None
) -> Iterator[str | SentenceError]:
    """Together if all are good, else one by one."""
    if many:
        try:
            yield from many(lines)
        except SentenceError:
            pass
        else:
            return
    for line in lines:
        try:
            yield one(line)
        except SentenceError as error:
            yield error


def _printable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
