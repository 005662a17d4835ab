"""``tiankong embed``: the context vectors of blanks, as features for other programs."""

from __future__ import annotations

import json

import click

from tiankong.cli.lines import answer_each
from tiankong.cli.options import blank_option, model_option, threads_option


@click.command(name="embed")
@click.argument("sentence", required=False)
@model_option
@threads_option
@blank_option
def command(sentence: str | None, model: str, threads: int, blank: str | None) -> int:
    r"""Print the context vector of each blank of SENTENCE, or of each line of a pipe, as one JSON object per line.

    A blank is __ or [MASK], or what --blank says; \_\_ is __ as text.
    """
    from tiankong.model import load  # noqa: PLC0415 - heavy

    loaded = load(model, threads=threads)
    return answer_each(sentence, lambda text: _line(text, loaded.embed(text, blank).tolist()), as_json=True)


def _line(sentence: str, vectors: list[list[float]]) -> str:
    rounded = [[round(number, 6) for number in vector] for vector in vectors]
    return json.dumps({"sentence": sentence, "vectors": rounded}, ensure_ascii=False)
