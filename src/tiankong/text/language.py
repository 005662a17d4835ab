"""Which language texts are in, and whether it has spaces between words, by their letters."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable

from tiankong.registry.general_models import GeneralModelSpec

LONGEST_BEGINNING = 1000
"""Characters at the beginning of a text that decide about it."""

_UNSPACED = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN")
"""Scripts without spaces between words, by the Unicode names of their letters."""


def language_of(text: str, rows: Iterable[GeneralModelSpec]) -> GeneralModelSpec | None:
    """The first of ``rows`` in whose language ``text`` is; ``None`` if it is in none of them, or has no letter."""
    beginning = unicodedata.normalize("NFKC", text[:LONGEST_BEGINNING])
    letters = Counter(
        unicodedata.name(character, "").partition(" ")[0] for character in beginning if character.isalpha()
    )
    return next(
        (row for row in rows if letters[row.script] and letters[row.script] >= row.least_share * letters.total()), None
    )


def is_unspaced(character: str) -> bool:
    """Whether ``character`` is a letter of a script without spaces between words."""
    return unicodedata.name(character, "").startswith(_UNSPACED)
