"""``segment``: a text as the model reads it, its words, punctuation and blanks with their places."""

from __future__ import annotations

from typing import Literal

from tiankong.request.answers import SegmentedWord
from tiankong.request.queries import placed_tokens
from tiankong.runtime.predictor import Predictor
from tiankong.text.blank_forms import blank_form
from tiankong.text.blanks import cut_at_blanks
from tiankong.text.script import AUTO
from tiankong.text.vocabulary import is_target


def segment(predictor: Predictor, text: str, blank: str | None = None, script: str = AUTO) -> list[SegmentedWord]:
    """The tokens of ``text``. Several tokens from one typed character, as of ½, are one.

    :raises SentenceError: as :func:`~tiankong.text.blanks.check_text`.
    :raises OptionError: ``blank`` is unusable.
    """
    words: list[SegmentedWord] = []
    sentence = cut_at_blanks(text, blank_form(blank))
    for token, start, end in placed_tokens(sentence, predictor.reader(script, text).tokenizer):
        if words and start < words[-1]["end"]:
            last = words[-1]
            last["end"] = max(last["end"], end)
            last["word"] = text[last["start"] : last["end"]]
            continue
        kind: Literal["word", "mark", "blank"] = "blank"
        if token is not None:
            kind = "word" if is_target(token) else "mark"
        known = token is not None and predictor.knows(token)
        words.append({"word": text[start:end], "start": start, "end": end, "kind": kind, "known": known})
    return words
