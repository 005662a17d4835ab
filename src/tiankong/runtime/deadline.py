"""How long a piece of work goes on: looked at before every run of a network, in the thread that asks for it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar

_over: ContextVar[Callable[[], bool]] = ContextVar("over", default=lambda: False)


class OutOfTimeError(Exception):
    """The time that the work was given is over, or nobody waits for it any more."""


@contextlib.contextmanager
def deadline(seconds: float, given_up: Callable[[], bool] = lambda: False) -> Iterator[None]:
    """What is asked for in the block has so many seconds, and ends early once ``given_up`` says so.

    :raises OutOfTimeError: either came before the work was done.
    """
    end = time.monotonic() + seconds
    token = _over.set(lambda: given_up() or time.monotonic() > end)
    try:
        yield
    finally:
        _over.reset(token)


def check_deadline() -> None:
    """Whether to go on.

    :raises OutOfTimeError: no.
    """
    if _over.get()():
        raise OutOfTimeError
