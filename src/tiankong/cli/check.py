"""``tiankong check``: words that don't fit, with better ones."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from tiankong.cli.display import probability
from tiankong.cli.lines import answer_each
from tiankong.cli.options import model_option, read_words, words_option

if TYPE_CHECKING:
    from tiankong.request.answers import CheckedWord


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
    from tiankong.model import load  # noqa: PLC0415 - heavy

    checker = load(model, words=read_words(words_file))

    def shown(one: str) -> str:
        words = checker.check(one, precision, suggestions)
        if as_json:
            return json.dumps({"sentence": one, "words": words}, ensure_ascii=False)
        if not words:
            return "(no word to judge)"
        return _lines(words if show_all else [word for word in words if not word["fits"]])

    return answer_each(text, shown, as_json=as_json)


def _lines(words: list[CheckedWord]) -> str:
    if not words:
        return "(every word fits)"
    lines = []
    for word in words:
        better = " ".join(suggestion["token_str"] for suggestion in word["suggestions"])
        place = f"{word['start']}-{word['end']}"
        lines.append("\t".join([word["word"], place, probability(word["misfit"]), *([better] if better else [])]))
    return "\n".join(lines)
