"""``tiankong embed``: context vectors of blanks, for programs that want features."""

from __future__ import annotations

import json
import sys

import click

from tiankong.cli.options import model_option, needs
from tiankong.errors import SentenceError, TiankongError


@click.command(name="embed")
@click.argument("sentence", required=False)
@model_option
def command(sentence: str | None, model: str) -> int:
    """Print the context vector of each blank of SENTENCE, or of each line of a pipe, as one JSON object a line."""
    from tiankong.inference.model import load  # noqa: PLC0415 - heavy

    problem = "give a sentence, or sentences on standard input"
    needs(sentence is not None or (sys.stdin is not None and not sys.stdin.isatty()), problem)
    encoder = load(model)
    if sentence is not None:
        click.echo(_line(sentence, encoder.embed(sentence).tolist()))
        return 0
    failed = False
    for number, line in enumerate(sys.stdin, start=1):
        text = line.rstrip("\r\n")
        if not text.strip():
            continue
        try:
            click.echo(_line(text, encoder.embed(text).tolist()))
        except SentenceError as error:
            failed = True
            print(f"tiankong: line {number}: {error}", file=sys.stderr)
    return TiankongError.exit_code if failed else 0


def _line(sentence: str, vectors: list[list[float]]) -> str:
    rounded = [[round(number, 6) for number in vector] for vector in vectors]
    return json.dumps({"sentence": sentence, "vectors": rounded}, ensure_ascii=False)
