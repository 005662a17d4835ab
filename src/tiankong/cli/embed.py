"""``tiankong embed``: the context vectors of blanks, as features for other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tiankong.cli.chosen_model import ModelOfTexts
from tiankong.cli.files import FileOptions, file_options
from tiankong.cli.lines import Answering, answer_each, json_line
from tiankong.cli.options import blank_option, model_option, threads_option
from tiankong.cli.script import ReadAs, script_option
from tiankong.errors import SentenceError

if TYPE_CHECKING:
    from tiankong.pipeline.records import Record
    from tiankong.text.script import Script


@click.command(name="embed")
@click.argument("sentence", required=False)
@model_option
@threads_option
@blank_option
@script_option
@file_options
def command(
    sentence: str | None, model: str | None, threads: int, blank: str | None, script: Script, file: FileOptions
) -> int:
    r"""Print the context vector of each blank of SENTENCE, or of each line of a pipe, as one JSON object per line; or
    write those of each row of --input to --output.

    A blank is __ or [MASK], or what --blank says; \_\_ is __ as text.
    """
    from tiankong.pipeline.records import embed_records  # noqa: PLC0415 - heavy

    if file.given(sentence):
        return file.answer("embed", {"blank": blank}, model=model, script=script, threads=threads)
    models = ModelOfTexts(model, threads=threads, script=script)

    def answering(first: list[str]) -> Answering:
        loaded = models.load(first)
        read_as = ReadAs(loaded)

        def lines(texts: list[str]) -> list[str | SentenceError]:
            records = embed_records(loaded, texts, blank, script)
            return [record if isinstance(record, SentenceError) else line(record) for record in records]

        def line(record: Record) -> str:
            read_as.note(record.get("read_as"))
            return json_line(record)

        return lines

    return answer_each(sentence, answering, as_json=True)
