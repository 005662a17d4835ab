"""The built-in models for general text, one a language: which of them answers where no model is named.

Another language is one row here and its model's folder in ``models/``. A row whose folder is missing is passed over.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class GeneralModelSpec:
    """A general model, and by which letters its language is told from those of other rows."""

    name: str
    """The folder in ``models/``: the code of the language in ISO 639."""

    language: str
    """In help texts."""

    letters: str
    """In messages: what a text is in that this model answers."""

    script: str
    """The first word of the Unicode names of its letters."""

    least_share: float
    """A text is in this language if it has such a letter and they are at least this share of all its letters."""


_ROWS = (
    # Chinese text quotes names and terms in Latin letters, and hardly any other text quotes Chinese characters.
    GeneralModelSpec("zh", language="Chinese", letters="Chinese characters", script="CJK", least_share=0.0),
    GeneralModelSpec("en", language="English", letters="Latin letters", script="LATIN", least_share=0.5),
)

GENERAL_MODELS = {row.name: row for row in _ROWS}
"""Every general model by its name. The first answers where the text does not decide; of several whose language a text
could be in, the first counts.
"""
