"""HTTP on one connection: uvicorn's protocol, which does not wait for ever for a request's line and headers, and does
not hurry for who was told to wait.
"""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from tiankong.serve.guard import BUSY
from tiankong.serve.limits import Limits
from tiankong.serve.metrics import Metrics
from tiankong.serve.problems import HeadTooLarge, RefusedRequest, TooSlow, UnreadableHead
from tiankong.serve.refusal import refusal

_END_OF_HEAD = b"\r\n\r\n"

_BREATHER = 0.25
"""Seconds in which nothing is read from who was refused because the server is busy. Retry-After asks for more; those
who don't heed it would keep the loop from all others, /health among them, by being refused.
"""


class PatientProtocol(HttpToolsProtocol):
    """Closes a connection whose next head is too slow or too long, with the answer that says so."""

    def __init__(self, *arguments: Any, limits: Limits, metrics: Metrics, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._limits, self._metrics = limits, metrics
        self._in_head, self._head_bytes = True, 0
        self._last = b""  # of the head so far, its last bytes: its end may come in two parts
        self._waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client is there, and should say what it wants."""
        super().connection_made(transport)
        self._await_head()

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._await_head()

    def on_headers_complete(self) -> None:
        """What comes now is a body, which the guard waits for."""
        self._stop_waiting()
        self._in_head, self._head_bytes, self._last = False, 0, b""
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """What comes now is the next head."""
        self._in_head = True
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """An answer is out."""
        busy = self.scope["state"].get(BUSY)
        super().on_response_complete()
        if busy and not self.transport.is_closing():
            self.flow.pause_reading()
            self.loop.call_later(_BREATHER, self.flow.resume_reading)

    def data_received(self, data: bytes) -> None:
        """Some more of a head, or of a body."""
        if self._in_head:
            end = (self._last + data).find(_END_OF_HEAD)
            self._head_bytes += len(data) if end < 0 else end + len(_END_OF_HEAD) - len(self._last)
            self._last = (self._last + data)[1 - len(_END_OF_HEAD) :]
            if self._head_bytes > self._limits.max_head_bytes:
                most = self._limits.max_head_bytes
                self._refuse(HeadTooLarge(f"the request's line and headers are larger than {most:,} bytes"))
                return
        super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._stop_waiting()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002
        """Answers what is no HTTP."""
        self._refuse(UnreadableHead("the request can't be read as HTTP/1.1"))

    def _await_head(self) -> None:
        self._stop_waiting()
        self._waiting = self.loop.call_later(self._limits.head_seconds, self._too_slow)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _too_slow(self) -> None:
        seconds = self._limits.head_seconds
        self._refuse(TooSlow(f"the request's line and headers did not arrive within {seconds:g} seconds"))

    def _refuse(self, error: RefusedRequest) -> None:
        self._stop_waiting()
        if self.transport.is_closing():
            return
        status, headers, body = refusal(error, uuid.uuid4().hex, self._metrics)
        lines = [STATUS_LINE[status], *(b"%s: %s\r\n" % header for header in headers), b"connection: close\r\n\r\n"]
        self.transport.write(b"".join([*lines, body]))
        self.transport.close()
