"""Holds back Ctrl-C and SIGTERM where their exception would do damage, or would be lost."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator

_STOPPING = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def stop_signals_held_back() -> Iterator[None]:
    """Delivers the first Ctrl-C or SIGTERM within the block when the block ends, to the handler that was set before.

    For imports that take seconds: an exception in the middle of one leaves modules that can't be imported again, and
    some packages catch it. In other threads than the main one, which get no signals, this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held: list[int] = []
    # A signal that is ignored stays so; None is a handler that was not set from Python.
    before = {number: signal.getsignal(number) for number in _STOPPING}
    held_back = {number: handler for number, handler in before.items() if handler not in {None, signal.SIG_IGN}}
    try:
        for number in held_back:
            signal.signal(number, lambda number, _: held.append(number))
        yield
    finally:
        for number, handler in held_back.items():
            signal.signal(number, handler)
        if held:
            signal.raise_signal(held[0])
