"""Which Han characters are typed for each other: those that sound or look alike."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "data"  # its README says where the tables come from
_MERGED = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ang", "an"), ("eng", "en"), ("ing", "in"))
"""Sounds that many speakers do not tell apart."""


@cache
def confused_with(character: str) -> frozenset[str]:
    """The characters that may be typed in place of ``character``."""
    return sounding_like(character) | looking_like(character)


@cache
def sounding_like(character: str) -> frozenset[str]:
    """The other characters with a reading of ``character``, tones and often merged sounds aside."""
    found = {other for characters in _sounds().values() if character in characters for other in characters}
    return frozenset(found - {character})


def looking_like(character: str) -> frozenset[str]:
    """The characters that share most of their components with ``character``."""
    return _shapes().get(character, frozenset())


@cache
def _sounds() -> dict[str, str]:
    """The characters of each sound."""
    sounds: dict[str, str] = {}
    for line in (_FOLDER / "syllables.tsv").read_text(encoding="utf-8").splitlines():
        syllable, characters = line.split("\t")
        for written, spoken in _MERGED:
            syllable = syllable.replace(written, spoken)
        sounds[syllable] = sounds.get(syllable, "") + characters
    return sounds


@cache
def _shapes() -> dict[str, frozenset[str]]:
    """The characters that look like each; the table lists a pair under one of the two or both."""
    alike: dict[str, set[str]] = {}
    for line in (_FOLDER / "shapes.tsv").read_text(encoding="utf-8").splitlines():
        character, others = line.split("\t")
        for other in others:
            alike.setdefault(character, set()).add(other)
            alike.setdefault(other, set()).add(character)
    return {character: frozenset(others) for character, others in alike.items()}
