"""``tiankong fill``: for one sentence, for lines from a pipe, or at a prompt."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from tiankong.cli.display import probability, say
from tiankong.cli.lines import answer_each
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
    from tiankong.request.answers import Answer, JointAnswer
    from tiankong.text.script import Script


_NO_WORD = "(no word fits the constraints)"
_NO_WHOLE_WORD = (
    "(no word fits the constraints: the whole word has to, which begins or ends with the letters beside the blank)"
)

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
    help="Also fill several blanks together. [default: yes, except in a pipe]",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per sentence.")
def command(
    sentence: str | None,
    model: str,
    top_k: int,
    decoding: str | None,
    targets: tuple[str, ...],
    words_file: str | None,
    threads: int,
    length: str | None,
    joint: bool | None,
    script: Script,
    as_json: bool,
    **constraints: Any,
) -> int:
    r"""Rank words for each blank of SENTENCE. With several blanks, fillings of all of them together come first.

    A blank is __ or [MASK], or what --blank says; \_\_ is __ as text. Without SENTENCE, fill reads lines from a pipe,
    or opens a prompt on a terminal.
    """
    from tiankong.model import load  # noqa: PLC0415
    from tiankong.request.options import parse_length  # noqa: PLC0415 - heavy

    constraints |= {"length": None if length is None else parse_length(length), "targets": targets or None}
    interactive = sentence is None and sys.stdin is not None and sys.stdin.isatty()
    if joint is None and sentence is None and not interactive:
        joint = False
    loaded = load(model, threads=threads, words=read_words(words_file), script=script)
    constraints["script"] = script
    filler = _Filler(loaded, top_k, decoding, joint, constraints, as_json, ReadAs(loaded))
    if interactive:
        return _prompt(filler)
    return answer_each(sentence, filler.shown, many=filler.all_shown, as_json=as_json)


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

    def shown(self, sentence: str) -> str:
        """The answers for a sentence, formatted."""
        return self.all_shown(sentence)[0]

    def all_shown(self, sentences: str | list[str]) -> list[str]:
        """The answers for a sentence, or for each of several, formatted."""
        from tiankong.tasks.fill import fill  # noqa: PLC0415 - heavy

        answers = fill(self.model.predictor, sentences, self.top_k, self.decoding, **self.constraints)
        given = [sentences] if isinstance(sentences, str) else sentences
        self._warn_of_emoticons(given)
        self._warn_of_unknown_words(given)
        return [
            self._formatted(sentence, self._filled(sentence, blanks))
            for sentence, blanks in zip(given, answers, strict=True)
        ]

    def _warn_of_emoticons(self, sentences: list[str]) -> None:
        """Says, once, how a mouth is kept from being a blank."""
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
        """Says, once, that an answer rests on characters alone."""
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

    def _filled(self, sentence: str, blanks: list[list[Answer]]) -> _Filled:
        """With joint answers if requested; by default if there are several blanks, not too many, and any filling."""
        from tiankong.tasks.joint import MOST_BLANKS, MOST_TOGETHER  # noqa: PLC0415 - heavy

        if not (1 < len(blanks) <= MOST_BLANKS if self.joint is None else self.joint):
            return _Filled(blanks, None)
        joint = self.model.joint(sentence, min(self.top_k, MOST_TOGETHER), **self.constraints)
        return _Filled(blanks, joint if joint or self.joint else None)

    def _formatted(self, sentence: str, filled: _Filled) -> str:
        """A JSON object, or lines for people."""
        read_as = self.read_as.field(sentence)
        if self.as_json:
            joint = {} if filled.joint is None else {"joint": filled.joint}
            return json.dumps({"sentence": sentence, **read_as, "blanks": filled.blanks, **joint}, ensure_ascii=False)
        reasons = self._reasons(sentence, filled)
        if len(filled.blanks) == 1:
            return _lines(filled.blanks[0], reasons[0])
        parts = [] if filled.joint is None else ["together:", _joint_lines(filled.joint)]
        for number, (answers, reason) in enumerate(zip(filled.blanks, reasons, strict=True), start=1):
            parts += [f"blank {number}:", _lines(answers, reason)]
        return "\n".join(parts)

    def _reasons(self, sentence: str, filled: _Filled) -> list[str]:
        """Why each blank may have no answer: letters beside it that count as part of the word are easily overlooked."""
        if all(filled.blanks):
            return [_NO_WORD] * len(filled.blanks)
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
                    "the word; with --no-part-of-word they are a word of their own)"
                )
        return reasons

    def _fit_unconstrained(self, sentence: str) -> list[bool]:
        """Whether any word fits each blank if nothing but the sentence constrains it."""
        from tiankong.tasks.fill import fill  # noqa: PLC0415 - heavy

        reading = {name: self.constraints[name] for name in ("part_of_word", "blank", "script")}
        return [bool(answers) for answers in fill(self.model.predictor, sentence, 1, **reading)[0]]


class _Filled(NamedTuple):
    """The answers for a sentence: for each blank, and for all together."""

    blanks: list[list[Answer]]
    joint: list[JointAnswer] | None


def _prompt(filler: _Filler) -> int:
    """Prompts for sentences until end of input, with line editing and a persistent history."""
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
            click.echo(filler.shown(sentence))
        except SentenceError as error:
            click.echo(f"error: {as_options(str(error))}")


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
