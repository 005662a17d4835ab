"""The limits of one request, and of all requests together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
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

    def check_sentences(self, sentences: Sequence[str], kind: str = "sentence") -> None:
        """Checks the number of ``sentences`` and their lengths; ``kind`` is what messages call one.

        :raises OverLimit: one of them exceeds its limit.
        """
        _check(len(sentences), self.max_sentences, f"{kind}s", "the request")
        self.check_lengths(sentences, kind)

    def check_lengths(self, texts: Sequence[str], kind: str) -> None:
        """Checks the length of each of ``texts``; ``kind`` is what messages call one.

        :raises OverLimit: one has more characters than a sentence may.
        """
        for number, text in enumerate(texts, start=1):
            _check(len(text), self.max_characters, "characters", _named(kind, number, texts))

    def check_blanks(self, sentences: Sequence[str], blank: str | None) -> None:
        """Checks the number of blanks of each of ``sentences``, in which they are written ``blank``.

        :raises OverLimit: one has more than the limit.
        :raises OptionError: ``blank`` is unusable.
        """
        form = blank_form(blank)
        for number, sentence in enumerate(sentences, start=1):
            count = form.count(sentence)
            if count > self.max_blanks:
                raise OverLimit(
                    f"{_named('sentence', number, sentences)} has {count:,} blanks: send at most {self.max_blanks:,}; "
                    f"{form.how_to_escape}"
                )

    def check_top_k(self, top_k: int) -> None:
        """Checks the number of answers for a blank.

        :raises OverLimit: it is less than 1 or exceeds the limit.
        """
        if top_k < 1:
            raise OverLimit(f"top_k must be from 1 to {self.max_top_k:,}, not {top_k}")
        _check(top_k, self.max_top_k, "answers (top_k)", "the request")

    def check_suggestions(self, suggestions: int) -> None:
        """Checks the number of suggestions for a word that doesn't fit.

        :raises OverLimit: it is negative or exceeds the limit.
        """
        if suggestions < 0:
            raise OverLimit(f"suggestions must be from 0 to {self.max_top_k:,}, not {suggestions}")
        _check(suggestions, self.max_top_k, "suggestions", "the request")

    def check_words(self, words: Mapping[str, Sequence[str]]) -> None:
        """Checks the number of all ``words`` of a request together and their lengths. They are listed by what messages
        call one of them, such as ``target``.

        :raises OverLimit: there are too many, or one is longer than a sentence may be.
        """
        names = " and ".join(f"{kind}s" for kind, listed in words.items() if listed)
        _check(sum(map(len, words.values())), self.max_targets, names, "the request")
        for kind, listed in words.items():
            self.check_lengths(listed, kind)


def _check(number: int, limit: int, what: str, owner: str) -> None:
    if number > limit:
        raise OverLimit(f"{owner} has {number:,} {what}: send at most {limit:,}")


def _named(kind: str, number: int, of: Sequence[str]) -> str:
    """What messages call text ``number`` of a list, or the only one."""
    return f"the {kind}" if len(of) == 1 else f"{kind} {number}"
