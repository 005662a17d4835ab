"""Normalises a text and keeps, for each character, its place in the text as typed."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from tiankong.text.normalise import PLAIN_QUOTES, SEPARATORS

_REFERENCE = re.compile(r"&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)")
"""What may be an HTML character reference (HTML standard, section 13.5)."""


class Aligned(NamedTuple):
    """A normalised ``text``; its character ``i`` comes from ``starts[i]`` to ``ends[i]`` of what was typed."""

    text: str
    starts: list[int]
    ends: list[int]


class _Piece(NamedTuple):
    text: str
    start: int
    end: int


def normalise_aligned(text: str, method: str) -> Aligned:
    """The result of :func:`tiankong.text.normalise.normalise`, with the origin of every character."""
    pieces: Iterator[_Piece] = (_Piece(character, at, at + 1) for at, character in enumerate(text))
    if method != "none":
        pieces = _lower(_composed(_references(text)))
    if method == "plain-quotes":
        pieces = (piece._replace(text=piece.text.translate(PLAIN_QUOTES)) for piece in pieces)
    return _separated(pieces)


def _references(text: str) -> Iterator[_Piece]:
    """Characters, with an HTML reference as one piece."""
    at = 0
    for match in _REFERENCE.finditer(text):
        decoded = html.unescape(match[0])
        rest = _not_read(match[0], decoded)
        yield from (_Piece(text[place], place, place + 1) for place in range(at, match.start()))
        at = match.end() - rest
        if rest < len(decoded):
            yield _Piece(decoded[: len(decoded) - rest], match.start(), at)
    yield from (_Piece(text[place], place, place + 1) for place in range(at, len(text)))


def _not_read(written: str, read: str) -> int:
    """How many characters at the end of a possible reference are plain text: all of ``&很``, one of ``&ampx``."""
    if written == read:
        return len(read)
    return next((count for count in range(len(read) - 1, 0, -1) if written.endswith(read[-count:])), 0)


def _composed(pieces: Iterator[_Piece]) -> Iterator[_Piece]:
    """NFKC of the shortest runs of pieces that compose with each other."""
    run = _Piece("", 0, 0)
    for piece in pieces:
        if not piece.text:
            continue
        if run.text and not _begins_anew(run.text, piece.text):
            run = _Piece(run.text + piece.text, run.start, piece.end)
            continue
        yield _Piece(unicodedata.normalize("NFKC", run.text), run.start, run.end)
        run = piece
    yield _Piece(unicodedata.normalize("NFKC", run.text), run.start, run.end)


def _begins_anew(before: str, following: str) -> bool:
    """Whether NFKC treats the two independently."""
    if following < "\u0300":  # no lower character composes with the one before it
        return True
    composed = unicodedata.normalize("NFKC", following)
    if unicodedata.combining(composed[0]):
        return False
    return unicodedata.normalize("NFKC", before + following) == unicodedata.normalize("NFKC", before) + composed


def _lower(pieces: Iterator[_Piece]) -> Iterator[_Piece]:
    """Lower case of the whole: a Greek sigma is another letter at the end of a word."""
    kept = list(pieces)
    whole = "".join(piece.text for piece in kept).lower()
    at = 0
    for piece in kept:
        length = sum(len(character.lower()) for character in piece.text)
        yield _Piece(whole[at : at + length], piece.start, piece.end)
        at += length


def _separated(pieces: Iterator[_Piece]) -> Aligned:
    """Runs of white space and control characters as one space, none at the ends."""
    result = Aligned("", [], [])
    characters: list[str] = []
    space: tuple[int, int] | None = None
    for piece in pieces:
        for character in piece.text:
            if SEPARATORS.match(character):
                space = (space[0] if space else piece.start, piece.end)
                continue
            if space and characters:
                characters.append(" ")
                result.starts.append(space[0])
                result.ends.append(space[1])
            space = None
            characters.append(character)
            result.starts.append(piece.start)
            result.ends.append(piece.end)
    return result._replace(text="".join(characters))
