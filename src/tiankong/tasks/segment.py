"""A sentence as the model reads it: its words and blanks, and where they stand."""

from __future__ import annotations

from typing import Literal, NamedTuple

from tiankong.request.answers import SegmentedWord
from tiankong.runtime.predictor import Predictor
from tiankong.text.blanks import BlankedSentence, cut_at_blanks
from tiankong.text.segment import Tokenizer
from tiankong.text.vocabulary import is_target


class Piece(NamedTuple):
    """A token, normalised, or ``None`` for a blank, and where it stands in the sentence as typed."""

    token: str | None
    start: int
    end: int


def pieces(sentence: BlankedSentence, tokenizer: Tokenizer) -> list[Piece]:
    """Tokens and blanks in order."""
    found, at = [], 0
    for part, blank in zip(sentence.parts, [*sentence.blanks, ""], strict=True):
        found += [Piece(token.text, at + token.start, at + token.end) for token in tokenizer.located_tokens(part)]
        at += len(part)
        if blank:
            found.append(Piece(None, at, at + len(blank)))
            at += len(blank)
    return found


def segment(text: str, predictor: Predictor) -> list[SegmentedWord]:
    """Words, marks and blanks of ``text``. Tokens that come from one typed character, as of ½, are one piece.

    :raises SentenceError: as :func:`~tiankong.text.blanks.check_text`.
    """
    words: list[SegmentedWord] = []
    for piece in pieces(cut_at_blanks(text), predictor.tokenizer):
        if words and piece.start < words[-1]["end"]:
            last = words[-1]
            last["end"] = max(last["end"], piece.end)
            last["word"] = text[last["start"] : last["end"]]
            continue
        kind: Literal["word", "mark", "blank"] = "blank"
        if piece.token is not None:
            kind = "word" if is_target(piece.token) else "mark"
        known = piece.token is not None and predictor.knows(piece.token)
        word = text[piece.start : piece.end]
        words.append({"word": word, "start": piece.start, "end": piece.end, "kind": kind, "known": known})
    return words
