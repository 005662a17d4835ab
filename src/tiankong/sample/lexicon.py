"""Reads the lexicon from ``data/*.toml`` and checks it.

``data/README.md`` tells contributors what each file holds and how to add words.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any, TypeVar

import msgspec

from tiankong.sample.schema import (
    Aspect,
    CategoryOrder,
    Lexicon,
    Phrases,
    Product,
    Repetition,
    Shopping,
    Words,
)
from tiankong.sample.template import Choice, parse, slot_names

PRODUCT_SLOTS = ("shop", "price", "price_drop", "compliment", "complaint")
"""Slots filled from the product's field of that name, a template."""

SCENE_SLOTS = ("noun", "recipient", "pronoun", "verb", "measure_word", "one", "it", "undo")
"""Slots that a review under way fills by itself."""

PATTERN_SLOTS = ("aspect", "word", "a", "b", "pair")
"""Slots of ``[patterns]``."""

_MARKS = "[]{}|，"
"""Characters that templates may hold, but not words."""

Tables = Mapping[str, Mapping[str, Any]]
Shape = TypeVar("Shape")


class LexiconError(ValueError):
    """A data file is wrong; the message names the file, the table and the field."""


@cache
def load_lexicon() -> Lexicon:
    """The lexicon of the package, read at the first call only.

    :raises LexiconError: a data file is wrong.
    """
    return read_lexicon(resources.files("tiankong.sample") / "data")


def read_lexicon(folder: Traversable) -> Lexicon:
    """The lexicon in ``folder``, laid out as the package's ``data``.

    :raises LexiconError: a file is missing, no TOML, holds an unknown or ill-typed field, or refers to something that
        does not exist.
    """
    order = _convert("categories.toml", _read(folder / "categories.toml"), CategoryOrder).order
    repetition = _convert("repetition.toml", _read(folder / "repetition.toml"), Repetition)
    raw_phrases = _read(folder / "phrases.toml")
    phrases = _convert("phrases.toml", raw_phrases, Phrases)
    slots = frozenset({*SCENE_SLOTS, *PRODUCT_SLOTS, *phrases.slots})
    _check_templates("phrases.toml", {name: raw_phrases[name] for name in raw_phrases if name != "patterns"}, slots)
    _check_templates("phrases.toml, patterns", raw_phrases["patterns"], PATTERN_SLOTS)
    raw_shopping = _read(folder / "shopping.toml")
    shopping = _convert("shopping.toml", raw_shopping, Shopping)
    _check_templates("shopping.toml", raw_shopping, slots)
    products = _read_products(folder / "products", slots)

    pronouns = {person: group.pronoun for group in phrases.pronouns.groups for person in group.people}
    for place, product in products.items():
        if unknown := [person for person in product.recipients if person not in pronouns]:
            raise LexiconError(f"{place}: recipient {unknown[0]} has no pronoun: add one to [pronouns] in phrases.toml")
        if not product.nouns:
            raise LexiconError(f"{place}: nouns is empty: name at least one product")
    for group, words in {"words": repetition.words, **repetition.groups}.items():
        if wrong := [word for word in words if len(word) != 2]:
            raise LexiconError(f"repetition.toml, {group}: {wrong[0]} must have exactly two characters")

    used = {aspect for product in products.values() for aspect in product.aspects}
    return Lexicon(
        categories=_by_category(order, products),
        shopping=shopping,
        phrases=phrases,
        slots={
            name: parse(value) if isinstance(value, str) else (Choice(tuple(map(parse, value))),)
            for name, value in phrases.slots.items()
        },
        pronouns=pronouns,
        watched=_watched(repetition, used | set(msgspec.structs.astuple(shopping))),
    )


def _read(file: Traversable) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LexiconError(f"{file.name} is not valid TOML in UTF-8: {error}") from None
    except OSError as error:
        raise LexiconError(f"{file.name} can't be read: {error}") from None


def _split_words(kind: type, value: Any) -> Words:
    if kind is not Words or not isinstance(value, str):
        raise ValueError(f"expected one string of words with spaces between them, not {value!r}")
    words = Words(value.split())
    if marked := [word for word in words if set(word) & set(_MARKS)]:
        raise ValueError(f"{marked[0]} holds one of {_MARKS}: words are plain, without alternatives or slots")
    return words


def _convert(place: str, values: Any, shape: type[Shape]) -> Shape:
    try:
        return msgspec.convert(values, shape, dec_hook=_split_words)
    except msgspec.ValidationError as error:
        raise LexiconError(f"{place}: {error}") from None


