"""Whole reviews: good, bad and mixed, from an opening to a conclusion."""

from __future__ import annotations

import random

from tiankong.sample.draws import draw, ranked, uniform
from tiankong.sample.scene import Scene
from tiankong.sample.schema import Aspect, Clauses, Lexicon

_FULL = 72
"""Characters after which a review only concludes."""

_GOOD, _BAD, _MIXED_GOOD = 0.47, 0.74, 0.89
"""Cumulative shares of the tones; the rest is mixed with a bad conclusion."""

_SIZES = (0.1, 0.32, 0.6, 0.87, 1.0)
"""Cumulative shares of the sizes, from one judgement to many."""

_SHOPPING = ("delivery", "price", "service", "packing", "seller", "after_sales")
_GOOD_WEIGHTS = (0.4, 0.22, 0.13, 0.13, 0.07, 0.05)
_BAD_WEIGHTS = (0.27, 0.15, 0.24, 0.12, 0.08, 0.14)
_NITPICK_WEIGHTS = (0.45, 0.2, 0.08, 0.24, 0.02, 0.01)
"""How often reviews praise, blame and nitpick each of ``_SHOPPING``."""

_CLAUSE_MARKS = ("，", "，", "，", "，", "。", "，", "！", "，", "；")
_PART_MARKS = ("，", "。", "，", "，", "！", "，", "；")
_CLOSED = ("？", "！", "。")


class _Draft:
    """Clauses put one after another with the marks between them."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.text = ""
        self.opened = False
        """Whether nothing but an opening, which ends in no exclamation mark, has been said."""

    def add(self, clause: str, mark: str = "") -> bool:
        """Whether there was a clause to add; ``mark`` goes before it unless a sentence has just ended."""
        if not clause:
            return False
        if self.text and not self.text.endswith(_CLOSED):
            mark = mark or self.scene.one_of(_CLAUSE_MARKS)
            self.text += "，" if self.opened and mark in "！；" else mark
            self.opened = False
        self.text += clause
        return True

    def add_part(self, clause: str) -> bool:
        """Add a clause that opens a new part, so more often a new sentence."""
        return self.add(clause, self.scene.one_of(_PART_MARKS))

    @property
    def full(self) -> bool:
        """Whether the review is long enough to conclude."""
        return len(self.text) >= _FULL


def compose(rng: random.Random, lexicon: Lexicon) -> tuple[str, int]:
    """One review and its label, 1 for a good conclusion and 0 for a bad one.

    The text is empty when the draw came to nothing.
    """
    categories = tuple(lexicon.categories.values())
    products = categories[ranked(rng, len(categories))]
    product = products[ranked(rng, len(products))]
    scene = Scene(rng, lexicon, product, product.nouns[ranked(rng, len(product.nouns))])
    if product.recipients and scene.chance(0.38 if product.category in ("玩具", "母婴") else 0.24):
        scene.recipient = scene.one_of(product.recipients)
    tone = rng.random()
    size = draw(rng, _SIZES)
    draft = _Draft(scene)
    if tone < _GOOD:
        _write_good(draft, size)
    elif tone < _BAD:
        _write_bad(draft, size)
    elif tone < _MIXED_GOOD:
        _write_mixed_good(draft, size)
    else:
        _write_mixed_bad(draft, size)
    good = tone < _GOOD or _BAD <= tone < _MIXED_GOOD
    if draft.opened:
        return "", int(good)
    return _end(draft, good=good), int(good)


def _end(draft: _Draft, *, good: bool) -> str:
    if not draft.text or draft.text.endswith(_CLOSED):
        return draft.text
    endings = draft.scene.lexicon.phrases.endings
    mark = draft.scene.one_of(endings.good if good else endings.bad)
    if mark == "哦" and draft.text[-1] in "了的吧呢哦人":
        mark = ""
    return draft.text + mark


def _open(draft: _Draft, share: float, judging: Clauses) -> None:
    """Perhaps an opening: an arrival, an occasion, or one of ``judging``, which shows the tone."""
    scene = draft.scene
    if scene.recipient or not scene.chance(share):
        return
    way = scene.rng.random()
    if scene.product.openings and (way < 0.3 or scene.is_stay):
        draft.opened = draft.add(scene.clause(scene.product.openings))
    elif way < 0.7 and not scene.is_stay:
        draft.opened = draft.add(scene.clause(scene.lexicon.phrases.openings.neutral))
    elif not scene.is_stay:
        draft.add(scene.clause(judging))


def _introduce_recipient(draft: _Draft, opinions: Clauses, share: float) -> None:
    """Whom it was bought for, and in ``share`` of the reviews what they think of it."""
    scene = draft.scene
    if not scene.recipient:
        return
    phrases = scene.lexicon.phrases.recipient
    clauses = phrases.birthday if scene.product.giftable and scene.chance(0.2) else phrases.bought_for
    draft.opened = draft.add(scene.clause(clauses))
    if scene.chance(share):
        draft.add(scene.clause(opinions, alone=True), "，")


def _shopping_aspect(scene: Scene, weights: tuple[float, ...]) -> Aspect | None:
    return scene.unjudged(tuple(getattr(scene.lexicon.shopping, name) for name in _SHOPPING), weights)


def _product_aspect(scene: Scene) -> Aspect | None:
    """One of the product's own aspects, now and then its quality or its likeness to the picture."""
    if scene.is_stay or scene.chance(0.82):
        return scene.unjudged(scene.product.aspects)
    return scene.unjudged((scene.lexicon.shopping.quality, scene.lexicon.shopping.likeness))


