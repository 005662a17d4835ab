"""How long a piece of work may take: looked at before every run of a network, in the thread that asks for it."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Iterator
from contextvars import ContextVar

_end: ContextVar[float] = ContextVar("end", default=math.inf)


class OutOfTimeError(Exception):
    """The time that the work was given is over."""


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """What is asked for in the block has so many seconds.

    :raises OutOfTimeError: they are over and the work was not done.
    """
    token = _end.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _end.reset(token)


def check_time() -> None:
    """Whether there is time left.

    :raises OutOfTimeError: there is none.
    """
    if time.monotonic() > _end.get():
        raise OutOfTimeError
