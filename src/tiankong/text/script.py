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

_IN_BOTH = frozenset("著乾瞭徵藉")
"""Characters of both scripts that most words have in only one: 看著 is traditional, 著名 is both."""

_VERBS = (
    "穿看用吃喝坐站躺走跑笑哭拿抱背推放住忙想抓扶靠跟沿接指拖趴蹲睡摸咬喊唱玩打套戴披泡煮冒流滴淋吹熬忍急憋盯瞧瞪留陪伴"
    "味藉趁按抬拎捧捏握搭踩踏伸沾淌躲活配插煎烤炸堆捂揣垂翻晃逛哄催喂剩叫"
)
"""Before 著, which is then simplified 着. Names end in none of them: 鲁迅等著 and 诸葛亮著 are simplified."""

_NOT_WORKS = "(?![名作称稱述者录錄])"
"""After a verb and 著: that 著 begins a word of both scripts."""

OF_WORKS = "名原编編专專巨显顯卓昭论論遗遺译譯拙所"
"""Before 著, which is then 著 in both scripts."""

_TRADITIONAL_WORDS = re.compile(
    "|".join(
        (
            f"[{_VERBS}]著{_NOT_WORKS}",
            f"(?<![大天富])有著{_NOT_WORKS}",
            f"[我你他她在正就坐]等著{_NOT_WORKS}",
            f"[睡找摸用犯買吃看得碰]不著{_NOT_WORKS}",
            f"睡得著{_NOT_WORKS}",
            f"(?<![{OF_WORKS}土合新大本其此该該])著(?:[急涼迷眼魔落色想力地]|火(?!爆)|手(?![稿抄写寫工])|重(?![印版排]))",
            "[晾吹烘擦甩拧抹拍烤蒸榨喝流哭晒阴口肉豆果薯萄快速很太偏不未半最更好]乾(?![隆坤卦陵清元县縣道安嘉])",
            "乾[淨净脆燥杯洗枯旱果冰咳爽柴眼式衣草涸裂巴掉了透拌煎炒性乾硬瘪瘦糧粮癟]",
            "瞭[解然如]|明瞭(?!望)",
            "(?<![魏角])徵[信求集收召兆文才友婚稿用兵地询詢税稅]|[特象表体體病应應]徵(?!羽)",
            "(?<![慰狼枕蕴蘊])藉[口由此以故機助]",
        )
    )
)
"""Words that simplified text writes with 着, 干, 了, 征 or 借."""

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
    raise OptionError(f"`script` must be {AUTO} or {AS_IS}, not {script!r}")


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


def may_be_in_both(text: str) -> bool:
    """Whether ``text`` has a character of both scripts that simplified text mostly writes as another."""
    return not _IN_BOTH.isdisjoint(text)


def in_traditional_words(text: str, characters: set[str]) -> set[str]:
    """The Han ``characters`` of ``text`` that simplified text has, too, but not in the words of ``text``: the 著 of
    看著, but not of 著名.
    """
    if _IN_BOTH.isdisjoint(characters):
        return set()
    return set("".join(_TRADITIONAL_WORDS.findall(text))) & _IN_BOTH


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


def is_in_big5(character: str) -> bool:
    """Whether traditional text has this ``character``."""
    return _encodes(character, "big5")


def _encodes(character: str, charset: str) -> bool:
    try:
        character.encode(charset)
    except UnicodeEncodeError:
        return False
    return True
