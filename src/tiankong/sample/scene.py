"""What one review has said so far, and how its next clause is drawn from the lexicon."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from functools import cache

from tiankong.sample.draws import draw, ranked, zipf
from tiankong.sample.lexicon import PRODUCT_SLOTS
from tiankong.sample.schema import Aspect, Clauses, Lexicon, Product
from tiankong.sample.template import Template, parse, render

_TRIES = 6
"""Draws before a clause is given up."""


@dataclass(frozen=True, slots=True)
class _Clause:
    mark: str
    """``+`` tells of some time of use, ``-`` of the day of arrival."""
    template: Template
    names_recipient: bool
    first_person: bool


@cache
def _pool(clauses: Clauses) -> tuple[_Clause, ...]:
    return tuple(
        _Clause(
            mark=text[0] if text[0] in "+-" else "",
            template=parse(text.lstrip("+-")),
            names_recipient="{recipient}" in text or "{pronoun}" in text,
            first_person="我" in text,
        )
        for text in clauses
    )


@dataclass(slots=True)
class Scene:
    """One review under way: its product, its recipient, and what has been said."""

    rng: random.Random
    lexicon: Lexicon
    product: Product
    noun: str
    recipient: str = ""
    time: str = ""
    """``+`` once a time of use was told, ``-`` once the day of arrival was."""
    mentioned: bool = False
    """Whether the noun has been said."""
    seen: set[str] = field(default_factory=set)
    """Keys of the watched words said."""
    used: set[int] = field(default_factory=set)
    """Identities of the clauses drawn (the pools live as long as the program)."""
    judged: set[str] = field(default_factory=set)
    """Names of the aspects judged."""
    led_in: bool = False
    """Whether a judgement was led in by a word such as 而且."""

    @property
    def is_stay(self) -> bool:
        """Whether the review is of a hotel: no parcel, and conclusions of its own."""
        return self.product.kind == "stay"

    def chance(self, share: float) -> bool:
        """True in ``share`` of the calls."""
        return self.rng.random() < share

    def one_of(self, options: tuple[str, ...]) -> str:
        """One option, an earlier one more often."""
        return options[ranked(self.rng, len(options))]

    def write(self, text: str) -> str:
        """The text of a template in this scene."""
        return render(parse(text), self.rng, self._fill_slot)

    def _fill_slot(self, name: str) -> str:  # noqa: PLR0911 - one line a slot
        product = self.product
        match name:
            case "noun":
                return self.noun
            case "recipient":
                return self.recipient
            case "verb":
                return product.verb
            case "measure_word":
                return product.measure_word
            case "one":
                return "一" + product.measure_word
            case "it":
                return self.write(product.second_mention) if self.mentioned else self.noun
            case "pronoun":
                return self.write(self.lexicon.pronouns[self.recipient])
            case "undo":
                return self.one_of(getattr(self.lexicon.phrases.undo, product.kind))
        if name in PRODUCT_SLOTS:
            return self.write(getattr(product, name))
        return render(self.lexicon.slots[name], self.rng, self._fill_slot)

    def _keys(self, text: str) -> set[str]:
        watched = self.lexicon.watched
        return {key for i in range(len(text) - 1) if (key := watched.get(text[i : i + 2]))}

    def accept(self, text: str, mark: str = "") -> str:
        """``text``, recorded as said; an empty string when it would repeat a watched word."""
        keys = self._keys(text)
        if not text or keys & self.seen:
            return ""
        self.seen |= keys
        if "delivery" in keys:
            self.judged.add(self.lexicon.shopping.delivery.name)
        self.time = mark or self.time
        self.mentioned = self.mentioned or self.noun in text
        return text

    def clause(self, clauses: Clauses, *, whole: bool = True, alone: bool = False) -> str:
        """A clause drawn from ``clauses``, or an empty string when none fits.

        :param whole: whether it may hold a comma or be a question.
        :param alone: whether it must not speak in the first person while a recipient is judged.
        """
        pool = _pool(clauses)
        for _ in range(_TRIES if pool else 0):
            entry = pool[ranked(self.rng, len(pool))]
            if (entry.mark and self.time) or (entry.names_recipient and not self.recipient) or id(entry) in self.used:
                continue
            if alone and self.recipient and entry.first_person:
                continue
            text = render(entry.template, self.rng, self._fill_slot)
            if not whole and ("，" in text or text.endswith("？")):
                continue
            if text := self.accept(text, entry.mark):
                self.used.add(id(entry))
                return text
        return ""

    def _name(self, aspect: Aspect) -> str:
        """The aspect's name, now and then with the product before it: 外套的做工."""
        name = self.write(aspect.name)
        of_product = aspect is self.lexicon.shopping.quality or aspect in self.product.aspects
        if self.mentioned or not of_product or self.chance(0.45) or set(name) & set(self.noun):
            return name
        head = f"这{self.product.measure_word}{self.noun}" if self.chance(0.15) else self.noun
        joint = "的" if "的" not in name and (len(self.noun) == 1 or len(name) == 1 or self.chance(0.3)) else ""
        return head + joint + name

    def _word_judgement(self, aspect: Aspect, patterns: tuple[str, ...], word: str, *, first: bool = False) -> str:
        awkward = self.lexicon.phrases.patterns.awkward_with_one_character
        for _ in range(_TRIES):
            pattern = self.one_of(patterns)
            if (first and "也" in pattern) or (len(word) == 1 and pattern in awkward):
                continue
            if text := self.accept(pattern.replace("{aspect}", self._name(aspect)).replace("{word}", word)):
                return text
        return ""

    def good_word(self, aspect: Aspect, *, first: bool = False) -> str:
        """The aspect praised with one of its words."""
        if not (aspect.name and aspect.good_words):
            return ""
        patterns = self.lexicon.phrases.patterns
        word = self.one_of(aspect.good_words)
        return self._word_judgement(aspect, patterns.not_bad if word == "不错" else patterns.good, word, first=first)

    def bad_word(self, aspect: Aspect, *, first: bool = False) -> str:
        """The aspect blamed with one of its words."""
        if not aspect.name:
            return ""
        patterns = self.lexicon.phrases.patterns
        way = self.rng.random()
        if aspect.lacking_words and way < 0.12:
            return self._word_judgement(aspect, patterns.not_at_all, self.one_of(aspect.lacking_words))
        if aspect.mild_words and (way < 0.3 or not aspect.bad_words):
            return self._word_judgement(aspect, patterns.too, self.one_of(aspect.mild_words))
        if not aspect.bad_words:
            return ""
        return self._word_judgement(aspect, patterns.bad, self.one_of(aspect.bad_words), first=first)

    def good(self, aspect: Aspect, *, first: bool = False) -> str:
        """The aspect praised in one clause or two."""
        self.judged.add(aspect.name)
        if self.chance(0.62) and (text := self.good_word(aspect, first=first)):
            if self.chance(0.42) and (benefit := self.clause(aspect.benefits, alone=True)):
                return f"{text}，{benefit}"
            return text
        clauses = aspect.benefits if self.chance(0.25) and aspect.benefits else aspect.praise
        return self.clause(clauses or aspect.benefits, alone=True) or self.good_word(aspect, first=first)

    def bad(self, aspect: Aspect, *, first: bool = False, whole: bool = True) -> str:
        """The aspect blamed in one clause or two."""
        self.judged.add(aspect.name)
        if self.chance(0.55) and (text := self.bad_word(aspect, first=first)):
            if self.chance(0.4) and (drawback := self.clause(aspect.drawbacks, alone=True)):
                return f"{text}，{drawback}"
            return text
        return self.clause(aspect.blame, alone=True, whole=whole) or self.bad_word(aspect, first=first)

    def nitpick(self, aspect: Aspect, *, whole: bool = True) -> str:
        """A small fault of the aspect."""
        self.judged.add(aspect.name)
        patterns = self.lexicon.phrases.patterns
        way = self.rng.random()
        if aspect.name and aspect.lacking_words and way < 0.12:
            return self._word_judgement(aspect, patterns.not_enough, self.one_of(aspect.lacking_words))
        if aspect.name and aspect.mild_words and way < 0.4:
            return self._word_judgement(aspect, patterns.mild, self.one_of(aspect.mild_words))
        return self.clause(aspect.nitpicks, whole=whole, alone=True)

    def pair(self, a: Aspect, b: Aspect, *, good: bool) -> str:
        """Two aspects judged at once: A和B都很好, 不但A…，而且B…."""
        patterns = self.lexicon.phrases.patterns
        slots = {"a": self.write(a.name), "b": self.write(b.name)}
        if self.chance(0.65):
            slots["pair"] = render(parse(patterns.pair_names), self.rng, slots.__getitem__)
            pattern = patterns.pair_good if good else patterns.pair_bad
        else:
            words_a, words_b = (a.good_words, b.good_words) if good else (a.bad_words, b.bad_words)
            if not (words_a and words_b):
                return ""
            degree = "" if self.chance(0.5) else "很"
            for slot, words in (("a", words_a), ("b", words_b)):
                word = self.one_of(words)
                slots[slot] += word if word == "不错" else degree + word
            pattern = patterns.both
        text = self.accept(render(parse(pattern), self.rng, slots.__getitem__))
        if text:
            self.judged |= {a.name, b.name}
        return text

    def unjudged(self, aspects: tuple[Aspect, ...], weights: tuple[float, ...] = ()) -> Aspect | None:
        """An aspect not judged yet, earlier ones more often unless weights are given; ``None`` when none is left."""
        left = [i for i, aspect in enumerate(aspects) if aspect.name not in self.judged]
        if not left:
            return None
        steps = zipf(len(aspects))
        total = 0.0
        cumulative: list[float] = []
        for i in left:
            total += weights[i] if weights else steps[i] - (steps[i - 1] if i else 0.0)
            cumulative.append(total)
        return aspects[left[draw(self.rng, tuple(cumulative))]]
