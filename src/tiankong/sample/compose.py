"""Whole reviews: good, bad and mixed, from an opening to a conclusion."""

from __future__ import annotations

import random

from tiankong.sample import remarks
from tiankong.sample.lexicon import CATEGORIES
from tiankong.sample.scene import Scene, words
from tiankong.sample.schema import Aspect, Clauses
from tiankong.sample.template import draw, parse, ranked, uniform
from tiankong.sample.themes import AFTERCARE, ATTITUDE, CLERK, DELIVERY, MATCH, PACKING, PRICE, QUALITY

_FULL = 72
"""Characters after which a review only concludes."""

_THEMES = (DELIVERY, PRICE, ATTITUDE, PACKING, CLERK, AFTERCARE)
_GOOD_WEIGHTS = (0.4, 0.22, 0.13, 0.13, 0.07, 0.05)
_BAD_WEIGHTS = (0.27, 0.15, 0.24, 0.12, 0.08, 0.14)
_SMALL_WEIGHTS = (0.45, 0.2, 0.08, 0.24, 0.02, 0.01)
_SIZES = (0.1, 0.32, 0.6, 0.87, 1.0)
_LINE_JOINTS = ("，", "，", "，", "，", "。", "，", "！", "，", "；")
_PART_JOINTS = ("，", "。", "，", "，", "！", "，", "；")
_CLOSED = ("？", "！", "。")
_TONES = (0.47, 0.74, 0.89, 1.0)


class _Draft:
    """Clauses put one after another with the marks between them."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.text = ""
        self.opened = False
        """Whether nothing but an opening, which ends in no exclamation mark, has been said."""

    def add(self, clause: str, joint: str = "") -> bool:
        """Whether there was a clause to add; ``joint`` goes before it unless a sentence has just ended."""
        if not clause:
            return False
        if self.text and not self.text.endswith(_CLOSED):
            mark = joint or self.scene.one_of(_LINE_JOINTS)
            self.text += "，" if self.opened and mark in "！；" else mark
            self.opened = False
        self.text += clause
        return True

    def part(self, clause: str) -> bool:
        """Add a clause that opens a new part, so more often a new sentence."""
        return self.add(clause, self.scene.one_of(_PART_JOINTS))

    @property
    def full(self) -> bool:
        return len(self.text) >= _FULL


def compose(rng: random.Random) -> tuple[str, int]:
    """One review and its label, 1 for a good conclusion and 0 for a bad one; no text when the draw came to nothing."""
    lines = tuple(CATEGORIES.values())[ranked(rng, len(CATEGORIES))]
    line = lines[ranked(rng, len(lines))]
    nouns = words(line.nouns)
    scene = Scene(rng, line, nouns[ranked(rng, len(nouns))])
    if line.people and scene.chance(0.38 if line.category in ("玩具", "母婴") else 0.24):
        scene.who = scene.one_of(words(line.people))
    tone = rng.random()
    size = draw(rng, _SIZES)
    draft = _Draft(scene)
    if tone < _TONES[0]:
        _good(draft, size)
    elif tone < _TONES[1]:
        _bad(draft, size)
    elif tone < _TONES[2]:
        _mixed_good(draft, size)
    else:
        _mixed_bad(draft, size)
    good = tone < _TONES[0] or _TONES[1] <= tone < _TONES[2]
    if draft.opened:
        return "", int(good)
    return _finish(draft, remarks.FINAL_GOOD if good else remarks.FINAL_BAD), int(good)


def _finish(draft: _Draft, final: str) -> str:
    if not draft.text or draft.text.endswith(_CLOSED):
        return draft.text
    mark = draft.scene.write(parse(final))
    if mark == "哦" and draft.text[-1] in "了的吧呢哦人":
        mark = ""
    return draft.text + mark


def _stay(scene: Scene) -> bool:
    return scene.line.kind == "stay"


def _open(draft: _Draft, share: float, own: Clauses) -> None:
    """Perhaps an opening: a present, an arrival, an occasion, or one that shows the tone."""
    scene = draft.scene
    if scene.who or not scene.chance(share):
        return
    way = scene.rng.random()
    if scene.line.start and (way < 0.3 or _stay(scene)):
        draft.opened = draft.add(scene.clause(scene.line.start))
    elif way < 0.7 and not _stay(scene):
        draft.opened = draft.add(scene.clause(remarks.OPEN_PARCEL))
    elif not _stay(scene):
        draft.add(scene.clause(own))


def _present(draft: _Draft, said: Clauses, share: float) -> None:
    """Whom it was bought for, and most often what they say."""
    scene = draft.scene
    if not scene.who:
        return
    pool = remarks.BIRTHDAY if scene.line.gift and scene.chance(0.2) else remarks.PRESENT
    draft.opened = draft.add(scene.clause(pool))
    if scene.chance(share):
        draft.add(scene.clause(said, alone=True), "，")


def _product(scene: Scene) -> Aspect | None:
    """The product's own aspects, now and then its quality or its likeness to the picture."""
    if _stay(scene) or scene.chance(0.82):
        return scene.weighted(scene.line.aspects)
    return scene.weighted((QUALITY, MATCH))


