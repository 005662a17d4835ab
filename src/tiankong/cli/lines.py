"""Texts from a pipe, one a line: answered in order, a bad one reported and the rest gone on with."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import click

from tiankong.cli.options import needs
from tiankong.errors import SentenceError, TiankongError

Answer = TypeVar("Answer")

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


def answer_each(text: str | None, answer: Callable[[str], str], *, as_json: bool) -> int:
    """Prints ``answer`` to ``text``, or to every line of a pipe after the line itself unless in JSON.

    Returns the exit code: that of bad input if a line was bad.
    """
    if text is not None:
        click.echo(answer(text))
        return 0
    needs(sys.stdin is not None and not sys.stdin.isatty(), "give a text, or texts on standard input")
    failed = False
    for number, line in piped_lines():
        try:
            shown = answer(line)
        except SentenceError as error:
            failed = True
            report(number, line, error, as_json=as_json)
        else:
            click.echo(shown if as_json else f"{line}\n{shown}")
    return TiankongError.exit_code if failed else 0


def answer_blocks(
    many: Callable[[list[str]], Sequence[Answer]],
    one: Callable[[str], Answer],
    shown: Callable[[str, Answer], str],
    *,
    as_json: bool,
) -> int:
    """As :func:`answer_each` of a pipe, many lines at a time, one by one where one of them is bad."""
    failed = False
    lines = piped_lines()
    while block := list(itertools.islice(lines, _LINES_AT_ONCE)):
        for (number, line), answer in zip(block, _answers(many, one, [line for _, line in block]), strict=True):
            if isinstance(answer, SentenceError):
                failed = True
                report(number, line, answer, as_json=as_json)
            else:
                click.echo(shown(line, answer) if as_json else f"{line}\n{shown(line, answer)}")
    return TiankongError.exit_code if failed else 0


def _answers(
    many: Callable[[list[str]], Sequence[Answer]], one: Callable[[str], Answer], lines: list[str]
) -> Iterator[Answer | SentenceError]:
    try:
        yield from many(lines)
    except SentenceError:
        for line in lines:
            try:
                yield one(line)
            except SentenceError as error:
                yield error


def _printable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
