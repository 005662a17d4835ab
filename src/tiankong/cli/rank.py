"""``tiankong rank``: candidates for a blank, or whole sentences, compared."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from tiankong.cli.chosen_model import ModelOfTexts
from tiankong.cli.display import probability, say
from tiankong.cli.options import (
    blank_option,
    model_option,
    needs,
    part_of_word_option,
    read_words,
    threads_option,
    words_option,
)
from tiankong.cli.script import ReadAs, script_option

if TYPE_CHECKING:
    from tiankong.text.script import Script


@click.command(name="rank")
@click.argument("sentence", required=False)
@click.argument("candidates", nargs=-1)
@model_option
@words_option
@threads_option
@part_of_word_option
@blank_option
@script_option
@click.option("--sentences", "as_sentences", is_flag=True, help="Compare whole sentences; __ in them is plain text.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    sentence: str | None,
    candidates: tuple[str, ...],
    model: str | None,
    words_file: str | None,
    threads: int,
    part_of_word: bool | None,
    blank: str | None,
    script: Script,
    as_sentences: bool,
    as_json: bool,
) -> None:
    r"""Rank CANDIDATES, words or phrases, for the blank of SENTENCE; or several sentences without a blank.

    Candidates or sentences that are not given as arguments are read from a pipe, one per line. Scores of sentences are
    normalised by length. A blank is __ or [MASK], or what --blank says; \_\_ is __ as text. If every argument has a
    blank, they are whole sentences, too.
    """
    from tiankong.text.blank_forms import blank_form  # noqa: PLC0415 - heavy

    needs(
        blank is None or (sentence is not None and not as_sentences),
        "--blank is for a sentence with candidates: leave it out, whole sentences have no blank",
    )
    form = blank_form(blank)
    has_blank = sentence is not None and not as_sentences and (blank is not None or form.count(sentence) > 0)
    compared = list(candidates)
    if sentence is None or (has_blank and not compared):
        problem = "give candidates for the blank, or several sentences, as arguments or on standard input"
        needs(sys.stdin is not None and not sys.stdin.isatty(), problem)
        compared = [line.strip() for line in sys.stdin if line.strip()]
    if blank is None and has_blank and compared and all(map(form.count, compared)):
        has_blank = False
    models = ModelOfTexts(model, threads=threads, words=read_words(words_file), script=script)
    texts = compared if sentence is None else [sentence] if has_blank else [sentence, *compared]
    loaded = models.load(texts)
    if sentence is not None and has_blank:
        if len(compared) == 1:
            say("tiankong: a single candidate has all of the score; --sentences compares whole sentences", quiet=False)
        ranked = loaded.rank(sentence, compared, part_of_word, blank)
        read_as = ReadAs(loaded).field(sentence)
    else:
        # Among arguments, __ may be a blank: there, an escape makes it text.
        ranked = loaded.rank(texts if sentence is None or as_sentences else list(map(form.as_text, texts)))
        read_as = ReadAs(loaded).field(*texts)
        sentence = None  # the JSON names one only if it has the blank
    if as_json:
        click.echo(json.dumps({"sentence": sentence, **read_as, "ranked": ranked}, ensure_ascii=False))
        return
    for entry in ranked:
        click.echo(f"{entry['candidate']}\t{probability(entry['score'])}")
