"""Texts in the script that a model was not trained on: read converted, and its words converted back.

OpenCC does both by its dictionaries of phrases, for the standards of Taiwan and of Hong Kong. What is read keeps its
length, so that offsets are those of the text as typed. OpenCC is loaded when the first such text arrives.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, cached_property, lru_cache
from typing import Literal

from tiankong.text.script import (
    OF_WORKS,
    ChineseScript,
    han_characters,
    has_japanese_or_korean,
    in_traditional_words,
    is_in_big5,
    may_be_simplified,
    may_be_traditional,
    script_of_characters,
)

Convert = Callable[[str], str]
"""From text to text of the same length."""

_Standard = Literal["tw", "hk"]
_KEPT = "么"
"""OpenCC takes it for 幺, as it is in Taiwan's 老么; in what people type it is nearly always simplified."""

_KEPT_IN_WORKS = re.compile(f"(?<=[{OF_WORKS}])著")
"""Of OpenCC's words with this 著 some are missing."""

_OF_HONG_KONG, _OF_TAIWAN = "裏着", "裡著"
"""Frequent characters by which texts of one are told from texts of the other."""

_MANY_WORDS = 1000
"""So many are a vocabulary, whose conversion is kept: patterns are matched on all of it."""

NEIGHBOURS = 4
"""Characters on each side of a word of one character that decide which of several characters stands for it."""


class Conversion:
    """How texts of one script are read by a model of the other, and how its words are written in them."""

    def __init__(
        self,
        read_as: ChineseScript,
        read: Convert,
        write: Convert | None,
        standard: Convert = str,
        shown: Mapping[str, str] | None = None,
    ) -> None:
        """``read_as`` is the model's script; with ``write`` ``None`` its words stay in it. ``standard`` converts text
        in the other script to its standard in which words are written. ``shown`` are words that are always written in
        one way.
        """
        self.read_as = read_as
        self.read = read
        self.standard = standard
        self._write = write
        self._last: tuple[list[str], list[str]] = [], []
        self._shown = {} if write is None or shown is None else shown

    @property
    def writes(self) -> bool:
        """Whether the model's words are written in another script than its own."""
        return self._write is not None

    @cached_property
    def forms(self) -> Mapping[str, Sequence[str]]:
        """The characters as which one of a simplified model is shown, depending on the place, where there are
        several.
        """
        forms = _traditional_forms()
        standard = self.standard("\n".join("\n".join(several) for several in forms.values())).split("\n")
        at = iter(standard)
        return {simplified: list(dict.fromkeys(next(at) for _ in several)) for simplified, several in forms.items()}

    def written(self, words: Sequence[str], before: str = "", after: str = "") -> list[str]:
        """``words`` of the model, each between ``before`` and ``after`` as typed, in the script of the text."""
        if self._write is None or not words:
            return list(words)
        is_vocabulary = len(words) >= _MANY_WORDS and not before and not after
        if is_vocabulary and self._last[0] == words:
            return list(self._last[1])
        # One call for all: a line break ends every phrase.
        converted = self._write("\n".join(words)).split("\n")
        before, after = self.read(before[-NEIGHBOURS:]), self.read(after[:NEIGHBOURS])
        for place, word in enumerate(words):
            if word in self._shown:
                converted[place] = self._shown[word]
            elif len(word) == 1 and (before or after):
                converted[place] = self._write(f"{before}{word}{after}")[len(before)]
        if is_vocabulary:
            self._last = list(words), list(converted)
        return converted


