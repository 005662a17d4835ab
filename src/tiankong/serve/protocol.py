"""uvicorn's HTTP protocol with limits on the request line and headers, and a pause after a refusal.

No setting or middleware can replace it: uvicorn has no timeout for a request's head (its issue 157), limits the head's
size only for the slower h11, and answers what is not HTTP in plain text; ASGI middleware runs after the head is parsed.
"""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from tiankong.serve.guard import BUSY
from tiankong.serve.limits import Limits
from tiankong.serve.metrics import Metrics
from tiankong.serve.problems import HeadTooLarge, RefusedRequest, TooSlow, UnreadableHead, error_response

_END_OF_HEAD = b"\r\n\r\n"

_BUSY_PAUSE = 0.25
"""Seconds without reading from a client after a 429 answer. Retry-After asks for more; without the pause, refusing the
clients that ignore it would occupy the event loop and delay all others, /health among them.
"""


class LimitedProtocol(HttpToolsProtocol):
    """Refuses a request whose head is too slow, too long or not HTTP, and closes its connection."""

    def __init__(self, *arguments: Any, limits: Limits, metrics: Metrics, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._limits, self._metrics = limits, metrics
        self._in_head, self._head_bytes = True, 0
        self._tail = b""  # the last bytes of the head so far: its end may arrive in two parts
        self._head_timeout: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Starts to wait for the first head."""
        super().connection_made(transport)
        self._start_head_timeout()

    def on_message_begin(self) -> None:
        """Starts to wait for the rest of a head."""
        super().on_message_begin()
        self._start_head_timeout()

    def on_headers_complete(self) -> None:
        """Ends the wait: the guard limits the time of the body."""
        self._cancel_head_timeout()
        self._in_head, self._head_bytes, self._tail = False, 0, b""
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Counts the bytes that follow as the next head."""
        self._in_head = True
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Pauses after an answer that says the server is busy."""
        is_busy = self.scope["state"].get(BUSY)
        super().on_response_complete()
        if is_busy and not self.transport.is_closing():
            self.flow.pause_reading()
            self.loop.call_later(_BUSY_PAUSE, self.flow.resume_reading)

    def data_received(self, data: bytes) -> None:
        """Counts the bytes of a head, then has them parsed."""
        if self._in_head:
            end = (self._tail + data).find(_END_OF_HEAD)
            self._head_bytes += len(data) if end < 0 else end + len(_END_OF_HEAD) - len(self._tail)
            self._tail = (self._tail + data)[1 - len(_END_OF_HEAD) :]
            if self._head_bytes > self._limits.max_head_bytes:
                limit = f"{self._limits.max_head_bytes:,} bytes"
                self._refuse(HeadTooLarge(f"the request line and headers exceed {limit}: send fewer headers"))
                return
        super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Ends the wait."""
        self._cancel_head_timeout()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002
        """Answers what is not HTTP."""
        self._refuse(UnreadableHead("the request is not valid HTTP/1.1: use http, not https, and an HTTP/1.1 client"))

    def _start_head_timeout(self) -> None:
        self._cancel_head_timeout()
        self._head_timeout = self.loop.call_later(self._limits.head_seconds, self._refuse_slow_head)

    def _cancel_head_timeout(self) -> None:
        if self._head_timeout is not None:
            self._head_timeout.cancel()
            self._head_timeout = None

    def _refuse_slow_head(self) -> None:
        limit = f"{self._limits.head_seconds:g} seconds"
        self._refuse(TooSlow(f"the request line and headers did not arrive within {limit}: send them again, faster"))

    def _refuse(self, error: RefusedRequest) -> None:
        self._cancel_head_timeout()
        if self.transport.is_closing():
            return
        status, headers, body = error_response(error, uuid.uuid4().hex, self._metrics)
        lines = [STATUS_LINE[status], *(b"%s: %s\r\n" % header for header in headers), b"connection: close\r\n\r\n"]
        self.transport.write(b"".join([*lines, body]))
        self.transport.close()