def _read_products(folder: Traversable, slots: Collection[str]) -> dict[str, Product]:
    """All products in the order of the files, each by the place where it stands."""
    raw_aspects: dict[str, dict[str, Any]] = {}
    raw_products: dict[str, dict[str, Any]] = {}
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".toml"):
            tables = _convert(file.name, _read(file), dict[str, dict[str, dict[str, Any]]])
            if unknown := set(tables) - {"aspects", "products"}:
                raise LexiconError(f"{file.name}: unknown table [{min(unknown)}]: use [aspects.…] and [products.…]")
            stem = file.name.removesuffix(".toml")
            raw_aspects |= {f"{stem}.{name}": values for name, values in tables.get("aspects", {}).items()}
            raw_products |= {f"{stem}.{name}": values for name, values in tables.get("products", {}).items()}
    for table, raw in (("aspects", raw_aspects), ("products", raw_products)):
        for name, values in raw.items():
            _check_templates(_place(table, name), values, slots)

    aspects = {
        name: _convert(_place("aspects", name), _inherit("aspects", raw_aspects, name), Aspect) for name in raw_aspects
    }
    products: dict[str, Product] = {}
    for name in raw_products:
        place = _place("products", name)
        values = _inherit("products", raw_products, name)
        if isinstance(values.get("aspects"), list):
            values["aspects"] = [aspects[_known(entry, aspects, place)] for entry in values["aspects"]]
        products[place] = _convert(place, values, Product)
    return products


def _place(table: str, name: str) -> str:
    stem, key = name.split(".", 1)
    return f"{stem}.toml, [{table}.{key}]"


def _inherit(table: str, raw: Tables, name: str, heirs: tuple[str, ...] = ()) -> dict[str, Any]:
    """The values of a table over those of the table it is ``like``; its aspects are named in full."""
    stem = name.split(".", 1)[0]
    values = dict(raw[name])
    if isinstance(values.get("aspects"), list):
        values["aspects"] = [_in_full(entry, stem) for entry in values["aspects"]]
    if "like" not in values:
        return values
    like = _in_full(values.pop("like"), stem)
    place = _place(table, name)
    parent = _known(like, raw, place)
    if parent in (*heirs, name):
        raise LexiconError(f"{place}: like {like} leads back to itself")
    return _inherit(table, raw, parent, (*heirs, name)) | values


def _in_full(name: Any, stem: str) -> Any:
    return f"{stem}.{name}" if isinstance(name, str) and "." not in name else name


def _known(name: Any, names: Iterable[str], place: str) -> str:
    if name in names:
        return str(name)
    near = get_close_matches(str(name), names, n=1)
    hint = f": is {near[0]} meant?" if near else ": name one of this file, or file.name for one of another"
    raise LexiconError(f"{place}: there is no {name}{hint}")


def _check_templates(place: str, value: Any, slots: Collection[str]) -> None:
    """Every string in ``value``, at whatever depth, is a template whose slots are known (plain words are, too)."""
    if isinstance(value, str):
        try:
            names = set(slot_names(parse(value)))
        except ValueError as error:
            raise LexiconError(f"{place}: {error}") from None
        if unknown := sorted(names - set(slots)):
            raise LexiconError(f"{place}: unknown slot {{{unknown[0]}}} in {value!r}: use {', '.join(sorted(slots))}")
    elif isinstance(value, dict):
        for name, entry in value.items():
            _check_templates(f"{place}, {name}", entry, slots)
    elif isinstance(value, list):
        for entry in value:
            _check_templates(place, entry, slots)


def _by_category(order: tuple[str, ...], products: Mapping[str, Product]) -> dict[str, tuple[Product, ...]]:
    categories: dict[str, list[Product]] = {category: [] for category in order}
    for place, product in products.items():
        if product.category not in categories:
            raise LexiconError(f"{place}: add category {product.category} to the order in categories.toml")
        categories[product.category].append(product)
    if empty := [category for category, members in categories.items() if not members]:
        raise LexiconError(f"categories.toml: no product has category {empty[0]}: remove it, or add products to it")
    return {category: tuple(members) for category, members in categories.items()}


def _watched(repetition: Repetition, aspects: Iterable[Aspect]) -> dict[str, str]:
    keys = {word: group for group, words in repetition.groups.items() for word in words}
    for word in repetition.words:
        keys.setdefault(word, word)
    for aspect in aspects:
        for word in (*aspect.good_words, *aspect.bad_words, *aspect.mild_words):
            if len(word) > 1:
                keys.setdefault(word[:2], word[:2])
    return keys
