"""How blanks are written: ``__`` or ``[MASK]``, or a text that the user names; and how the same is written as text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from tiankong.errors import OptionError
from tiankong.text.normalise import SEPARATORS, surrogate_in

LONGEST_BLANK = 64
"""The most characters of a blank that the user names."""

_SPACES = SEPARATORS.pattern.removesuffix("+") + "*"
_PUNCTUATION = frozenset("，。、；：！？,.;:!?\"'“”‘’")

_OTHER_BLANKS = re.compile(
    rf"_{{2,}}|＿{{2,}}|[\[<{{](?:mask|blank)[\]>}}]|<extra_id_\d+>|[（【［〔]{_SPACES}[）】］〕]"
    r"|[(\[][ \t\u3000]+[)\]]|□+|＿|(?<![a-z0-9])_(?![a-z0-9])|(?<=[^\x00-\x7f])_|_(?=[^\x00-\x7f])",
    re.IGNORECASE,
)
"""What people write for a missing word elsewhere: mask tokens of other models, brackets and boxes of worksheets."""


class Cut(NamedTuple):
    """A text cut at its blanks: one part more than blanks, escapes resolved; the ``spans`` of the blanks in the text as
    typed; the ``escapes``, offsets of the backslashes that were left out of the parts.
    """

    parts: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]
    escapes: tuple[int, ...]


@dataclass(frozen=True)
class BlankForm:
    r"""What is a blank. A backslash before it makes it text, as in ``\[MASK]``; of several equal characters, each may
    have its own, as in ``\_\_``. Two backslashes before a blank are one that is text. Elsewhere a backslash is an
    ordinary character.

    ``shown`` is a blank and ``escaped`` the same as text, for messages.
    """

    shown: str
    escaped: str
    blank: re.Pattern[str]
    mark: re.Pattern[str]
    """Finds blanks and escaped ones; only texts with a backslash need it."""

    @property
    def how_to_escape(self) -> str:
        """For messages about too many blanks."""
        return f"write {self.escaped} where {self.shown} is text, or name another blank with `blank`"

    def count(self, text: str) -> int:
        """How many blanks ``text`` has."""
        return len(self.cut(text).spans)

    def cut(self, text: str) -> Cut:
        """``text`` cut at its blanks."""
        if "\\" not in text:
            spans = tuple(match.span() for match in self.blank.finditer(text))
            edges = [0, *(edge for span in spans for edge in span), len(text)]
            parts = tuple(text[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True))
            return Cut(parts, spans, ())
        found = list(self.mark.finditer(text))
        spans = tuple(match.span("blank") for match in found if match["blank"] is not None)
        escapes = tuple(place for match in found for place in _left_out(match))
        edges = [0, *(edge for span in spans for edge in span), len(text)]
        left_out = frozenset(escapes)
        parts = tuple(
            "".join(text[place] for place in range(start, end) if place not in left_out)
            for start, end in zip(edges[::2], edges[1::2], strict=True)
        )
        return Cut(parts, spans, escapes)

    def as_text(self, text: str) -> str:
        """``text`` with its escapes resolved; what would be a blank is text, too."""
        left_out = frozenset(self.cut(text).escapes)
        return "".join(character for place, character in enumerate(text) if place not in left_out)


def blank_form(blank: str | None) -> BlankForm:
    """The form of blanks that are written ``blank``; ``None`` is the usual one.

    A text of one repeated character, such as ``____``, stands for runs of at least its length, and brackets with
    nothing in them for the same brackets with any number of spaces. Any other text is taken literally.

    :raises OptionError: ``blank`` is no string, empty, too long, not printable, or part of ordinary text.
    """
    if blank is None:
        return USUAL
    if not isinstance(blank, str):
        raise OptionError(f"`blank` must be a string, not {type(blank).__name__}")
    return _named_form(blank)


def other_blank(text: str, form: BlankForm) -> str | None:
    """What may be meant as a blank in ``text``, which has none of ``form``; ``None`` if there is no such thing."""
    found = (match[0] for match in _OTHER_BLANKS.finditer(form.as_text(text)))
    return next((mark for mark in found if form.blank.search(mark) is None), None)


@lru_cache(64)
def _named_form(blank: str) -> BlankForm:
    name = blank.strip()
    if not name:
        raise OptionError("`blank` is empty: give the text that stands for a missing word, such as [MASK] or （　　）")
    if len(name) > LONGEST_BLANK:
        raise OptionError(f"`blank` has {len(name):,} characters: give at most {LONGEST_BLANK}")
    if surrogate_in(name) is not None or not name.replace("\u3000", " ").replace("\xa0", " ").isprintable():
        raise OptionError(f"`blank` {name!r} has a character that can't be printed: remove it")
    if "\\" in name:
        raise OptionError(f"`blank='{name}'` has a backslash, which marks text that is no blank: give another text")
    if _is_ordinary(name):
        raise OptionError(
            f"`blank='{name}'` is part of ordinary text: give a mark that stands for nothing else, such as [MASK] or "
            "（　　）"
        )
    return _form(name, f"\\{name}", *_patterns(name))


def _is_ordinary(name: str) -> bool:
    """Whether ``name`` occurs in texts without blanks: letters and digits only, or one punctuation mark."""
    letters = all(unicodedata.category(character)[0] in "LMNZ" for character in name)
    return letters or (len(name) == 1 and name in _PUNCTUATION)


def _patterns(name: str) -> tuple[str, str, str | None]:
    """Patterns for a blank, for what follows the backslash of an escaped one, and for one with a backslash before each
    of its characters.
    """
    if len(set(name)) == 1:
        run = f"{re.escape(name[0])}{{{len(name)},}}"
        return run, run, rf"(?:\\{re.escape(name[0])}){{{len(name)},}}"
    first, last = name[0], name[-1]
    between = _SPACES if _is_pair(first, last) and not name[1:-1].strip() else re.escape(name[1:-1])
    beginning, end = re.escape(first) + between, re.escape(last)
    return beginning + end, rf"{beginning}\\?{end}", None  # Markdown writes \[MASK\]


def _is_pair(first: str, last: str) -> bool:
    """Whether the two characters are brackets around something."""
    return f"{first}{last}" in {"<>", "＜＞"} or (
        unicodedata.category(first) in {"Ps", "Pi"} and unicodedata.category(last) in {"Pe", "Pf"}
    )


def _form(shown: str, escaped: str, blank: str, after_backslash: str, each: str | None) -> BlankForm:
    marks = rf"(?P<slashes>(?:\\\\)*)(?:\\(?P<escaped>{after_backslash})|(?P<blank>{blank}))"
    if each is not None:
        marks = rf"(?P<each>{each})|{marks}"
    return BlankForm(shown, escaped, re.compile(blank), re.compile(rf"(?<!\\)(?:{marks})"))


def _left_out(match: re.Match[str]) -> Iterator[int]:
    """Offsets of the backslashes of a mark that are not part of the text."""
    groups = match.groupdict()
    if groups.get("each") is not None:
        yield from range(match.start(), match.end(), 2)
        return
    yield from range(*match.span("slashes"), 2)
    if groups["escaped"] is not None:
        start = match.start("escaped")
        yield start - 1
        yield from (start + place for place, character in enumerate(match["escaped"]) if character == "\\")


USUAL = _form("__", r"\_\_", r"_{2,}|＿{2,}|\[MASK\]", r"(?:_{2,}|＿{2,}|\[MASK\\?\])", r"(?:\\_){2,}|(?:\\＿){2,}")
"""Two or more underscores, full-width too, or ``[MASK]``."""
