"""A time limit for a piece of work, checked before every run of the network in the thread that set it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar

_expired: ContextVar[Callable[[], bool]] = ContextVar("expired", default=lambda: False)


class OutOfTimeError(Exception):
    """The deadline has passed, or nobody waits for the result any more."""


@contextlib.contextmanager
def deadline(seconds: float, abandoned: Callable[[], bool] = lambda: False) -> Iterator[None]:
    """Limits the work inside the block to ``seconds``; it also ends as soon as ``abandoned`` returns true.

    :raises OutOfTimeError: either happened before the work was done.
    """
    end = time.monotonic() + seconds
    token = _expired.set(lambda: abandoned() or time.monotonic() > end)
    try:
        yield
    finally:
        _expired.reset(token)


def check_deadline() -> None:
    """Returns if there is time left, or no limit.

    :raises OutOfTimeError: there is none left.
    """
    if _expired.get()():
        raise OutOfTimeError
