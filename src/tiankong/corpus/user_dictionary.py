"""Reads the user dictionary that texts are segmented with."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tiankong.config import PrepareConfig, reason
from tiankong.errors import OptionError
from tiankong.text.normalise import normalise

_FREQUENCY_DIGITS = 9


def read_user_words(config: PrepareConfig) -> list[str]:
    """Lines of the configuration's user dictionary, ``word [frequency [tag]]``, each word once and normalised as texts
    are.

    :raises OptionError: the file can't be read, or a line is unusable.
    """
    path = config.user_dict
    if not path:
        return []
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise OptionError(f"the user dictionary {path} can't be read as UTF-8 text: {reason(error)}") from None
    words = [line.strip() for line in lines if line.strip()]
    repeated = [word for word, count in Counter(line.split()[0] for line in words).items() if count > 1]
    if repeated:
        raise OptionError(f"the user dictionary {path} has {repeated[0]} twice: keep one of the lines")
    lines_by_word: dict[str, str] = {}
    for word, *rest in map(str.split, words):
        if rest and rest[0].isdecimal() and len(rest[0]) > _FREQUENCY_DIGITS:
            raise OptionError(f"the frequency of {word} in the user dictionary {path} is too large: lower it")
        normalised = normalise(word, config.normalisation)
        if len(normalised.split()) != 1:
            raise OptionError(f"{word!r} in the user dictionary {path} is no word once it is normalised: leave it out")
        # Words that differ as typed may be one word of the text, as VIP and vip: the first counts.
        lines_by_word.setdefault(normalised, " ".join([normalised, *rest]))
    return list(lines_by_word.values())
