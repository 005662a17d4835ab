"""The shapes of the lexicon: what can be said of a product, and how.

Word lists are strings cut at spaces, commonest first. Clauses are templates (see ``template``).
A clause that starts with ``+`` tells of some time of use, one that starts with ``-`` was written
on the day of arrival; a review never holds both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["durable", "consumable", "stay"]
Clauses = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Aspect:
    """One thing reviews judge: its name, the words that fit it, and whole clauses about it."""

    name: str
    good: str = ""
    bad: str = ""
    mild: str = ""
    """Small faults, said with 有点 or 稍微."""
    lack: str = ""
    """Good words that read well after 不够 and 不太."""
    praise: Clauses = ()
    so: Clauses = ()
    """Good consequences, alone or after the good word: 屏幕很清晰，看电影很舒服."""
    blame: Clauses = ()
    so_bad: Clauses = ()
    nitpick: Clauses = ()
    """Small faults, as clauses that can follow 就是."""
    pairs: bool = False
    """Whether 'A和B都很好' and '就是A…' fit its name."""


@dataclass(frozen=True, slots=True)
class Line:
    """A group of products of which the same things can be said."""

    category: str
    nouns: str
    other: str
    """What a second mention calls it."""
    measure: str
    verb: str
    aspects: tuple[Aspect, ...]
    people: str = ""
    says: str = ""
    """What someone pleased with it says."""
    says_bad: str = ""
    start: Clauses = ()
    """Openings of its own, neutral."""
    joy: Clauses = ()
    """Good things said of the whole."""
    grief: Clauses = ()
    shop: str = "[实体店|商场]"
    cost: str = "[一百多|两百多|一百块钱]"
    drop: str = "[二十|三十|几十]块"
    """By how much the price falls after buying."""
    kind: Kind = "durable"
    gift: bool = True
