"""Constraints as they were typed, for words that are shown in another script than the model's.

To a model of simplified Chinese 發 and 髮 are one character, so only its words as they are shown can meet a constraint
with one of them. To a model of traditional Chinese they are two, and 发 means either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tiankong.request.constraints import Constraints
from tiankong.request.patterns import matching
from tiankong.runtime.predictor import Predictor
from tiankong.text.conversion import Conversion, is_simplified
from tiankong.text.normalise import normalise

if TYPE_CHECKING:
    import regex


@dataclass(frozen=True)
class Spelling:
    """Constraints on words as ``conversion`` writes them. A simplified character stands for any traditional one."""

    conversion: Conversion
    starts_with: str = ""
    ends_with: str = ""
    contains: str = ""
    pattern: regex.Pattern[str] | None = None

    def allowed(self, words: Sequence[str], typed: Sequence[str] | None = None) -> NDArray[np.bool_]:
        """Which of the model's ``words`` (V,) meet the constraints; those that are shown as ``typed`` meet the pattern
        so.

        :raises OptionError: the pattern takes too long.
        """
        shown = self.conversion.written(words)
        allowed = np.array(list(map(self._allow, shown, words)), dtype=np.bool_)
        one_of_several = self.conversion.read_as == "simplified"  # which character is shown depends on the place
        if one_of_several:
            allowed |= [len(word) == 1 for word in words]
        if self.pattern is None:
            return allowed
        fits = np.array(matching(self.pattern, shown if typed is None else typed), dtype=np.bool_)
        if one_of_several and typed is None:
            fits |= [word in self._chosen for word in words]
        allowed &= fits
        if one_of_several and typed is None:
            # A traditional word of the model is shown as its simplified twin is, but is rarely the better answer.
            numbers = np.flatnonzero(allowed).tolist()
            found = [words[number] for number in numbers]
            read = self.conversion.read("\n".join(found)).split("\n") if found else []
            allowed[numbers] = [one == word for one, word in zip(read, found, strict=True)]
        return allowed

    @cached_property
    def _chosen(self) -> dict[str, str]:
        """Characters of the model that the pattern allows in one of several forms, and that form."""
        if self.pattern is None or self.conversion.read_as != "simplified":
            return {}
        forms = self.conversion.forms
        fits = iter(matching(self.pattern, [form for several in forms.values() for form in several]))
        fitting = {word: [form for form in several if next(fits)] for word, several in forms.items()}
        partly = [word for word, some in fitting.items() if some and len(some) < len(forms[word])]
        usual = self.conversion.written(partly)
        return {
            word: one if one in fitting[word] else fitting[word][0] for word, one in zip(partly, usual, strict=True)
        }

    def added_to(self, constraints: Constraints) -> Constraints:
        """``constraints`` on the model's words, and these."""
        if self.conversion.read_as == "simplified":
            texts = (self.starts_with, self.ends_with, self.contains)
            read = {text: self.conversion.read(text) for text in texts if len(text) == 1}
            shown = {word: text for text, word in read.items() if word != text}
            shown = self._chosen | shown
            pattern = None if self.pattern else constraints.pattern
            return replace(constraints, pattern=pattern, as_shown=self.allowed, shown=shown)
        # One simplified character is several of the model's.
        pattern = None if self.pattern else constraints.pattern
        return replace(constraints, starts_with="", ends_with="", contains="", pattern=pattern, as_shown=self.allowed)

    def _allow(self, shown: str, word: str) -> bool:
        """Whether ``word`` of the model meets all but the pattern."""
        forms = list(zip(shown, word, strict=True))
        return (
            _agrees(self.starts_with, forms)
            and _agrees(self.ends_with, forms[max(0, len(forms) - len(self.ends_with)) :])
            and any(_agrees(self.contains, forms[start:]) for start in range(len(forms) - len(self.contains) + 1))
        )


def spelling(
    reader: Predictor,
    starts_with: str | None,
    ends_with: str | None,
    contains: str | None,
    pattern: regex.Pattern[str] | None,
) -> Spelling | None:
    """The constraints as typed; ``None`` if the words of ``reader`` are shown as it has them, or there are none."""
    conversion, method = reader.conversion, reader.folder.manifest.prepare.normalisation
    if conversion is None or not conversion.writes or not (starts_with or ends_with or contains or pattern):
        return None
    first, last, inside = (
        conversion.standard(normalise(text or "", method)) for text in (starts_with, ends_with, contains)
    )
    if pattern is not None and conversion.read_as == "simplified" and any(map(is_simplified, pattern.pattern)):
        pattern = None  # it is for the model's words
    return Spelling(conversion, first, last, inside, pattern)


def _agrees(typed: str, word: Sequence[tuple[str, str]]) -> bool:
    """Whether ``word``, each character as it is shown and as the model has it, begins with ``typed``."""
    return len(typed) <= len(word) and all(one in forms for one, forms in zip(typed, word, strict=False))
