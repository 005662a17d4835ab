"""One text or a list of them: a request may be either."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from tiankong.errors import SentenceError, in_which

Result = TypeVar("Result")


def each(texts: str | Sequence[str], answer: Callable[[str], Result], kind: str = "text") -> list[Result]:
    """``answer`` for a text, or for each text of a list; ``kind`` is what messages call a text.

    :raises SentenceError: as ``answer``; for a list, the message begins with the number of the text. ``texts`` is
        neither.
    """
    if isinstance(texts, str):
        return [answer(texts)]
    if not isinstance(texts, list | tuple):
        raise SentenceError(f"give a {kind} or a list of {kind}s, not {type(texts).__name__}")
    answers = []
    for number, text in enumerate(texts, start=1):
        with in_which(f"{kind} {number}"):
            answers.append(answer(text))
    return answers
