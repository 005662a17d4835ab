"""Prompts and label words for classifying without training, as a user gives them."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tiankong.errors import OptionError, SentenceError
from tiankong.request.candidates import Candidate, parse_candidates
from tiankong.runtime.predictor import Predictor
from tiankong.text.blank_forms import USUAL, BlankForm, blank_form, other_blank
from tiankong.text.blanks import cut_at_blanks
from tiankong.text.normalise import surrogate_in

PLACE = "{text}"
"""The place of the text in a prompt."""

MOST_PROMPTS, MOST_LABELS = 16, 1000

LONGEST_PROMPT = 4096
"""The most characters of a prompt."""

Tokens = tuple[str, ...]


class LabelQuestion(NamedTuple):
    """The prompts, each label with its words, and how the prompts write their blank."""

    prompts: tuple[str, ...]
    labels: tuple[tuple[str, tuple[str, ...]], ...]
    blank: str | None = None

    @property
    def text(self) -> str:
        """All of it as one text, by whose language a model may be chosen."""
        return "\n".join([*self.prompts, *(word for _, words in self.labels for word in words)])


class Prompt(NamedTuple):
    """The tokens before and after a prompt's blank, each split where the text goes if it goes there."""

    before: tuple[Tokens, Tokens]
    after: tuple[Tokens, Tokens]
    text_first: bool

    def around(self, text: Tokens) -> tuple[Tokens, Tokens]:
        """The tokens before and after the blank, with ``text`` in its place."""
        if self.text_first:
            return (*self.before[0], *text, *self.before[1]), (*self.after[0], *self.after[1])
        return (*self.before[0], *self.before[1]), (*self.after[0], *text, *self.after[1])


def label_question(
    prompts: Sequence[str] | None, labels: Mapping[str, Sequence[str]] | None, blank: str | None = None
) -> LabelQuestion:
    """Checks prompts and labels, as far as this needs no model. ``blank`` is how the prompts write theirs.

    :raises OptionError: ``blank`` is unusable; one of the others is missing, not made of strings, too long or too
        short; a label has a name that can't be printed.
    """
    if prompts is None or labels is None:
        raise OptionError("prompts and labels go together: give both")
    if not _are_strings(prompts):
        raise OptionError("prompts must be a list of strings")
    if not 1 <= len(prompts) <= MOST_PROMPTS:
        raise OptionError(f"give 1 to {MOST_PROMPTS} prompts, not {len(prompts)}")
    if not isinstance(labels, Mapping) or not all(isinstance(name, str) and name.strip() for name in labels):
        raise OptionError("labels must map each label's name to a list of words")
    if not 2 <= len(labels) <= MOST_LABELS:
        raise OptionError(f"give 2 to {MOST_LABELS:,} labels, not {len(labels)}")
    for name, words in labels.items():
        if surrogate_in(name) is not None:
            raise OptionError(f"the label name {name!r} is not valid Unicode: convert it to UTF-8")
        if any(unicodedata.category(character) == "Cc" for character in name):
            raise OptionError(f"the label name {name!r} has a line break or another control character: remove it")
        if not _are_strings(words):
            raise OptionError(f"label {name}: its words must be a list of strings")
    blank_form(blank)
    return LabelQuestion(tuple(prompts), tuple((name, tuple(words)) for name, words in labels.items()), blank)


def parse_prompt(prompt: str, predictor: Predictor, form: BlankForm = USUAL) -> Prompt:
    """The prompt as tokens; its blank has this ``form``.

    :raises OptionError: it does not have ``{text}`` once and exactly one blank, or is too long.
    """
    if len(prompt) > LONGEST_PROMPT:
        raise OptionError(f"the prompt {prompt[:40]!r}… has more than {LONGEST_PROMPT:,} characters: shorten it")
    try:
        sentence = cut_at_blanks(prompt, form)
    except SentenceError as error:
        raise OptionError(f"the prompt {prompt[:40]!r} is unusable: {error}") from None
    if len(sentence.blanks) != 1 or prompt.count(PLACE) != 1:
        more = f"; {form.how_to_escape}" if len(sentence.blanks) > 1 else ""
        other = other_blank(prompt, form) if not sentence.blanks else None
        if other is not None:
            more = f"; if {other} is meant, set `blank='{other}'`"
        example = f"{PLACE}，总的来说很{form.shown}"
        raise OptionError(f"the prompt {prompt!r} must have {PLACE} once and one blank, as in {example}{more}")
    sides = []
    for part in sentence.parts:
        halves = part.partition(PLACE)[::2]
        sides.append(tuple(tuple(filter(predictor.reads, predictor.tokenizer.tokens(half))) for half in halves))
    before, after = sides
    return Prompt((before[0], before[1]), (after[0], after[1]), PLACE in sentence.parts[0])


def parse_label_words(question: LabelQuestion, predictor: Predictor) -> list[list[Candidate]]:
    """The words of each label.

    :raises OptionError: a word is unusable, or belongs to two labels.
    """
    owner: dict[Tokens, str] = {}
    words_of_labels = []
    for name, words in question.labels:
        try:
            words_of_labels.append(parse_candidates(words, predictor))
        except OptionError as error:
            raise OptionError(f"label {name}: {error}") from None
        for candidate in words_of_labels[-1]:
            other = owner.setdefault(candidate.words, name)
            if other != name:
                raise OptionError(f"{candidate.text!r} is a word of two labels, {other} and {name}: remove it from one")
    return words_of_labels


def _are_strings(values: Sequence[str]) -> bool:
    return isinstance(values, list | tuple) and all(isinstance(value, str) for value in values)
