"""``tiankong check``: words that do not fit their context, with suggestions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tiankong.cli.chosen_model import ModelOfTexts
from tiankong.cli.display import probability, progress
from tiankong.cli.files import FileOptions, file_options
from tiankong.cli.lines import Answering, answer_each, json_line
from tiankong.cli.options import model_option, read_words, threads_option, words_option
from tiankong.cli.script import ReadAs, script_option
from tiankong.errors import SentenceError

if TYPE_CHECKING:
    from tiankong.pipeline.records import Record
    from tiankong.request.answers import CheckedWord
    from tiankong.text.script import Script


_PATIENCE = 1.0
"""Seconds before a text that takes longer has a progress bar."""


@click.command(name="check")
@click.argument("text", required=False)
@model_option
@words_option
@threads_option
@script_option
@click.option("--precision", default=0.8, show_default=True, help="The share of flagged words that should be errors.")
@click.option("--suggestions", default=3, show_default=True, help="Suggestions for each flagged word.")
@click.option("--ignore", "ignore_file", help="A file of words and phrases that are never flagged, one per line.")
@click.option("--all", "show_all", is_flag=True, help="Also print the words that fit.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per text, with every word.")
@file_options
def command(
    text: str | None,
    model: str | None,
    words_file: str | None,
    threads: int,
    script: Script,
    precision: float,
    suggestions: int,
    ignore_file: str | None,
    show_all: bool,
    as_json: bool,
    file: FileOptions,
) -> int:
    """Flag the words of TEXT, or of each line of a pipe or row of --input, that do not fit their context.

    Each line has the word, its position, the probability that it is an error, and suggestions.
    """
    from tiankong.pipeline.records import check_records  # noqa: PLC0415 - heavy

    ignore = read_words(ignore_file, "--ignore", phrases=True)
    words = read_words(words_file)
    if file.given(text, all=show_all, json=as_json):
        options = {"precision": precision, "suggestions": suggestions, "ignore": ignore or None}
        return file.answer("check", options, model=model, words=words, script=script, threads=threads)
    models = ModelOfTexts(model, threads=threads, words=words, script=script)

    def answering(first: list[str]) -> Answering:
        loaded = models.load(first)
        read_as = ReadAs(loaded)

        def formatted(texts: list[str]) -> list[str | SentenceError]:
            with progress("checking", sum(map(len, texts)), quiet=False, delay=_PATIENCE) as advance:
                records = check_records(loaded, texts, precision, suggestions, ignore, script, advance)
            return [record if isinstance(record, SentenceError) else formatted_one(record) for record in records]

        def formatted_one(record: Record) -> str:
            read_as.note(record.get("read_as"))
            if as_json:
                return json_line(record)
            if not record["words"]:
                return "(no word to judge)"
            return _lines(record["words"] if show_all else [word for word in record["words"] if not word["fits"]])

        return formatted

    return answer_each(text, answering, as_json=as_json, at_once=1)


def _lines(words: list[CheckedWord]) -> str:
    if not words:
        return "(every word fits)"
    lines = []
    for word in words:
        better = " ".join(suggestion["token_str"] for suggestion in word["suggestions"])
        place = f"{word['start']}-{word['end']}"
        lines.append("\t".join([word["word"], place, probability(word["misfit"]), *([better] if better else [])]))
    return "\n".join(lines)
