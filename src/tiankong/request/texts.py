"""One text, a list of them, or any other iterable: a request may be each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from itertools import islice
from typing import Any, Final, Literal, TypeVar

from tiankong.errors import OptionError, SentenceError, in_which

Result = TypeVar("Result")

OnError = Literal["raise", "return"]
"""What is done about a text that can't be answered: its :class:`SentenceError` is raised, or stands for its answer."""

RAISE: Final = "raise"
RETURN: Final = "return"

READ_AHEAD = 256
"""The most texts of an iterable that are read before the first of them is answered."""


def each(
    texts: str | Sequence[str], answer: Callable[[str], Result], kind: str = "text", on_error: OnError = RAISE
) -> list[Result | SentenceError]:
    """``answer`` for a text, or for each text of a list; ``kind`` is what messages call a text.

    :raises SentenceError: as ``answer``, unless ``on_error`` is ``"return"``; for a list, the message begins with the
        number of the text. ``texts`` is neither.
    :raises OptionError: ``on_error`` is neither.
    """
    check_on_error(on_error)
    if isinstance(texts, str):
        return [_answer_or_error(answer, texts) if on_error == RETURN else answer(texts)]
    if not isinstance(texts, list | tuple):
        raise SentenceError(f"give a {kind} or a list of {kind}s, not {type(texts).__name__}")
    if on_error == RETURN:
        return [_answer_or_error(answer, text) for text in texts]
    answers: list[Result | SentenceError] = []
    for number, text in enumerate(texts, start=1):
        with in_which(f"{kind} {number}"):
            answers.append(answer(text))
    return answers


def _answer_or_error(answer: Callable[[str], Result], text: str) -> Result | SentenceError:
    try:
        return answer(text)
    except SentenceError as error:
        return error


def check_on_error(on_error: object) -> None:
    """Checks what to do about errors.

    :raises OptionError: it is unknown.
    """
    if on_error not in {RAISE, RETURN}:
        raise OptionError(f'on_error must be "{RAISE}" or "{RETURN}", not {on_error!r}')


def is_stream(texts: object) -> bool:
    """Whether ``texts`` are to be read one after the other: an iterable with an order that is no list of texts, and
    does not iterate over something else, such as keys, columns or bytes.
    """
    if isinstance(texts, str | bytes | bytearray | memoryview | list | tuple | Mapping | Set):
        return False
    return isinstance(texts, Iterable) and not hasattr(texts, "columns")  # of pandas, Polars or Arrow


def answered(
    request: str | Iterable[str],
    answer: Callable[[Any, OnError], Sequence[Any]],
    kind: str,
    on_error: OnError,
) -> Any:
    """The answer to a text, those to a list of texts, or an iterator over those to another iterable.

    ``answer`` takes a text or a list, and gives a list. Errors are those of it and of :func:`answer_stream`.
    """
    if is_stream(request):
        return answer_stream(request, lambda texts: answer(texts, RETURN), kind, on_error)
    answers = answer(request, on_error)
    return answers[0] if isinstance(request, str) else answers


def answer_stream(
    texts: Iterable[Any],
    answer: Callable[[list[Any]], Sequence[Any]],
    kind: str = "text",
    on_error: OnError = RAISE,
) -> Iterator[Any]:
    """The answers to ``texts`` in order, as they are asked for; at most :data:`READ_AHEAD` texts are read ahead.

    ``answer`` takes a list and returns errors. The first batches are small, so that the first answers come soon.

    :raises SentenceError: while iterating, at the place of a text that can't be answered, unless ``on_error`` is
        ``"return"``; the message begins with its number.
    :raises OptionError: at once: ``on_error`` is unknown, or ``answer`` refuses what is common to all texts.
    """
    check_on_error(on_error)
    answer([])
    return _answers(iter(texts), answer, kind, on_error)


def _answers(
    texts: Iterator[Any],
    answer: Callable[[list[Any]], Sequence[Any]],
    kind: str,
    on_error: OnError,
) -> Iterator[Any]:
    number = 0
    size = 1
    while batch := list(islice(texts, size)):
        for answered in answer(batch):
            number += 1
            if isinstance(answered, SentenceError) and on_error == RAISE:
                raise SentenceError(f"{kind} {number}: {answered}")
            yield answered
        size = min(2 * size, READ_AHEAD)