def _pair(scene: Scene, *, good: bool) -> str:
    combinable = tuple(aspect for aspect in scene.product.aspects if aspect.combinable)
    a = scene.unjudged(combinable)
    b = scene.unjudged(tuple(aspect for aspect in combinable if aspect is not a))
    if a is None or b is None or a.name == b.name:
        return ""
    return scene.pair(a, b, good=good)


def _lead_in(scene: Scene, clause: str, words: tuple[str, ...], share: float) -> str:
    """``clause``, at most once a review with a word such as 而且 before it."""
    if "，" not in clause and scene.chance(share) and not scene.led_in:
        scene.led_in = True
        return scene.one_of(words) + clause
    return clause


def _add_praise(draft: _Draft, *, shopping: bool, first: bool = False) -> None:
    scene = draft.scene
    if shopping and not scene.is_stay:
        aspect = _shopping_aspect(scene, _GOOD_WEIGHTS)
        clause = scene.good(aspect, first=first) if aspect else ""
        if clause and not first:
            clause = _lead_in(scene, clause, scene.lexicon.phrases.connectives.more_praise, 0.07)
        draft.add_part(clause)
        return
    if scene.chance(0.07) and draft.add(_pair(scene, good=True)):
        return
    if scene.chance(0.17) and draft.add(scene.clause(scene.product.overall_praise, alone=True)):
        return
    aspect = _product_aspect(scene)
    if aspect:
        draft.add(scene.good(aspect, first=first))


def _add_blame(draft: _Draft, *, shopping: bool, first: bool = False, mark: str = "") -> None:
    scene = draft.scene
    if shopping and not scene.is_stay:
        aspect = _shopping_aspect(scene, _BAD_WEIGHTS)
        clause = scene.bad(aspect, first=first) if aspect else ""
        if clause and not first:
            clause = _lead_in(scene, clause, scene.lexicon.phrases.connectives.more_blame, 0.09)
        draft.add(clause, mark or scene.one_of(_PART_MARKS))
        return
    if not mark and scene.chance(0.04) and draft.add(_pair(scene, good=False)):
        return
    if not mark and scene.chance(0.14) and draft.add(scene.clause(scene.product.overall_blame, alone=True)):
        return
    aspect = _product_aspect(scene)
    if aspect:
        draft.add(scene.bad(aspect, first=first, whole=not mark), mark)


def _add_judgements(draft: _Draft, count: int, *, good: bool) -> None:
    """Several judgements, those of the product mostly before those of the delivery and the shop."""
    scene = draft.scene
    of_shopping = sum(1 for _ in range(count) if scene.chance(0.36 if good else 0.34))
    order = [False] * (count - of_shopping) + [True] * of_shopping
    if scene.chance(0.15):
        order.reverse()
    for index, shopping in enumerate(order):
        if draft.full:
            return
        add = _add_praise if good else _add_blame
        add(draft, shopping=shopping, first=index == 0)


def _close(draft: _Draft, share: float, *, good: bool) -> None:
    """Perhaps a conclusion, now and then two."""
    scene = draft.scene
    if not scene.chance(share):
        return
    closings, connectives = scene.lexicon.phrases.closings, scene.lexicon.phrases.connectives
    if good:
        clauses = closings.stay_good if scene.is_stay else closings.good
        fitting_starts: tuple[str, ...] = ("值得", "推荐")
        sum_up = connectives.sum_up_good
    else:
        clauses = closings.stay_bad if scene.is_stay else closings.bad
        fitting_starts = ("不会", "以后", "不推荐", "很", "太")
        sum_up = connectives.sum_up_bad
    clause = scene.clause(clauses)
    if scene.chance(0.08) and clause.startswith(fitting_starts):
        clause = scene.one_of(sum_up) + clause
    draft.add_part(clause)
    if clause and scene.chance(0.12):
        draft.add(scene.clause(clauses), "，")


