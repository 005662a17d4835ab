"""``tiankong classify``: the labels of texts, from a trained classifier or by prompts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from tiankong.cli.display import probability, say
from tiankong.cli.files import FileOptions, file_options
from tiankong.cli.lines import answer_each, json_line
from tiankong.cli.options import GENERAL_MODEL, as_options, blank_option, needs, threads_option
from tiankong.cli.script import ReadAs, script_option
from tiankong.config import DEFAULT_CLASSIFIER
from tiankong.errors import SentenceError

if TYPE_CHECKING:
    from tiankong.pipeline.records import Record
    from tiankong.text.script import Script

_SEPARATORS = re.compile(r"[,，、]")

prompt_option = click.option(
    "--prompt",
    "prompts",
    multiple=True,
    help="A sentence with {text} and one blank; the scores of several are averaged.",
)
label_option = click.option(
    "--label",
    "labels",
    multiple=True,
    help="A label and the words that indicate it in the blank, such as 好评=好,不错,满意; give at least two labels.",
)


def parse_labels(given: tuple[str, ...]) -> dict[str, list[str]]:
    """The labels and their words.

    :raises OptionError: one is not of the form NAME=WORD,WORD, or is given twice.
    """
    labels: dict[str, list[str]] = {}
    for option in given:
        name, equals, list_of_words = option.partition("=")
        name = name.strip()
        words = [word.strip() for word in _SEPARATORS.split(list_of_words) if word.strip()]
        needs(bool(name and equals and words), f"--label {option!r} is not of the form NAME=WORD,WORD")
        needs(name not in labels, f"--label {name} is given twice: put all its words into one")
        labels[name] = words
    return labels


@click.command(name="classify")
@click.argument("text", required=False)
@click.option(
    "--model",
    envvar="TIANKONG_MODEL",
    help=f"A built-in model's name, or a model folder. [default: {DEFAULT_CLASSIFIER}; with --prompt {GENERAL_MODEL}]",
)
@prompt_option
@label_option
@blank_option
@script_option
@threads_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per text.")
@file_options
def command(
    text: str | None,
    model: str | None,
    prompts: tuple[str, ...],
    labels: tuple[str, ...],
    blank: str | None,
    script: Script,
    threads: int,
    as_json: bool,
    file: FileOptions,
) -> int:
    """Classify TEXT, each line of a pipe, or each row of --input: by a model trained on labels, or by prompts.

    \b
    tiankong classify '用了两天就坏了'
    tiankong classify --prompt '{text}，总的来说很__。' --label 好评=好,不错 --label 差评=差,糟糕 '用了两天就坏了'

    With prompts, a word counts by how much the text raises its probability in the blank.
    """
    from tiankong.model import load  # noqa: PLC0415 - heavy
    from tiankong.pipeline.records import classify_records, classifying_model  # noqa: PLC0415

    needs(bool(prompts) == bool(labels), "--prompt and --label go together: give both, or neither for a trained model")
    needs(blank is None or bool(prompts), "--blank is for --prompt: leave it out, a text to classify has no blank")
    words = parse_labels(labels)
    question: dict[str, Any] = {"prompts": prompts, "labels": words, "blank": blank} if prompts else {}
    if file.given(text, json=as_json):
        return file.answer("classify", question, model=model, script=script, threads=threads)
    name, note = (model, "") if model is not None else classifying_model(question)
    if note:
        say(f"tiankong: {as_options(note)}", quiet=False)
    loaded = load(name, threads=threads, script=script)
    read_as = ReadAs(loaded)
    needs(
        bool(loaded.labels) or bool(prompts),
        f"{model} fills blanks and was not trained for labels: give --prompt and --label, as tiankong classify --help "
        "shows",
    )

    def formatted(texts: list[str]) -> list[str | SentenceError]:
        records = classify_records(loaded, texts, script=script, **question)
        return [record if isinstance(record, SentenceError) else formatted_one(record) for record in records]

    def formatted_one(record: Record) -> str:
        read_as.note(record.get("read_as"))
        if as_json:
            return json_line(record)
        return "\n".join(f"{share['label']}\t{probability(share['score'])}" for share in record["labels"])

    return answer_each(text, lambda _: formatted, as_json=as_json, field="text")