class Conversions:
    """Those of one model: none if it was trained on both scripts or on no Chinese."""

    def __init__(self, characters: Iterable[tuple[str, int]], shown: Mapping[str, str] | None = None) -> None:
        """``characters`` of the model by falling count. ``shown`` are words of its script as their user writes them."""
        counts = list(characters)
        self.script = script_of_characters(counts)
        self._shown = dict(shown or {})
        self._made: dict[_Standard | None, Conversion] = {}
        self._standard: _Standard = _standard_of_counts(dict(counts)) if self.script == "traditional" else "tw"

    def of(self, text: str) -> Conversion | None:
        """The conversion through which the model should read ``text``; ``None`` to read it as typed."""
        if self.script is None:
            return None
        is_evidence = may_be_traditional if self.script == "simplified" else may_be_simplified
        characters = han_characters(text)
        in_words = in_traditional_words(text, characters) if self.script == "simplified" else set()
        if not (in_words or any(map(is_evidence, characters))) or has_japanese_or_korean(text):
            return None
        traditional = [one for one in characters if one in in_words or is_traditional(one)]
        simplified = [character for character in characters if is_simplified(character)]
        if self.script == "simplified":
            if not traditional:
                return None
            standard: _Standard | None = None
            if len(traditional) > len(simplified):
                standard = "hk" if any(map(_is_of_hong_kong, characters)) else "tw"
        else:
            if not simplified:
                return None
            standard = "tw" if len(simplified) > len(traditional) else None
        if standard not in self._made:
            self._made[standard] = self._conversion(standard)
        return self._made[standard]

    def _conversion(self, standard: _Standard | None) -> Conversion:
        """The one for texts of ``standard``, or whose words stay in the model's script."""
        if self.script == "simplified":
            if standard is None:
                return Conversion("simplified", to_simplified, None)
            to_standard = _to_standard(standard)
            return Conversion("simplified", to_simplified, _to_traditional(standard), to_standard, self._shown)
        write = None if standard is None else to_simplified
        return Conversion("traditional", _converter(f"s2{self._standard}"), write, shown=self._shown)


def to_simplified(text: str) -> str:
    """``text`` in simplified characters."""
    converted = _converter("hk2s")(_converter("tw2s")(text))
    if _KEPT in text:
        pairs = zip(text, converted, strict=True)
        converted = "".join(typed if typed == _KEPT else character for typed, character in pairs)
    for kept in _KEPT_IN_WORKS.finditer(text):
        converted = f"{converted[: kept.start()]}{kept[0]}{converted[kept.end() :]}"
    return converted


def simplified_constraint(text: str) -> str:
    """``text`` of a constraint on simplified words: 乾 becomes 干; 乾隆 and 著, which they may have, stay."""
    return text if text.isascii() else _converter("t2s")(text)


@cache
def _traditional_forms() -> Mapping[str, Sequence[str]]:
    """The traditional characters that each simplified one stands for, where there are several."""
    characters = [one for one in map(chr, range(0x4E00, 0xA000)) if is_in_big5(one)]
    forms: dict[str, list[str]] = {}
    for character, simplified in zip(characters, to_simplified("\n".join(characters)).split("\n"), strict=True):
        forms.setdefault(simplified, []).append(character)
    return {simplified: several for simplified, several in forms.items() if len(several) > 1}


@lru_cache(1 << 16)
def is_traditional(character: str) -> bool:
    """Whether ``character`` is one of traditional text alone."""
    return may_be_traditional(character) and to_simplified(character) != character


@lru_cache(1 << 16)
def is_simplified(character: str) -> bool:
    """Whether ``character`` is one of simplified text alone."""
    return may_be_simplified(character) and _converter("s2t")(character) != character


@cache
def _to_traditional(standard: _Standard) -> Convert:
    """Converts each line that is not traditional already."""
    convert = _converter(f"s2{standard}")

    def to_traditional(text: str) -> str:
        pairs = zip(text.split("\n"), convert(text).split("\n"), strict=True)
        return "\n".join(line if any(map(is_traditional, han_characters(line))) else other for line, other in pairs)

    return to_traditional


@cache
def _to_standard(standard: _Standard) -> Convert:
    """Converts traditional text of the other standard."""
    other = _converter("tw2t" if standard == "hk" else "hk2t")
    return lambda text: _converter(f"t2{standard}")(other(text))


@lru_cache(1 << 16)
def _is_of_hong_kong(character: str) -> bool:
    """Whether it is written in Hong Kong but not in Taiwan."""
    return _converter("t2hk")(character) == character != _converter("t2tw")(character)


def _standard_of_counts(counts: Mapping[str, int]) -> _Standard:
    hong_kong, taiwan = (sum(counts.get(one, 0) for one in marks) for marks in (_OF_HONG_KONG, _OF_TAIWAN))
    return "hk" if hong_kong > taiwan else "tw"


@cache
def _converter(configuration: str) -> Convert:
    """OpenCC's converter of that name; where it would change the length, character by character."""
    from opencc import OpenCC  # noqa: PLC0415 - few texts need it

    # Without characters that most fonts and all models lack.
    opencc = OpenCC(configuration, include_tofu_risk_dictionaries=False)

    def convert(text: str) -> str:
        try:
            converted: str = opencc.convert(text)
        except UnicodeEncodeError:  # a lone surrogate: what reads the text refuses it
            return text
        if len(converted) == len(text):
            return converted
        return "".join(other if len(other := opencc.convert(one)) == 1 else one for one in text)

    return convert
