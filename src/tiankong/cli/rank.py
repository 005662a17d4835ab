"""``tiankong rank``: candidates for a blank, or whole sentences, compared with each other."""

from __future__ import annotations

import json
import sys

import click

from tiankong.cli.display import probability
from tiankong.cli.options import model_option, needs, part_of_word_option, read_words, words_option


@click.command(name="rank")
@click.argument("sentence", required=False)
@click.argument("candidates", nargs=-1)
@model_option
@words_option
@part_of_word_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    sentence: str | None,
    candidates: tuple[str, ...],
    model: str,
    words_file: str | None,
    part_of_word: bool | None,
    as_json: bool,
) -> None:
    """Rank CANDIDATES, words or phrases, for the blank of SENTENCE; or several sentences without a blank.

    What is missing is read from a pipe, one a line: the candidates, or all the sentences. Sentences are compared as if
    all had the same number of words: a long one does not lose by its length.
    """
    from tiankong.model import load  # noqa: PLC0415 - heavy
    from tiankong.text.blanks import has_blank  # noqa: PLC0415

    choices = list(candidates)
    if sentence is None or (has_blank(sentence) and not choices):
        problem = "give candidates for the blank, or several sentences to compare, as arguments or on standard input"
        needs(sys.stdin is not None and not sys.stdin.isatty(), problem)
        choices = [line.strip() for line in sys.stdin if line.strip()]
    filler = load(model, words=read_words(words_file))
    if sentence is not None and has_blank(sentence):
        ranked = filler.rank(sentence, choices, part_of_word)
    else:
        ranked = filler.rank(choices if sentence is None else [sentence, *choices])
        sentence = None  # none of them is asked about
    if as_json:
        click.echo(json.dumps({"sentence": sentence, "ranked": ranked}, ensure_ascii=False))
        return
    for entry in ranked:
        click.echo(f"{entry['candidate']}\t{probability(entry['score'])}")
