"""What one review has said so far, and how its next clause is drawn from the lexicon."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from functools import cache

from tiankong.sample import remarks, themes
from tiankong.sample.lexicon import WATCHED
from tiankong.sample.schema import Aspect, Clauses, Line
from tiankong.sample.template import Template, draw, parse, ranked, render, zipf
from tiankong.sample.themes import DELIVERY, QUALITY

_RULES: dict[str, Template] = {name: parse(text) for name, text in {**themes.RULES, **remarks.RULES}.items()}
_TRIES = 6


@cache
def words(text: str) -> tuple[str, ...]:
    """The words of a list written with spaces."""
    return tuple(text.split())


GOOD_SHAPES = words(
    "{n}很{w} {n}{w} {n}非常{w} {n}挺{w}的 {n}也很{w} {n}特别{w} "
    "{n}真的很{w} {n}太{w}了 {n}比较{w} {n}超级{w} {n}十分{w}"
)
NOT_BAD_SHAPES = words("{n}不错 {n}很不错 {n}也不错 {n}非常不错 {n}挺不错的 {n}还不错 {n}真不错 {n}真的不错")
BAD_SHAPES = words(
    "{n}太{w}了 {n}很{w} {n}{w} {n}特别{w} {n}太{w} {n}非常{w} {n}有点{w} "
    "{n}真的很{w} {n}也很{w} {n}实在太{w}了 {n}比较{w}"
)
_NOT_FOR_SHORT = words("{n}挺{w}的 {n}比较{w} {n}不太{w} {n}不是很{w} {n}不是特别{w} {n}十分{w} {n}超级{w}")
TOO_SHAPES = words("{n}太{w}了 {n}实在太{w}了")
MILD_SHAPES = words("{n}有点{w} {n}稍微{w}了点 {n}有些{w} {n}稍微有点{w} {n}稍微{w}了一点")
LACK_SHAPES = words("{n}不够{w} {n}不太{w} {n}不是很{w} {n}不是特别{w}")
LACK_BAD_SHAPES = words("{n}一点都不{w} {n}根本不{w} {n}一点也不{w} {n}不够{w} {n}完全不{w}")
PAIR_GOOD = parse("{pair}都[很好|不错|很满意|非常好|没话说|很棒|挺好的|没得挑]")
PAIR_BAD = parse("{pair}都[很差|太差|不行|不好|很一般|让人失望|差得很]")
PAIR_NAMES = parse("[{a}和{b}|{a}、{b}|{a}跟{b}|不管是{a}还是{b}|无论是{a}还是{b}]")
BOTH = parse("[不仅|不但]{a}，而且{b}")


@dataclass(frozen=True, slots=True)
class _Clause:
    mark: str
    template: Template
    gift: bool
    first_person: bool


@cache
def _pool(clauses: Clauses) -> tuple[_Clause, ...]:
    return tuple(
        _Clause(
            mark=text[0] if text[0] in "+-" else "",
            template=parse(text.lstrip("+-")),
            gift="{who}" in text or "{he}" in text,
            first_person="我" in text,
        )
        for text in clauses
    )


@dataclass(slots=True)
class Scene:
    """One review under way: its product, its people, and what has been said."""

    rng: random.Random
    line: Line
    noun: str
    who: str = ""
    time: str = ""
    """``+`` once a time of use was told, ``-`` once the day of arrival was."""
    mentioned: bool = False
    seen: set[str] = field(default_factory=set)
    used: set[int] = field(default_factory=set)
    """Identities of the clauses drawn (the pools live as long as the program)."""
    done: set[str] = field(default_factory=set)
    """Names of the aspects judged."""

    def chance(self, share: float) -> bool:
        """True in ``share`` of the calls."""
        return self.rng.random() < share

    def one_of(self, options: tuple[str, ...]) -> str:
        """One option, an earlier one more often."""
        return options[ranked(self.rng, len(options))]

    def write(self, template: Template) -> str:
        """The text of a template in this scene."""
        return render(template, self.rng, self._look_up)

    def _look_up(self, name: str) -> str:
        line = self.line
        plain = {"noun": self.noun, "who": self.who, "verb": line.verb, "mw": line.measure, "one": "一" + line.measure}
        if name in plain:
            return plain[name]
        if name == "it":
            return self.write(parse(line.other)) if self.mentioned else self.noun
        if name == "he":
            return self.write(parse(themes.PRONOUNS[self.who]))
        if name == "undo":
            return self.write(parse(remarks.UNDO[line.kind]))
        own = name in ("shop", "cost", "drop", "says", "says_bad")
        return self.write(parse(getattr(line, name)) if own else _RULES[name])

    def _keys(self, text: str) -> set[str]:
        return {key for i in range(len(text) - 1) if (key := WATCHED.get(text[i : i + 2]))}

    def accept(self, text: str, mark: str = "") -> str:
        """``text`` and what it says noted down, or nothing when it would repeat a watched word."""
        keys = self._keys(text)
        if not text or keys & self.seen:
            return ""
        self.seen |= keys
        if "物流" in keys:
            self.done.add(DELIVERY.name)
        self.time = mark or self.time
        self.mentioned = self.mentioned or self.noun in text
        return text

    def clause(self, clauses: Clauses, *, whole: bool = True, alone: bool = False) -> str:
        """A clause drawn from a pool, or nothing when none fits; not ``whole``: without inner commas."""
        pool = _pool(clauses)
        for _ in range(_TRIES if pool else 0):
            entry = pool[ranked(self.rng, len(pool))]
            if (entry.mark and self.time) or (entry.gift and not self.who) or id(entry) in self.used:
                continue
            if alone and self.who and entry.first_person:
                continue
            text = self.write(entry.template)
            if not whole and ("，" in text or text.endswith("？")):
                continue
            if text := self.accept(text, entry.mark):
                self.used.add(id(entry))
                return text
        return ""

    def _named(self, aspect: Aspect) -> str:
        name = self.write(parse(aspect.name))
        own = aspect is QUALITY or aspect in self.line.aspects
        if self.mentioned or not own or self.chance(0.45) or set(name) & set(self.noun):
            return name
        head = f"这{self.line.measure}{self.noun}" if self.chance(0.15) else self.noun
        joint = "的" if "的" not in name and (len(self.noun) == 1 or len(name) == 1 or self.chance(0.3)) else ""
        return head + joint + name

    def _shaped(self, aspect: Aspect, shapes: tuple[str, ...], word: str, *, first: bool = False) -> str:
        for _ in range(_TRIES):
            shape = self.one_of(shapes)
            if (first and "也" in shape) or (len(word) == 1 and shape in _NOT_FOR_SHORT):
                continue
            if text := self.accept(shape.replace("{n}", self._named(aspect)).replace("{w}", word)):
                return text
        return ""

    def good_word(self, aspect: Aspect, *, first: bool = False) -> str:
        """The aspect praised with a word that fits it."""
        if not (aspect.name and aspect.good):
            return ""
        word = self.one_of(words(aspect.good))
        return self._shaped(aspect, NOT_BAD_SHAPES if word == "不错" else GOOD_SHAPES, word, first=first)

    def bad_word(self, aspect: Aspect, *, first: bool = False) -> str:
        """The aspect blamed with a word that fits it."""
        if not aspect.name:
            return ""
        way = self.rng.random()
        if aspect.lack and way < 0.12:
            return self._shaped(aspect, LACK_BAD_SHAPES, self.one_of(words(aspect.lack)))
        if aspect.mild and (way < 0.3 or not aspect.bad):
            return self._shaped(aspect, TOO_SHAPES, self.one_of(words(aspect.mild)))
        return self._shaped(aspect, BAD_SHAPES, self.one_of(words(aspect.bad)), first=first) if aspect.bad else ""

    def good(self, aspect: Aspect, *, first: bool = False) -> str:
        """The aspect praised in one clause or two."""
        self.done.add(aspect.name)
        if self.chance(0.62) and (text := self.good_word(aspect, first=first)):
            if self.chance(0.42) and (after := self.clause(aspect.so, alone=True)):
                return f"{text}，{after}"
            return text
        pool = aspect.so if self.chance(0.25) and aspect.so else aspect.praise
        return self.clause(pool or aspect.so, alone=True) or self.good_word(aspect, first=first)

    def bad(self, aspect: Aspect, *, first: bool = False, whole: bool = True) -> str:
        """The aspect blamed in one clause or two."""
        self.done.add(aspect.name)
        if self.chance(0.55) and (text := self.bad_word(aspect, first=first)):
            if self.chance(0.4) and (after := self.clause(aspect.so_bad, alone=True)):
                return f"{text}，{after}"
            return text
        return self.clause(aspect.blame, alone=True, whole=whole) or self.bad_word(aspect, first=first)

    def nitpick(self, aspect: Aspect, *, whole: bool = True) -> str:
        """A small fault of the aspect."""
        self.done.add(aspect.name)
        way = self.rng.random()
        if aspect.name and aspect.lack and way < 0.12:
            return self._shaped(aspect, LACK_SHAPES, self.one_of(words(aspect.lack)))
        if aspect.name and aspect.mild and way < 0.4:
            return self._shaped(aspect, MILD_SHAPES, self.one_of(words(aspect.mild)))
        return self.clause(aspect.nitpick, whole=whole, alone=True)

    def both(self, one: Aspect, two: Aspect, *, good: bool) -> str:
        """Two aspects judged at once: A和B都很好, 不但A…，而且B…."""
        slots = {"a": self.write(parse(one.name)), "b": self.write(parse(two.name))}
        if self.chance(0.65):
            slots["pair"] = render(PAIR_NAMES, self.rng, slots.__getitem__)
            text = self.accept(render(PAIR_GOOD if good else PAIR_BAD, self.rng, slots.__getitem__))
        else:
            first, second = (one.good, two.good) if good else (one.bad, two.bad)
            if not (first and second):
                return ""
            degree = "" if self.chance(0.5) else "很"
            for slot, listed in (("a", first), ("b", second)):
                word = self.one_of(words(listed))
                slots[slot] += word if word == "不错" else degree + word
            text = self.accept(render(BOTH, self.rng, slots.__getitem__))
        if text:
            self.done |= {one.name, two.name}
        return text

    def weighted(self, options: tuple[Aspect, ...], weights: tuple[float, ...] = ()) -> Aspect | None:
        """An aspect not judged yet, earlier ones more often unless weights are given."""
        left = [i for i, aspect in enumerate(options) if aspect.name not in self.done]
        if not left:
            return None
        steps = zipf(len(options))
        total = 0.0
        cumulative: list[float] = []
        for i in left:
            total += weights[i] if weights else steps[i] - (steps[i - 1] if i else 0.0)
            cumulative.append(total)
        return options[left[draw(self.rng, tuple(cumulative))]]
