"""Texts from a pipe, one per line: answered in order; a bad line is reported and the others are answered."""

from __future__ import annotations

import codecs
import io
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

import click

from tiankong.cli.options import as_options, needs
from tiankong.errors import SentenceError, TiankongError

Answering = Callable[[list[str]], Sequence[str | SentenceError]]
"""What gives the answer to each of several texts, as it is printed, or what is wrong with it."""

_LINES_AT_ONCE = 64
_BYTES_AT_ONCE = 1 << 16


def piped_lines(most: int) -> Iterator[list[tuple[int, str]]]:
    """The non-empty lines of standard input with their numbers, in blocks of at most ``most`` lines that have arrived:
    a program that waits for the answer to each line gets it.
    """
    number = 0
    for arrived in _arrivals():
        lines = [(number + place, line) for place, line in enumerate(arrived, start=1)]
        number += len(lines)
        lines = [(at, line) for at, line in lines if line.strip()]
        for start in range(0, len(lines), most):
            yield lines[start : start + most]


def _arrivals() -> Iterator[list[str]]:
    """Whole lines, as many as arrive at once."""
    decoder = io.IncrementalNewlineDecoder(
        codecs.getincrementaldecoder(sys.stdin.encoding)(sys.stdin.errors or "strict"), translate=True
    )
    parts: list[str] = []  # of the line that is arriving; joined once, since it may be long
    stream = cast(io.BufferedReader, sys.stdin.buffer)
    while content := stream.read1(_BYTES_AT_ONCE):
        *lines, rest = decoder.decode(content).split("\n")
        if lines:
            lines[0] = "".join([*parts, lines[0]])
            parts = []
            yield lines
        parts.append(rest)
    yield "".join([*parts, decoder.decode(b"", final=True)]).split("\n")


def report(number: int, text: str, error: SentenceError, *, as_json: bool, field: str) -> None:
    """Reports the problem with a line; in JSON also as an object in its place, with the line as its ``field``."""
    message = as_options(str(error))
    print(f"tiankong: line {number}: {message}", file=sys.stderr)
    if as_json:
        click.echo(json_line({field: _printable(text), "error": _printable(message)}))


def answer_each(
    text: str | None,
    begin: Callable[[list[str]], Answering],
    *,
    as_json: bool,
    at_once: int = _LINES_AT_ONCE,
    field: str = "sentence",
) -> int:
    """Prints the answer to ``text``, or to every line of a pipe; without JSON, the line itself comes first.

    ``begin`` gets ``text``, or the first lines that have arrived, and returns what answers it, or all lines. At most so
    many lines are answered ``at_once``; ``field`` is the name of a text in JSON. Returns the exit code: that of bad
    input if a line was bad.

    :raises SentenceError: ``text`` can't be answered.
    """
    if text is not None:
        (formatted,) = begin([text])([text])
        if isinstance(formatted, SentenceError):
            raise formatted
        click.echo(formatted)
        return 0
    needs(sys.stdin is not None, "standard input is closed: give a text as an argument")
    needs(not sys.stdin.isatty(), "give a text as an argument, or texts on standard input")
    failed, answer = False, None
    for arrived in piped_lines(_LINES_AT_ONCE):
        if answer is None:
            answer = begin([line for _, line in arrived])
        for start in range(0, len(arrived), at_once):
            block = arrived[start : start + at_once]
            answers = answer([line for _, line in block])
            for (number, line), formatted in zip(block, answers, strict=True):
                if isinstance(formatted, SentenceError):
                    failed = True
                    report(number, line, formatted, as_json=as_json, field=field)
                else:
                    click.echo(formatted if as_json else f"{line}\n{formatted}")
    needs(answer is not None, "standard input holds no text: there is nothing to answer")
    return TiankongError.exit_code if failed else 0


def json_line(record: Mapping[str, Any]) -> str:
    """An object on a line of JSON."""
    return json.dumps(record, ensure_ascii=False)


def _printable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
