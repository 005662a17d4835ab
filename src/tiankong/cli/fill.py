"""``tiankong fill``: one sentence, a pipe of lines, or a prompt."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from tiankong.cli.options import model_option, needs
from tiankong.errors import SentenceError, TiankongError

_LINES_AT_ONCE = 64


@click.command(name="fill")
@click.argument("sentence", required=False)
@model_option
@click.option("-k", "--top-k", default=10, show_default=True, help="Words for each blank.")
@click.option("--decoding", help="How a codes model ranks: likelihood or distance (default: the model's own).")
@click.option("--starts-with", help="Only words that start so.")
@click.option("--ends-with", help="Only words that end so.")
@click.option("--contains", help="Only words that contain this.")
@click.option("--length", help="Only words of so many characters: 2 or 2-4.")
@click.option("--exclude", multiple=True, help="Not this word; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object for each sentence.")
def command(
    sentence: str | None,
    model: str,
    top_k: int,
    decoding: str | None,
    length: str | None,
    as_json: bool,
    **constraints: Any,
) -> int:
    """Rank words for each blank of SENTENCE.

    A blank is __ or [MASK]. Without SENTENCE, lines are read from a pipe, or a prompt opens on a terminal.
    """
    from tiankong.inference.constraints import parse_length  # noqa: PLC0415 - heavy
    from tiankong.inference.model import load  # noqa: PLC0415

    options = {"top_k": top_k, "decoding": decoding, **constraints}
    options["length"] = None if length is None else parse_length(length)
    filler = load(model)
    if sentence is not None:
        answers = filler.fill(sentence, **options)
        click.echo(_json(sentence, answers) if as_json else _lines(answers))
        return 0
    needs(sys.stdin is not None, "there is no sentence and standard input is closed: give one of them")
    if sys.stdin.isatty():
        return _prompt(filler, options, as_json)
    return _pipe(filler, options, as_json)


def _pipe(filler: Any, options: dict[str, Any], as_json: bool) -> int:
    """One answer for each line, in order; a bad line is reported and the rest goes on."""
    failed = False
    for block in _blocks(line.rstrip("\r\n") for line in sys.stdin):
        answered = _answers(filler, [sentence for _, sentence in block], options)
        for (number, sentence), answers in zip(block, answered, strict=True):
            if isinstance(answers, SentenceError):
                failed = True
                print(f"tiankong: line {number}: {answers}", file=sys.stderr)
                if as_json:
                    click.echo(
                        json.dumps(
                            {"sentence": _printable(sentence), "error": _printable(str(answers))}, ensure_ascii=False
                        )
                    )
            else:
                click.echo(_json(sentence, answers) if as_json else f"{sentence}\n{_lines(answers)}")
    return TiankongError.exit_code if failed else 0


def _answers(filler: Any, block: list[str], options: dict[str, Any]) -> Iterator[Any]:
    """Answers or errors of a block of sentences: together if all are good, else one by one."""
    try:
        yield from filler.fill(block, **options)
    except SentenceError:
        for sentence in block:
            try:
                yield filler.fill(sentence, **options)
            except SentenceError as error:
                yield error


def _blocks(lines: Iterable[str]) -> Iterator[list[tuple[int, str]]]:
    """Lines with their numbers in the input, blank ones left out."""
    block: list[tuple[int, str]] = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            block.append((number, line))
        if len(block) == _LINES_AT_ONCE:
            yield block
            block = []
    if block:
        yield block


def _prompt(filler: Any, options: dict[str, Any], as_json: bool) -> int:
    """Asks for sentences until end of input, with editing and a history that is kept."""
    from prompt_toolkit import PromptSession  # noqa: PLC0415 - only on a terminal
    from prompt_toolkit.history import FileHistory, History, InMemoryHistory  # noqa: PLC0415

    folder = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "tiankong"
    history: History
    try:
        folder.mkdir(parents=True, exist_ok=True)
        history = FileHistory(str(folder / "history"))
    except OSError:
        history = InMemoryHistory()
    session: PromptSession[str] = PromptSession(history=history)
    while True:
        try:
            sentence = session.prompt("Sentence: ")
        except EOFError:
            return 0
        except KeyboardInterrupt:
            continue
        if not sentence.strip():
            continue
        try:
            answers = filler.fill(sentence, **options)
            click.echo(_json(sentence, answers) if as_json else _lines(answers))
        except SentenceError as error:
            click.echo(f"error: {error}")


def _lines(answers: Any) -> str:
    """A word and its probability (codes models: distance too) a line; several blanks one after the other."""
    if not answers:
        return "(no word of the model fits)"
    if answers and isinstance(answers[0], list):
        return "\n".join(f"blank {number}:\n{_lines(words)}" for number, words in enumerate(answers, start=1))
    return "\n".join(
        f"{answer['token_str']}\t{answer['distance']:.4f}\t{answer['score']:.4f}"
        if "distance" in answer
        else f"{answer['token_str']}\t{answer['score']:.4f}"
        for answer in answers
    )


def _json(sentence: str, answers: Any) -> str:
    blanks = answers if answers and isinstance(answers[0], list) else [answers]
    return json.dumps({"sentence": sentence, "blanks": blanks}, ensure_ascii=False)


def _printable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
