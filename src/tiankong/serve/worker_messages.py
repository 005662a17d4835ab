"""What a worker and its supervisor tell each other, through a pipe."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import NamedTuple


class Ready(NamedTuple):
    """A worker answers now; ``model`` is the model's name."""

    model: str


class Reload(NamedTuple):
    """A worker, the process ``worker``, has exchanged its model on request, and all should have that one.

    It comes back to that worker, too: what the supervisor heard last is what all have in the end, also where two
    workers were asked for different models at once.
    """

    source: str
    worker: int


Message = Ready | Reload


class Link:
    """A worker's end."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def ready(self, model: str) -> None:
        """Tells that requests are answered."""
        self._pipe.send(Ready(model))

    def reloaded(self, source: str) -> None:
        """Tells of another model."""
        self._pipe.send(Reload(source, os.getpid()))

    def listen(
        self, loop: asyncio.AbstractEventLoop, on_reload: Callable[[Reload], None], on_end: Callable[[], None]
    ) -> None:
        """Has ``loop`` call these when a worker has exchanged its model, and when the supervisor is gone."""

        def arrived() -> None:
            try:
                message: Message = self._pipe.recv()
            except (EOFError, OSError):
                loop.remove_reader(self._pipe.fileno())
                on_end()
                return
            if isinstance(message, Reload):
                on_reload(message)

        loop.add_reader(self._pipe.fileno(), arrived)
