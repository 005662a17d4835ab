"""The built-in general model for texts, where their user names none: the script of the texts decides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

from tiankong.artifact.built_in import built_in_models
from tiankong.config import DEFAULT_MODEL
from tiankong.registry.general_models import GENERAL_MODELS, GeneralModelSpec
from tiankong.text.language import language_of

MOST_TEXTS = 100
"""The first texts of many, which decide for all."""


class ChosenModel(NamedTuple):
    """The name of a built-in model, and a sentence that says why it answers; empty if that goes without saying."""

    name: str
    note: str = ""


def installed_general_models() -> list[GeneralModelSpec]:
    """The general models that there are to choose from, in the order of the table."""
    names = built_in_models()
    return [row for row in GENERAL_MODELS.values() if row.name in names]


def is_choice() -> bool:
    """Whether the texts decide: there are several general models."""
    return len(installed_general_models()) > 1


def choose_general_model(texts: Iterable[str]) -> ChosenModel:
    """The general model in whose language most of the first :data:`MOST_TEXTS` of ``texts`` are.

    It is the default where they are in none, or there is no other. The note is for texts that are not answered by the
    default, and for texts in several languages.
    """
    rows = installed_general_models()
    if len(rows) < 2:
        return ChosenModel(DEFAULT_MODEL)
    first = list(islice(texts, MOST_TEXTS))
    found = Counter(row.name for row in (language_of(text, rows) for text in first) if row is not None)
    there = [row for row in rows if found[row.name]]
    if not there:
        return ChosenModel(DEFAULT_MODEL)
    chosen = max(there, key=lambda row: found[row.name])  # of equally many, the first
    if there == [chosen] and chosen.name == DEFAULT_MODEL:
        return ChosenModel(chosen.name)
    if len(there) > 1:
        shares = " and ".join(f"{found[row.name]} in {row.letters}" for row in there)
        note = f"of the first {len(first)} texts, {shares}: {chosen.name} answers all of them; `model` names another"
        return ChosenModel(chosen.name, note)
    what = "the text is" if len(first) == 1 else f"the first {len(first)} texts are"
    return ChosenModel(chosen.name, f"{what} in {chosen.letters}: {chosen.name} answers; `model` names another")
