"""``tiankong embed``: the context vectors of blanks, as features for other programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from tiankong.cli.lines import answer_each
from tiankong.cli.options import blank_option, model_option, threads_option
from tiankong.cli.script import ReadAs, script_option

if TYPE_CHECKING:
    from tiankong.text.script import Script


@click.command(name="embed")
@click.argument("sentence", required=False)
@model_option
@threads_option
@blank_option
@script_option
def command(sentence: str | None, model: str, threads: int, blank: str | None, script: Script) -> int:
    r"""Print the context vector of each blank of SENTENCE, or of each line of a pipe, as one JSON object per line.

    A blank is __ or [MASK], or what --blank says; \_\_ is __ as text.
    """
    from tiankong.model import load  # noqa: PLC0415 - heavy

    loaded = load(model, threads=threads, script=script)
    read_as = ReadAs(loaded)

    def line(text: str) -> str:
        vectors = loaded.embed(text, blank).tolist()
        rounded = [[round(number, 6) for number in vector] for vector in vectors]
        return json.dumps({"sentence": text, **read_as.field(text), "vectors": rounded}, ensure_ascii=False)

    return answer_each(sentence, line, as_json=True)
