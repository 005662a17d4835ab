"""``tiankong check``: words that don't fit, with better ones."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from tiankong.cli.display import probability
from tiankong.cli.options import model_option, needs, read_words, words_option
from tiankong.errors import SentenceError, TiankongError

if TYPE_CHECKING:
    from tiankong.inference.answers import CheckedWord


@click.command(name="check")
@click.argument("text", required=False)
@model_option
@words_option
@click.option("--precision", default=0.8, show_default=True, help="Share of the flagged words that should be wrong.")
@click.option("--suggestions", default=3, show_default=True, help="Better words for each.")
@click.option("--all", "show_all", is_flag=True, help="Print the words that fit too.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object for each text, with every word.")
def command(
    text: str | None,
    model: str,
    words_file: str | None,
    precision: float,
    suggestions: int,
    show_all: bool,
    as_json: bool,
) -> int:
    """Flag the words of TEXT, or of each line of a pipe, that don't fit their context.

    A line for each: the word, where it stands, how surely it is wrong, and what would fit better.
    """
    from tiankong.inference.model import load  # noqa: PLC0415 - heavy

    problem = "give a text, or texts on standard input"
    needs(text is not None or (sys.stdin is not None and not sys.stdin.isatty()), problem)
    checker = load(model, words=read_words(words_file))

    def show(one: str) -> None:
        words = checker.check(one, precision, suggestions)
        if as_json:
            click.echo(json.dumps({"text": one, "words": words}, ensure_ascii=False))
        else:
            click.echo(_lines(words if show_all else [word for word in words if not word["fits"]]))

    if text is not None:
        show(text)
        return 0
    failed = False
    for number, line in enumerate(sys.stdin, start=1):
        one = line.rstrip("\r\n")
        if not one.strip():
            continue
        try:
            if not as_json:
                click.echo(one)
            show(one)
        except SentenceError as error:
            failed = True
            print(f"tiankong: line {number}: {error}", file=sys.stderr)
    return TiankongError.exit_code if failed else 0


def _lines(words: list[CheckedWord]) -> str:
    if not words:
        return "(every word fits)"
    lines = []
    for word in words:
        better = " ".join(suggestion["token_str"] for suggestion in word["suggestions"])
        place = f"{word['start']}-{word['end']}"
        lines.append("\t".join([word["word"], place, probability(word["misfit"]), *([better] if better else [])]))
    return "\n".join(lines)