def _pair(scene: Scene, *, good: bool) -> str:
    fitting = tuple(aspect for aspect in scene.line.aspects if aspect.pairs)
    one = scene.weighted(fitting)
    two = scene.weighted(tuple(aspect for aspect in fitting if aspect is not one))
    if one is None or two is None or one.name == two.name:
        return ""
    return scene.both(one, two, good=good)


def _good_unit(draft: _Draft, *, theme: bool, first: bool = False) -> None:
    scene = draft.scene
    if theme and not _stay(scene):
        aspect = scene.weighted(_THEMES, _GOOD_WEIGHTS)
        clause = scene.good(aspect, first=first) if aspect else ""
        if clause and not first and "，" not in clause and scene.chance(0.07) and "more" not in scene.done:
            scene.done.add("more")
            clause = scene.write(parse(remarks.ADDING)) + clause
        draft.part(clause)
        return
    if scene.chance(0.07) and draft.add(_pair(scene, good=True)):
        return
    if scene.chance(0.17) and draft.add(scene.clause(scene.line.joy, alone=True)):
        return
    aspect = _product(scene)
    if aspect:
        draft.add(scene.good(aspect, first=first))


def _bad_unit(draft: _Draft, *, theme: bool, first: bool = False, joint: str = "") -> None:
    scene = draft.scene
    if theme and not _stay(scene):
        aspect = scene.weighted(_THEMES, _BAD_WEIGHTS)
        clause = scene.bad(aspect, first=first) if aspect else ""
        if clause and not first and "，" not in clause and scene.chance(0.09) and "more" not in scene.done:
            scene.done.add("more")
            clause = scene.write(parse(remarks.ADDING_BAD)) + clause
        draft.add(clause, joint or scene.one_of(_PART_JOINTS))
        return
    if not joint and scene.chance(0.04) and draft.add(_pair(scene, good=False)):
        return
    if not joint and scene.chance(0.14) and draft.add(scene.clause(scene.line.grief, alone=True)):
        return
    aspect = _product(scene)
    if aspect:
        draft.add(scene.bad(aspect, first=first, whole=not joint), joint)


def _units(draft: _Draft, count: int, *, good: bool) -> None:
    """Several judgements, those of the product mostly before those of the delivery and the shop."""
    scene = draft.scene
    themes = sum(1 for _ in range(count) if scene.chance(0.36 if good else 0.34))
    order = [False] * (count - themes) + [True] * themes
    if scene.chance(0.15):
        order.reverse()
    for index, theme in enumerate(order):
        if draft.full:
            return
        unit = _good_unit if good else _bad_unit
        unit(draft, theme=theme, first=index == 0)


def _close(draft: _Draft, clauses: Clauses, share: float) -> None:
    scene = draft.scene
    if not scene.chance(share):
        return
    clause = scene.clause(clauses)
    good = clauses in (remarks.CLOSE_GOOD, remarks.CLOSE_STAY_GOOD)
    if scene.chance(0.08) and clause.startswith(("值得", "推荐") if good else ("不会", "以后", "不推荐", "很", "太")):
        clause = scene.write(parse(remarks.SUMMING_GOOD if good else remarks.SUMMING_BAD)) + clause
    draft.part(clause)
    if clause and scene.chance(0.12):
        draft.add(scene.clause(clauses), "，")


