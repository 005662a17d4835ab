"""The messages between workers and their supervisor.

A signal could not carry them: a worker that has a new model names it to the supervisor, which passes it on. The closed
pipe also tells a worker that its supervisor is gone, even one killed without a chance to say so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import NamedTuple


class Ready(NamedTuple):
    """A worker answers requests from now on; ``model`` is its model's name."""

    model: str


class Reload(NamedTuple):
    """The process ``worker`` has replaced its model on request by the one at ``source``; all others should follow.

    The supervisor sends it to that worker, too. So all workers end with the model of the last message, even if two
    received different requests at once.
    """

    source: str
    worker: int


Message = Ready | Reload


class Link:
    """One end of the pipe between a worker and its supervisor."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._on_message: Callable[[Message], None] = lambda _: None

    def send(self, message: Message) -> None:
        """Sends a message.

        :raises OSError: the other end is closed.
        """
        self._pipe.send(message)

    def listen(self, on_message: Callable[[Message], None], on_close: Callable[[], None] = lambda: None) -> None:
        """Has the running event loop call ``on_message``, and ``on_close`` once the other end is closed."""
        self._on_message = on_message
        loop = asyncio.get_running_loop()

        def receive() -> None:
            if not self._receive():
                loop.remove_reader(self._pipe.fileno())
                on_close()

        loop.add_reader(self._pipe.fileno(), receive)

    def close(self) -> None:
        """Handles the messages that are already in the pipe, then closes this end."""
        while self._pipe.poll() and self._receive():
            pass
        asyncio.get_running_loop().remove_reader(self._pipe.fileno())
        self._pipe.close()

    def _receive(self) -> bool:
        """Handles the next message; returns false if there is none because the other end is closed."""
        try:
            message: Message = self._pipe.recv()
        except (EOFError, OSError):
            return False
        self._on_message(message)
        return True
