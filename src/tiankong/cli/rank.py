"""``tiankong rank``: candidates for a blank, or whole sentences, compared."""

from __future__ import annotations

import json
import sys

import click

from tiankong.cli.display import probability
from tiankong.cli.options import model_option, needs, part_of_word_option, read_words, threads_option, words_option


@click.command(name="rank")
@click.argument("sentence", required=False)
@click.argument("candidates", nargs=-1)
@model_option
@words_option
@threads_option
@part_of_word_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    sentence: str | None,
    candidates: tuple[str, ...],
    model: str,
    words_file: str | None,
    threads: int,
    part_of_word: bool | None,
    as_json: bool,
) -> None:
    """Rank CANDIDATES, words or phrases, for the blank of SENTENCE; or several sentences without a blank.

    Candidates or sentences that are not given as arguments are read from a pipe, one per line. Scores of sentences are
    normalised by length.
    """
    from tiankong.model import load  # noqa: PLC0415 - heavy
    from tiankong.text.blanks import has_blank  # noqa: PLC0415

    compared = list(candidates)
    if sentence is None or (has_blank(sentence) and not compared):
        problem = "give candidates for the blank, or several sentences, as arguments or on standard input"
        needs(sys.stdin is not None and not sys.stdin.isatty(), problem)
        compared = [line.strip() for line in sys.stdin if line.strip()]
    loaded = load(model, threads=threads, words=read_words(words_file))
    if sentence is not None and has_blank(sentence):
        ranked = loaded.rank(sentence, compared, part_of_word)
    else:
        ranked = loaded.rank(compared if sentence is None else [sentence, *compared])
        sentence = None  # the JSON names one only if it has the blank
    if as_json:
        click.echo(json.dumps({"sentence": sentence, "ranked": ranked}, ensure_ascii=False))
        return
    for entry in ranked:
        click.echo(f"{entry['candidate']}\t{probability(entry['score'])}")