def _closings(scene: Scene, *, good: bool) -> Clauses:
    if good:
        return remarks.CLOSE_STAY_GOOD if _stay(scene) else remarks.CLOSE_GOOD
    return remarks.CLOSE_STAY_BAD if _stay(scene) else remarks.CLOSE_BAD


def _count(scene: Scene, size: int) -> int:
    return (1, 2, 3, uniform(scene.rng, 4, 5), uniform(scene.rng, 6, 8))[size]


def _good(draft: _Draft, size: int) -> None:
    scene = draft.scene
    _open(draft, (0.1, 0.25, 0.4, 0.5, 0.55)[size], remarks.OPEN_GOOD)
    _present(draft, remarks.LIKES, 0.75)
    _units(draft, _count(scene, size), good=True)
    _close(draft, _closings(scene, good=True), 0.62)


def _bad(draft: _Draft, size: int) -> None:
    scene = draft.scene
    _open(draft, (0.1, 0.3, 0.45, 0.55, 0.6)[size], remarks.OPEN_BAD)
    _present(draft, remarks.DISLIKES, 0.45)
    _units(draft, _count(scene, size), good=False)
    _close(draft, _closings(scene, good=False), 0.62)


def _small_fault(scene: Scene, *, whole: bool) -> str:
    for _ in range(4):
        if scene.chance(0.3) and not _stay(scene):
            aspect = scene.weighted(_THEMES, _SMALL_WEIGHTS)
        else:
            aspect = scene.weighted(scene.line.aspects)
        if aspect and (text := scene.nitpick(aspect, whole=whole)):
            return text
    return ""


def _mixed_good(draft: _Draft, size: int) -> None:
    """Praise with one small fault; the conclusion is good."""
    scene = draft.scene
    _open(draft, 0.3, remarks.OPEN_PARCEL)
    _present(draft, remarks.LIKES, 0.6)
    if scene.chance(0.62):
        _units(draft, max(1, _count(scene, size) - 2), good=True)
        turn = scene.write(parse(remarks.BUT_SMALL))
        if draft.text and (fault := _small_fault(scene, whole=True)):
            draft.add(turn + fault, "，" if scene.chance(0.8) else "。")
            if scene.chance(0.6) and (after := scene.clause(remarks.CLOSE_SOSO)):
                still = scene.write(parse(remarks.STILL)) if turn not in ("不过", "但是") else ""
                draft.add(still + after, "，" if still or scene.chance(0.6) else "。")
        return
    fault = _small_fault(scene, whole=False)
    aspect = _product(scene)
    praise = (aspect and scene.good(aspect, first=True)) or scene.clause(remarks.CLOSE_SOSO)
    if fault and praise:
        draft.part(scene.write(parse(remarks.THOUGH)) + fault)
        praise = scene.write(parse(remarks.YET)) + praise
    draft.add(praise, "，")
    _units(draft, max(0, _count(scene, size) - 2), good=True)
    _close(draft, _closings(scene, good=True), 0.6)


def _mixed_bad(draft: _Draft, size: int) -> None:
    """Something good first, or nothing but one thing good; the conclusion is bad."""
    scene = draft.scene
    _open(draft, 0.3, remarks.OPEN_PARCEL)
    _present(draft, remarks.DISLIKES, 0.0)
    if scene.chance(0.2) and not _stay(scene):
        _units(draft, max(1, _count(scene, size) - 1), good=False)
        draft.part(scene.clause(remarks.NOTHING_ELSE))
    else:
        if scene.chance(0.5):
            draft.part(scene.clause(remarks.FAINT_STAY if _stay(scene) else remarks.FAINT))
        else:
            theme = scene.chance(0.5) and not _stay(scene)
            aspect = scene.weighted(_THEMES, _GOOD_WEIGHTS) if theme else _product(scene)
            draft.add(scene.good(aspect, first=True) if aspect else "")
        before = draft.text
        _bad_unit(draft, theme=scene.chance(0.3), first=True, joint="，" + scene.write(parse(remarks.BUT_BAD)))
        if draft.text == before:
            draft.text = ""
            return
        _units(draft, max(0, _count(scene, size) - 3), good=False)
    _close(draft, _closings(scene, good=False), 0.7)
