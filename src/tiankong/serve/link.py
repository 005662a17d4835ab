"""What a worker and its supervisor tell each other, through a pipe."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import NamedTuple


class Ready(NamedTuple):
    """A worker answers now; ``model`` is the model's name."""

    model: str


class Reload(NamedTuple):
    """A worker has exchanged its model on request, and the others should."""

    source: str


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
        self._pipe.send(Reload(source))

    def listen(
        self, loop: asyncio.AbstractEventLoop, on_reload: Callable[[str], None], on_end: Callable[[], None]
    ) -> None:
        """Has ``loop`` call these when another worker has exchanged its model, and when the supervisor is gone."""

        def arrived() -> None:
            try:
                message: Message = self._pipe.recv()
            except (EOFError, OSError):
                loop.remove_reader(self._pipe.fileno())
                on_end()
                return
            if isinstance(message, Reload):
                on_reload(message.source)

        loop.add_reader(self._pipe.fileno(), arrived)
