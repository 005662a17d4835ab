"""Simplified and traditional Chinese: which of the two a text, or what a model was trained on, is written in.

Most characters are the same in both. GB 2312 lists those of simplified text, Big5 those of traditional text, so a
character that only one of them has is evidence for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

from tiankong.errors import OptionError

ChineseScript = Literal["simplified", "traditional"]

Script = Literal["auto", "as-is"]
"""How a text is read: converted if the model was trained on the other script, or as it is typed."""

AUTO: Script = "auto"
AS_IS: Script = "as-is"

_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af]")
_JAPANESE_OR_KOREAN = re.compile("[\u3041-\u3096\u30a1-\u30fa\uff66-\uff9f\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3]")

_TRADITIONAL_OF_GB2312 = frozenset("後於菸麽")
"""Characters that GB 2312 has for names. In other simplified text 后, 于, 烟 and 么 stand for them."""

_SHARE_OF_OTHER = 0.1
"""What was trained on text with a greater share of characters of the other script reads both."""

_CHARACTERS_COUNTED = 1000
"""The most frequent characters decide about a model; the rest would not change the result."""


def check_script(script: str) -> Script:
    """Checks that ``script`` is a :data:`Script`, and returns it.

    :raises OptionError: it is something else.
    """
    for known in (AUTO, AS_IS):
        if script == known:
            return known
    raise OptionError(f"script must be {AUTO} or {AS_IS}, not {script!r}")


def han_characters(text: str) -> set[str]:
    """The distinct Han characters of ``text``."""
    return set(_HAN.findall(text))


def has_japanese_or_korean(text: str) -> bool:
    """Whether ``text`` has kana or Hangul: its Han characters are then not Chinese."""
    return _JAPANESE_OR_KOREAN.search(text) is not None


@lru_cache(1 << 16)
def may_be_traditional(character: str) -> bool:
    """Whether no simplified text has this Han ``character``, so that a simplified one may stand for it there."""
    return character in _TRADITIONAL_OF_GB2312 or not _encodes(character, "gb2312")


@lru_cache(1 << 16)
def may_be_simplified(character: str) -> bool:
    """Whether no traditional text has this Han ``character``, so that a traditional one may stand for it there."""
    return not _encodes(character, "big5") and not may_be_traditional(character)


def script_of_characters(counted: Iterable[tuple[str, int]]) -> ChineseScript | None:
    """The script of texts in which characters, by falling count, occur that often.

    ``None`` if they are not Chinese, or are in both scripts.
    """
    other, simplified, traditional = 0, 0, 0
    for _, (character, count) in zip(range(_CHARACTERS_COUNTED), counted, strict=False):
        if has_japanese_or_korean(character):
            other += count
        elif not _HAN.match(character):
            continue
        elif may_be_simplified(character):
            simplified += count
        elif may_be_traditional(character) and _encodes(character, "big5"):
            traditional += count
    both = simplified + traditional
    if other > _SHARE_OF_OTHER * both or not both or min(simplified, traditional) > _SHARE_OF_OTHER * both:
        return None
    return "simplified" if simplified > traditional else "traditional"


def _encodes(character: str, charset: str) -> bool:
    try:
        character.encode(charset)
    except UnicodeEncodeError:
        return False
    return True
