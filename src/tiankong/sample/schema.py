"""The shapes of the lexicon: what ``data/*.toml`` may say of a product, and how.

A *template* is a string in the language of :mod:`tiankong.sample.template`. *Clauses* are templates, most frequent
first. A clause that starts with ``+`` tells of some time of use, one that starts with ``-`` was written on the day of
arrival; a review never holds both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec

from tiankong.sample.template import Template

Kind = Literal["durable", "consumable", "stay"]
Clauses = tuple[Annotated[str, msgspec.Meta(min_length=1)], ...]
SomeClauses = Annotated[Clauses, msgspec.Meta(min_length=1)]
Alternatives = Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
"""Strings to draw one from, most frequent first; one of them may be empty."""


class Words(tuple[str, ...]):
    """Words, most frequent first; a data file writes them as one string with spaces between them."""

    __slots__ = ()


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of a data file: every field is known."""


class Aspect(_Table, frozen=True):
    """One thing that reviews judge: its name, the words that fit it, and whole clauses about it."""

    name: str = ""
    """A template; without a name, the aspect is judged in whole clauses only."""
    good_words: Words = Words()
    bad_words: Words = Words()
    mild_words: Words = Words()
    """Faults that read well after 有点 and 稍微."""
    lacking_words: Words = Words()
    """Good words that read well after 不够 and 不太."""
    praise: Clauses = ()
    benefits: Clauses = ()
    """Good consequences, alone or after a good word: 屏幕很清晰，看电影很舒服."""
    blame: Clauses = ()
    drawbacks: Clauses = ()
    """Bad consequences, after a bad word."""
    nitpicks: Clauses = ()
    """Small faults, as clauses that can follow 就是."""
    combinable: bool = False
    """Whether the name reads well in 'A和B都很好'."""


class Product(_Table, frozen=True):
    """A group of products of which the same things can be said."""

    category: str
    nouns: Words
    second_mention: str
    """A template for a later mention."""
    measure_word: str
    verb: str
    aspects: Annotated[tuple[Aspect, ...], msgspec.Meta(min_length=1)]
    """The most frequently judged first."""
    recipients: Words = Words()
    """People it is bought for."""
    compliment: str = ""
    """A template for what a pleased recipient says."""
    complaint: str = ""
    openings: Clauses = ()
    """Neutral openings of its own."""
    overall_praise: Clauses = ()
    overall_blame: Clauses = ()
    shop: str = "[实体店|商场]"
    price: str = "[一百多|两百多|一百块钱]"
    price_drop: str = "[二十|三十|几十]块"
    """A template for how much cheaper it became after the purchase."""
    kind: Kind = "durable"
    giftable: bool = True
    """Whether it may be a birthday present."""


class Shopping(_Table, frozen=True):
    """Aspects of anything bought online (``shopping.toml``)."""

    delivery: Aspect
    packing: Aspect
    service: Aspect
    seller: Aspect
    after_sales: Aspect
    price: Aspect
    quality: Aspect
    likeness: Aspect


class Openings(_Table, frozen=True):
    """First clauses of a review."""

    neutral: SomeClauses
    good: SomeClauses
    bad: SomeClauses


class Recipient(_Table, frozen=True):
    """Whom a product was bought for, and what they think of it."""

    bought_for: SomeClauses
    birthday: SomeClauses
    likes: SomeClauses
    dislikes: SomeClauses


class Closings(_Table, frozen=True):
    """Conclusions."""

    good: SomeClauses
    bad: SomeClauses
    acceptable: SomeClauses
    stay_good: SomeClauses
    stay_bad: SomeClauses


class Concessions(_Table, frozen=True):
    """The good that a bad review grants."""

    shopping: SomeClauses
    stay: SomeClauses
    nothing_else: SomeClauses


class Connectives(_Table, frozen=True):
    """Words between clauses."""

    small_fault: Alternatives
    fault: Alternatives
    still: Alternatives
    although: Alternatives
    yet: Alternatives
    more_praise: Alternatives
    more_blame: Alternatives
    sum_up_good: Alternatives
    sum_up_bad: Alternatives


class Endings(_Table, frozen=True):
    """Marks after the last clause."""

    good: Alternatives
    bad: Alternatives


class Patterns(_Table, frozen=True):
    """Wordings of a judgement, with ``{aspect}`` for the aspect's name and ``{word}`` for the word."""

    good: Alternatives
    not_bad: Alternatives
    bad: Alternatives
    too: Alternatives
    mild: Alternatives
    not_at_all: Alternatives
    not_enough: Alternatives
    awkward_with_one_character: Alternatives
    pair_names: str
    pair_good: str
    pair_bad: str
    both: str


class Undo(_Table, frozen=True):
    """What an unhappy buyer does, by the kind of product."""

    durable: Alternatives
    consumable: Alternatives
    stay: Alternatives


class PronounGroup(_Table, frozen=True):
    """People with the same pronoun, a template."""

    people: Words
    pronoun: str


class Pronouns(_Table, frozen=True):
    """How a second mention calls a recipient."""

    groups: tuple[PronounGroup, ...]


class Phrases(_Table, frozen=True):
    """Everything that products share (``phrases.toml``)."""

    openings: Openings
    recipient: Recipient
    closings: Closings
    concessions: Concessions
    connectives: Connectives
    endings: Endings
    patterns: Patterns
    slots: dict[str, str | Alternatives]
    undo: Undo
    pronouns: Pronouns


class Repetition(_Table, frozen=True):
    """Words that a review says at most once (``repetition.toml``)."""

    words: Words
    groups: dict[str, Words]


class CategoryOrder(_Table, frozen=True):
    """The categories, most frequent first (``categories.toml``)."""

    order: Alternatives


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The whole lexicon, checked and ready to draw from."""

    categories: dict[str, tuple[Product, ...]]
    """Products by category, the most frequent category and product first."""
    shopping: Shopping
    phrases: Phrases
    slots: dict[str, Template]
    pronouns: dict[str, str]
    """A template by recipient."""
    watched: dict[str, str]
    """Words of two characters to say at most once in a review, each with the key it is counted under."""
