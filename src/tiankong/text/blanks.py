"""Sentences with blanks: ``__`` or another form (:mod:`tiankong.text.blank_forms`) is one missing word."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

from tiankong.errors import SentenceError
from tiankong.text.blank_forms import USUAL, BlankForm, other_blank
from tiankong.text.language import is_unspaced
from tiankong.text.normalise import surrogate_in

_PAIRS_OF_EYES = frozenset([*(2 * eye for eye in "TQXOU^-=~;@*+´•·￣＾－＝Ｔ；＊"), "><", "＞＜", ">>", "<<"])


@dataclass(frozen=True)
class BlankedSentence:
    """A sentence as typed, split at its blanks: ``parts`` has one entry more than ``blanks``.

    The parts are text as it is read, without the backslashes of escaped blanks, which stood at the offsets ``escapes``
    of the sentence. ``spans`` are the places of the blanks in the sentence as typed. ``affixes`` has, for each blank,
    the letters that its word is known to begin and end with.
    """

    text: str
    parts: tuple[str, ...]
    blanks: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]
    escapes: tuple[int, ...]
    affixes: tuple[tuple[str, str], ...]

    def span_in_text(self, part: int, start: int, end: int) -> tuple[int, int]:
        """Where ``start`` to ``end`` of part number ``part`` stand in the sentence as typed; a character that was
        escaped is there with its backslash.
        """
        place = self.spans[part - 1][1] if part else 0
        if not self.escapes:
            return place + start, place + end
        before = bisect_left(self.escapes, place)

        def typed(offset: int) -> int:
            return place + offset + bisect_left(self._read_offsets, place + offset - before) - before

        return typed(start), typed(end)

    @cached_property
    def _read_offsets(self) -> list[int]:
        """Where the escaped characters would stand if the backslashes before them were not there."""
        return [place - number for number, place in enumerate(self.escapes)]


def emoticons(sentence: BlankedSentence) -> list[str]:
    """Blanks that may be mouths, as in ``T__T``: the same sign on both sides, or one that mirrors the other."""
    found = []
    for start, end in sentence.spans:
        eyes = sentence.text[max(0, start - 1) : start] + sentence.text[end : end + 1]
        if eyes in _PAIRS_OF_EYES:
            found.append(f"{eyes[0]}{sentence.text[start:end]}{eyes[1]}")
    return found


def check_text(text: str) -> None:
    """Checks that ``text`` can be read.

    :raises SentenceError: it is no string, or not valid Unicode.
    """
    if not isinstance(text, str):
        raise SentenceError(f"a sentence must be a string, not {type(text).__name__}")
    surrogate = surrogate_in(text)
    if surrogate is not None:
        raise SentenceError(
            f"character {surrogate + 1} of the sentence is not valid Unicode (a lone surrogate, or a byte that "
            "is not UTF-8): remove it, or convert the text to UTF-8"
        )


def cut_at_blanks(text: str, form: BlankForm = USUAL) -> BlankedSentence:
    """``text`` with its blanks, if it has any.

    :raises SentenceError: as :func:`check_text`.
    """
    check_text(text)
    parts, spans, escapes = form.cut(text)
    blanks = tuple(text[start:end] for start, end in spans)
    return BlankedSentence(text, parts, blanks, spans, escapes, (("", ""),) * len(blanks))


def parse_blanks(text: str, form: BlankForm = USUAL) -> BlankedSentence:
    """Finds the blanks of ``text``.

    :raises SentenceError: no blank, nothing but blanks, or as :func:`check_text`.
    """
    sentence = cut_at_blanks(text, form)
    if not sentence.blanks:
        if sentence.escapes:
            raise SentenceError(
                f"the sentence has no blank: the backslash in {form.escaped} makes it text; write {form.shown} where a "
                "word is missing"
            )
        other = other_blank(text, form)
        example = f"外套做工{form.shown}，很暖和" if any(map(is_unspaced, text)) else f"a cup of {form.shown}"
        raise SentenceError(
            f"the sentence has no blank: write {form.shown} where a word is missing, as in {example}"
            if other is None
            else f"the sentence has no blank: write {form.shown} instead of {other}, or set `blank='{other}'`"
        )
    if not any(part.strip() for part in sentence.parts):
        raise SentenceError("the sentence has nothing but blanks: write the words around them")
    return sentence


def with_affixes(
    sentence: BlankedSentence, ending: Callable[[str], str], beginning: Callable[[str], str]
) -> BlankedSentence:
    """``sentence`` with the letters right next to its blanks as parts of the missing words.

    ``ending`` returns the end of the text before a blank that belongs to the word, ``beginning`` the beginning of the
    text after it.
    """
    parts = list(sentence.parts)
    blanks, spans, affixes = [], [], []
    for number, blank in enumerate(sentence.blanks):
        before, after = parts[number], sentence.parts[number + 1]
        prefix, suffix = ending(before), beginning(after)
        parts[number] = before.removesuffix(prefix)
        parts[number + 1] = after.removeprefix(suffix)
        blanks.append(f"{prefix}{blank}{suffix}")
        whole = len(sentence.parts[number])
        start, end = sentence.spans[number]
        if prefix:
            start, _ = sentence.span_in_text(number, whole - len(prefix), whole)
        if suffix:
            _, end = sentence.span_in_text(number + 1, 0, len(suffix))
        spans.append((start, end))
        affixes.append((prefix, suffix))
    return replace(sentence, parts=tuple(parts), blanks=tuple(blanks), spans=tuple(spans), affixes=tuple(affixes))
