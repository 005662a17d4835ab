"""How much one request, and all together, may ask for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tiankong.request.answers import MOST_ANSWERS
from tiankong.serve.problems import OverLimit
from tiankong.text.blanks import LONGEST_SENTENCE, count_blanks


def _limit(default: float, text: str, most: float = math.inf) -> Any:
    """``most`` is what the engine takes at all."""
    return field(default=default, metadata={"help": text, "most": most})


@dataclass(frozen=True)
class Limits:
    """Every field is a flag of ``tiankong serve`` and a variable ``TIANKONG_…``."""

    max_body_bytes: int = _limit(1_000_000, "bytes of a request's body")
    max_sentences: int = _limit(64, "sentences, texts or candidates' sentences of a request")
    max_characters: int = _limit(LONGEST_SENTENCE, "characters of a sentence", LONGEST_SENTENCE)
    max_blanks: int = _limit(12, "blanks of a sentence")
    max_top_k: int = _limit(100, "answers for a blank", MOST_ANSWERS)
    max_targets: int = _limit(1000, "targets, candidates or excluded words of a request")
    max_requests: int = _limit(64, "requests being answered or waiting at once")
    answer_seconds: float = _limit(10.0, "seconds that the model works at one request")
    max_head_bytes: int = _limit(65_536, "bytes of a request's line and headers")
    head_seconds: float = _limit(10.0, "seconds in which a request's line and headers must arrive")
    body_seconds: float = _limit(10.0, "seconds in which a request's body must arrive")
    drain_seconds: float = _limit(20.0, "seconds that requests may still take when the server is told to stop")

    def check_sentences(self, sentences: Sequence[str]) -> None:
        """Makes sure that one request may ask for ``sentences``.

        :raises OverLimit: there are too many, one is too long or has too many blanks.
        """
        self._at_most(len(sentences), self.max_sentences, "sentences", "request")
        for sentence in sentences:
            self._at_most(len(sentence), self.max_characters, "characters", "sentence")
            self._at_most(count_blanks(sentence), self.max_blanks, "blanks", "sentence")

    def check_top_k(self, top_k: int) -> None:
        """Makes sure that a blank may get so many answers.

        :raises OverLimit: it may not.
        """
        if top_k < 1:
            raise OverLimit(f"top_k must be from 1 to {self.max_top_k:,}, not {top_k}")
        self._at_most(top_k, self.max_top_k, "answers (top_k)", "request")

    def check_suggestions(self, suggestions: int) -> None:
        """Makes sure that a word that doesn't fit may get so many.

        :raises OverLimit: it may not.
        """
        if suggestions < 0:
            raise OverLimit(f"suggestions must be from 0 to {self.max_top_k:,}, not {suggestions}")
        self._at_most(suggestions, self.max_top_k, "suggestions", "request")

    def check_words(self, name: str, words: Sequence[str]) -> None:
        """Makes sure that a request may name so many ``words``, its targets or candidates.

        :raises OverLimit: there are too many, or one is longer than a sentence may be.
        """
        self._at_most(len(words), self.max_targets, name, "request")
        for word in words:
            self._at_most(len(word), self.max_characters, "characters", "word")

    @staticmethod
    def _at_most(number: int, most: int, what: str, of: str) -> None:
        if number > most:
            raise OverLimit(f"the {of} has {number:,} {what} and at most {most:,} are taken")
