"""The limits of one request, and of all requests together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tiankong.request.answers import MOST_ANSWERS
from tiankong.serve.problems import OverLimit
from tiankong.text.blank_forms import blank_form


def _limit(default: float, help_text: str, maximum: float = math.inf) -> Any:
    """A field whose ``maximum`` is the engine's own limit."""
    return field(default=default, metadata={"help": help_text, "maximum": maximum})


@dataclass(frozen=True)
class Limits:
    """Every field is an option of ``tiankong serve`` and an environment variable ``TIANKONG_…``."""

    max_body_bytes: int = _limit(1_000_000, "Maximum size of a request's body in bytes.")
    max_sentences: int = _limit(64, "Maximum number of sentences or texts in a request.")
    max_characters: int = _limit(4096, "Maximum number of characters in a sentence or text.")
    max_blanks: int = _limit(12, "Maximum number of blanks in a sentence.")
    max_top_k: int = _limit(100, "Maximum number of answers for a blank.", MOST_ANSWERS)
    max_targets: int = _limit(1000, "Maximum number of targets, candidates, excluded or ignored words in a request.")
    max_requests: int = _limit(64, "Maximum number of requests being answered or waiting at once.")
    answer_seconds: float = _limit(10.0, "Maximum time in seconds that the model computes for a request.")
    max_head_bytes: int = _limit(65_536, "Maximum size of a request line and its headers in bytes.")
    head_seconds: float = _limit(10.0, "Maximum time in seconds for the request line and headers to arrive.")
    body_seconds: float = _limit(10.0, "Maximum time in seconds for a request's body to arrive.")
    drain_seconds: float = _limit(20.0, "Maximum time in seconds to finish open requests at shutdown.")

    def check_sentences(self, sentences: Sequence[str]) -> None:
        """Checks the number of ``sentences`` and their lengths.

        :raises OverLimit: one of them exceeds its limit.
        """
        _check(len(sentences), self.max_sentences, "sentences", "request")
        for sentence in sentences:
            _check(len(sentence), self.max_characters, "characters", "sentence")

    def check_blanks(self, sentences: Sequence[str], blank: str | None) -> None:
        """Checks the number of blanks of each of ``sentences``, in which they are written ``blank``.

        :raises OverLimit: one has more than the limit.
        :raises OptionError: ``blank`` is unusable.
        """
        form = blank_form(blank)
        for sentence in sentences:
            count = form.count(sentence)
            if count > self.max_blanks:
                raise OverLimit(
                    f"the sentence has {count:,} blanks: send at most {self.max_blanks:,}; {form.how_to_escape}"
                )

    def check_top_k(self, top_k: int) -> None:
        """Checks the number of answers for a blank.

        :raises OverLimit: it is less than 1 or exceeds the limit.
        """
        if top_k < 1:
            raise OverLimit(f"top_k must be from 1 to {self.max_top_k:,}, not {top_k}")
        _check(top_k, self.max_top_k, "answers (top_k)", "request")

    def check_suggestions(self, suggestions: int) -> None:
        """Checks the number of suggestions for a word that doesn't fit.

        :raises OverLimit: it is negative or exceeds the limit.
        """
        if suggestions < 0:
            raise OverLimit(f"suggestions must be from 0 to {self.max_top_k:,}, not {suggestions}")
        _check(suggestions, self.max_top_k, "suggestions", "request")

    def check_words(self, name: str, words: Sequence[str]) -> None:
        """Checks the number and lengths of a request's ``words``, such as its targets; ``name`` is theirs.

        :raises OverLimit: there are too many, or one is longer than a sentence may be.
        """
        _check(len(words), self.max_targets, name, "request")
        for word in words:
            _check(len(word), self.max_characters, "characters", "word")


def _check(number: int, limit: int, what: str, owner: str) -> None:
    if number > limit:
        raise OverLimit(f"the {owner} has {number:,} {what}: send at most {limit:,}")