def _count(scene: Scene, size: int) -> int:
    """How many judgements a review of this size holds."""
    return (1, 2, 3, uniform(scene.rng, 4, 5), uniform(scene.rng, 6, 8))[size]


def _write_good(draft: _Draft, size: int) -> None:
    scene, phrases = draft.scene, draft.scene.lexicon.phrases
    _open(draft, (0.1, 0.25, 0.4, 0.5, 0.55)[size], phrases.openings.good)
    _introduce_recipient(draft, phrases.recipient.likes, 0.75)
    _add_judgements(draft, _count(scene, size), good=True)
    _close(draft, 0.62, good=True)


def _write_bad(draft: _Draft, size: int) -> None:
    scene, phrases = draft.scene, draft.scene.lexicon.phrases
    _open(draft, (0.1, 0.3, 0.45, 0.55, 0.6)[size], phrases.openings.bad)
    _introduce_recipient(draft, phrases.recipient.dislikes, 0.45)
    _add_judgements(draft, _count(scene, size), good=False)
    _close(draft, 0.62, good=False)


def _nitpick(scene: Scene, *, whole: bool) -> str:
    for _ in range(4):
        if scene.chance(0.3) and not scene.is_stay:
            aspect = _shopping_aspect(scene, _NITPICK_WEIGHTS)
        else:
            aspect = scene.unjudged(scene.product.aspects)
        if aspect and (text := scene.nitpick(aspect, whole=whole)):
            return text
    return ""


def _write_mixed_good(draft: _Draft, size: int) -> None:
    """Praise with one small fault; the conclusion is good."""
    scene, phrases = draft.scene, draft.scene.lexicon.phrases
    connectives = phrases.connectives
    _open(draft, 0.3, phrases.openings.neutral)
    _introduce_recipient(draft, phrases.recipient.likes, 0.6)
    if scene.chance(0.62):
        _add_judgements(draft, max(1, _count(scene, size) - 2), good=True)
        turn = scene.one_of(connectives.small_fault)
        if draft.text and (fault := _nitpick(scene, whole=True)):
            draft.add(turn + fault, "，" if scene.chance(0.8) else "。")
            if scene.chance(0.6) and (conclusion := scene.clause(phrases.closings.acceptable)):
                still = scene.one_of(connectives.still) if turn not in ("不过", "但是") else ""
                draft.add(still + conclusion, "，" if still or scene.chance(0.6) else "。")
        return
    fault = _nitpick(scene, whole=False)
    aspect = _product_aspect(scene)
    praise = (aspect and scene.good(aspect, first=True)) or scene.clause(phrases.closings.acceptable)
    if fault and praise:
        draft.add_part(scene.one_of(connectives.although) + fault)
        praise = scene.one_of(connectives.yet) + praise
    draft.add(praise, "，")
    _add_judgements(draft, max(0, _count(scene, size) - 2), good=True)
    _close(draft, 0.6, good=True)


def _write_mixed_bad(draft: _Draft, size: int) -> None:
    """Something good first, or nothing but one thing good; the conclusion is bad."""
    scene, phrases = draft.scene, draft.scene.lexicon.phrases
    _open(draft, 0.3, phrases.openings.neutral)
    _introduce_recipient(draft, phrases.recipient.dislikes, 0.0)
    if scene.chance(0.2) and not scene.is_stay:
        _add_judgements(draft, max(1, _count(scene, size) - 1), good=False)
        draft.add_part(scene.clause(phrases.concessions.nothing_else))
    else:
        if scene.chance(0.5):
            draft.add_part(scene.clause(phrases.concessions.stay if scene.is_stay else phrases.concessions.shopping))
        else:
            shopping = scene.chance(0.5) and not scene.is_stay
            aspect = _shopping_aspect(scene, _GOOD_WEIGHTS) if shopping else _product_aspect(scene)
            draft.add(scene.good(aspect, first=True) if aspect else "")
        before = draft.text
        shopping = scene.chance(0.3)
        _add_blame(draft, shopping=shopping, first=True, mark="，" + scene.one_of(phrases.connectives.fault))
        if draft.text == before:
            draft.text = ""
            return
        _add_judgements(draft, max(0, _count(scene, size) - 3), good=False)
    _close(draft, 0.7, good=False)
