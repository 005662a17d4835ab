"""``tiankong fill``: for one sentence, for lines from a pipe, or at a prompt."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tiankong.cli.chosen_model import ModelOfTexts
from tiankong.cli.display import probability, say
from tiankong.cli.files import FileOptions, file_options
from tiankong.cli.lines import Answering, answer_each, json_line
from tiankong.cli.options import (
    Once,
    as_options,
    blank_option,
    model_option,
    part_of_word_option,
    read_words,
    threads_option,
    words_option,
)
from tiankong.cli.script import ReadAs, script_option
from tiankong.errors import SentenceError

if TYPE_CHECKING:
    from tiankong.model import Model
    from tiankong.pipeline.records import Record
    from tiankong.request.answers import Answer, JointAnswer
    from tiankong.text.script import Script


_NO_WORD = "(no word fits the constraints)"
_NO_WHOLE_WORD = "(no word fits the constraints, which apply to the whole word, including the letters beside the blank)"

_LONGEST_UNKNOWN = 100
"""The most characters of a sentence that may have no known word: segmenting longer ones once more would cost time."""


@click.command(name="fill")
@click.argument("sentence", required=False)
@model_option
@click.option("-k", "--top-k", default=10, show_default=True, help="Words for each blank.")
@click.option("--decoding", help="Ranking of a codes model: likelihood or distance. [default: the model's own]")
@click.option(
    "--target",
    "targets",
    multiple=True,
    help="Only this word or phrase, known or not; may be repeated.",
)
@words_option
@threads_option
@click.option("--starts-with", cls=Once, help="Only words with this prefix.")
@click.option("--ends-with", cls=Once, help="Only words with this suffix.")
@click.option("--contains", cls=Once, help="Only words that contain this.")
@click.option("--pattern", cls=Once, help="Only words that this regular expression matches as a whole.")
@click.option("--length", cls=Once, help="Only words of this many characters: 2 or 2-4.")
@click.option("--exclude", multiple=True, help="Exclude this word; may be repeated.")
@part_of_word_option
@script_option
@blank_option
@click.option(
    "--joint/--no-joint",
    default=None,
    help="Also fill several blanks together. [default: yes, except in a pipe or a file]",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per sentence.")
@file_options
def command(
    sentence: str | None,
    model: str | None,
    top_k: int,
    decoding: str | None,
    targets: tuple[str, ...],
    words_file: str | None,
    threads: int,
    length: str | None,
    joint: bool | None,
    script: Script,
    as_json: bool,
    file: FileOptions,
    **constraints: Any,
) -> int:
    r"""Rank words for each blank of SENTENCE. With several blanks, fillings of all of them together come first.

    A blank is __ or [MASK], or what --blank says; \_\_ is __ as text. Without SENTENCE, fill reads the file --input, or
    lines from a pipe, or opens a prompt on a terminal.
    """
    from tiankong.request.options import parse_length  # noqa: PLC0415 - heavy

    constraints |= {"length": None if length is None else parse_length(length), "targets": targets or None}
    if file.given(sentence, json=as_json):
        options = {"top_k": top_k, "decoding": decoding, "joint": joint, **constraints}
        words = read_words(words_file)
        return file.answer("fill", options, model=model, words=words, script=script, threads=threads)
    interactive = sentence is None and sys.stdin is not None and sys.stdin.isatty()
    if joint is None and sentence is None and not interactive:
        joint = False
    models = ModelOfTexts(model, threads=threads, words=read_words(words_file), script=script)
    constraints["script"] = script
    fillers: dict[Model, _Filler] = {}

    def answering(first: list[str]) -> Answering:
        loaded = models.load(first)
        if loaded not in fillers:
            fillers[loaded] = _Filler(loaded, top_k, decoding, joint, constraints, as_json, ReadAs(loaded))
        return fillers[loaded].shown

    if interactive:
        return _prompt(answering)
    return answer_each(sentence, answering, as_json=as_json)


@dataclass(frozen=True)
class _Filler:
    """Fills sentences and formats the answers; ``joint`` is ``None`` for wherever it is possible.

    ``emoticons_seen`` are blanks that may be text, and ``unknown_seen`` sentences without a known word, about which the
    user has been told.
    """

    model: Model
    top_k: int
    decoding: str | None
    joint: bool | None
    constraints: dict[str, Any]
    as_json: bool
    read_as: ReadAs
    emoticons_seen: list[str] = field(default_factory=list)
    unknown_seen: list[str] = field(default_factory=list)

    def shown(self, sentences: list[str]) -> list[str | SentenceError]:
        """The answers for each of ``sentences``, formatted, or what is wrong with it."""
        from tiankong.pipeline.records import fill_records  # noqa: PLC0415 - heavy

        records = fill_records(self.model, sentences, self.top_k, self.decoding, self.joint, **self.constraints)
        answered = [record["sentence"] for record in records if not isinstance(record, SentenceError)]
        self._warn_of_emoticons(answered)
        self._warn_of_unknown_words(answered)
        return [record if isinstance(record, SentenceError) else self._formatted(record) for record in records]

    def _warn_of_emoticons(self, sentences: list[str]) -> None:
        """Warns, once, about a blank in an emoticon, and says how to escape it."""
        from tiankong.text.blank_forms import blank_form  # noqa: PLC0415 - heavy
        from tiankong.text.blanks import cut_at_blanks, emoticons  # noqa: PLC0415

        if self.emoticons_seen:
            return
        form = blank_form(self.constraints["blank"])
        for sentence in sentences:
            faces = emoticons(cut_at_blanks(sentence, form))
            if faces:
                say(f"tiankong: a blank is read in {faces[0]}: write {form.escaped} if it is text", quiet=False)
                self.emoticons_seen.extend(faces)
                return

    def _warn_of_unknown_words(self, sentences: list[str]) -> None:
        """Warns, once, that an answer is based on characters alone."""
        from tiankong.request.queries import parse_query  # noqa: PLC0415 - heavy
        from tiankong.text.blank_forms import blank_form  # noqa: PLC0415

        form = blank_form(self.constraints["blank"])
        part_of_word, script = self.constraints["part_of_word"], self.constraints["script"]
        for sentence in [] if self.unknown_seen else sentences:
            if len(sentence) > _LONGEST_UNKNOWN:
                continue
            query = parse_query(sentence, self.model.predictor, part_of_word, form, script)
            words = [token for token in query.tokens if token is not None]
            if words and not any(map(query.reader.knows, words)):
                note = "no word beside the blank is in the vocabulary; it is read by its characters"
                say(f"tiankong: {note}", quiet=False)
                self.unknown_seen.append(sentence)
                return

    def _formatted(self, record: Record) -> str:
        """A JSON object, or lines for people."""
        self.read_as.note(record.get("read_as"))
        if self.as_json:
            return json_line(record)
        blanks, joint = record["blanks"], record.get("joint")
        reasons = self._reasons(record["sentence"], blanks)
        if len(blanks) == 1:
            return _lines(blanks[0], reasons[0])
        parts = [] if joint is None else ["together:", _joint_lines(joint)]
        for number, (answers, reason) in enumerate(zip(blanks, reasons, strict=True), start=1):
            parts += [f"blank {number}:", _lines(answers, reason)]
        return "\n".join(parts)

    def _reasons(self, sentence: str, blanks: list[list[Answer]]) -> list[str]:
        """Why each blank may have no answer: letters beside it that count as part of the word are easily overlooked."""
        if all(blanks):
            return [_NO_WORD] * len(blanks)
        from tiankong.request.queries import parse_query  # noqa: PLC0415 - heavy
        from tiankong.text.blank_forms import blank_form  # noqa: PLC0415

        form = blank_form(self.constraints["blank"])
        part_of_word, script = self.constraints["part_of_word"], self.constraints["script"]
        query = parse_query(sentence, self.model.predictor, part_of_word, form, script)
        reasons = []
        for (prefix, suffix), fits in zip(query.sentence.affixes, self._fit_unconstrained(sentence), strict=True):
            if not prefix and not suffix:
                reasons.append(_NO_WORD)
            elif fits:
                reasons.append(_NO_WHOLE_WORD)
            else:
                reasons.append(
                    f"(no word of the form {prefix}…{suffix} is known: the letters beside the blank count as part of "
                    "the word; with --no-part-of-word they are a separate word)"
                )
        return reasons

    def _fit_unconstrained(self, sentence: str) -> list[bool]:
        """Whether any word fits each blank if nothing but the sentence constrains it."""
        from tiankong.tasks.fill import fill  # noqa: PLC0415 - heavy

        reading = {name: self.constraints[name] for name in ("part_of_word", "blank", "script")}
        (blanks,) = fill(self.model.predictor, sentence, 1, **reading)
        assert not isinstance(blanks, SentenceError)  # which is raised
        return list(map(bool, blanks))


def _prompt(answering: Callable[[list[str]], Answering]) -> int:
    """Prompts for sentences until end of input, with line editing and a persistent history; each may be answered by
    another model.
    """
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
        (shown,) = answering([sentence])([sentence])
        click.echo(f"error: {as_options(str(shown))}" if isinstance(shown, SentenceError) else shown)


def _lines(answers: list[Answer], reason: str) -> str:
    """A line for each word, with its probability; for codes models, also its distance; without words, the reason."""
    if not answers:
        return reason
    return "\n".join(
        f"{answer['token_str']}\t{answer['distance']:.4f}\t{probability(answer['score'])}"
        if "distance" in answer
        else f"{answer['token_str']}\t{probability(answer['score'])}"
        for answer in answers
    )


def _joint_lines(answers: list[JointAnswer]) -> str:
    """A line for each filling: the words for all blanks, and their probability."""
    if not answers:
        return "(no words fit all blanks)"
    return "\n".join(f"{' '.join(answer['token_strs'])}\t{probability(answer['score'])}" for answer in answers)
