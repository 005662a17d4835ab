"""The ASGI middleware between the network and the routes: the key, limits on size, time and concurrency, and the log.

It reads each body completely before a route sees the request. So a slow or endless body takes no place among the
requests being answered and is refused before anything parses it. Starlette's own body limit (`max_body_size`) would
answer in plain text and limits neither time nor concurrency.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import sys
import time
import uuid
from collections.abc import Awaitable, Collection
from typing import TextIO

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tiankong.serve.limits import Limits
from tiankong.serve.metrics import Metrics
from tiankong.serve.problems import (
    BodyTooLarge,
    NotReady,
    RefusedRequest,
    TooManyRequests,
    TooSlow,
    Unauthorised,
    UnreadableBody,
    error_response,
)
from tiankong.serve.proxies import strip_prefix

BUSY = "busy"
"""The key in a request's ASGI state that is true if the server was too busy for it."""

_LONGEST_ID = 64

_CLIENT_CLOSED_REQUEST = 499
"""The status in log and metrics of a request whose client disconnected before the answer; nginx uses it, too."""

_DISCONNECT_GRACE = 0.05
"""Seconds that an almost finished answer may still take after its client has disconnected."""


class _ClientDisconnectedError(Exception):
    """No client waits for the answer any more."""


class Guard:
    """ASGI middleware. Set ``draining`` to refuse new requests; ``answering`` counts the requests being answered,
    ``receiving`` those whose bodies are still arriving.
    """

    def __init__(
        self,
        app: ASGIApp,
        limits: Limits,
        metrics: Metrics,
        labels: Collection[str],
        public_labels: Collection[str],
        api_key: str | None = None,
        log: TextIO | None = sys.stderr,
    ) -> None:
        """``labels`` are the routes that metrics and log name, ``public_labels`` those that need no key; ``log``
        receives a JSON line for each request.
        """
        self._app, self._limits, self._metrics = app, limits, metrics
        self._labels, self._public_labels = frozenset(labels), frozenset(public_labels)
        self._key, self._log = api_key, log
        self.draining = False
        self.answering = self.receiving = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request or refuses it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start = time.monotonic()
        headers = dict(scope["headers"])
        request_id = _request_id(headers.get(b"x-request-id"))
        scope["state"] = {**scope.get("state", {}), "request_id": request_id}
        status, has_started = 500, False

        async def send_with_id(message: Message) -> None:
            nonlocal status, has_started
            if message["type"] == "http.response.start":
                has_started = True
                status = message["status"]
                message = {**message, "headers": [*message["headers"], (b"x-request-id", request_id.encode())]}
            await send(message)

        size = 0
        route = self._label(strip_prefix(scope["path"], scope.get("root_path", "")))
        try:
            body = await self._admit(scope["method"], route, headers, receive)
            size = len(body)
            await self._answer(scope, body, receive, send_with_id)
        except RefusedRequest as error:
            scope["state"][BUSY] = isinstance(error, TooManyRequests)
            await self._refuse(error, request_id, send_with_id)
        except _ClientDisconnectedError:
            status = _CLIENT_CLOSED_REQUEST
        except asyncio.CancelledError:  # uvicorn cancels requests that outlast the shutdown
            if has_started:
                raise
            stopping = NotReady("the server is stopping: send the request again once it is back")
            await self._refuse(stopping, request_id, send_with_id)
        finally:
            seconds = time.monotonic() - start
            self._metrics.requests.labels(route, str(status)).inc()
            self._metrics.seconds.labels(route).observe(seconds)
            self._write(request_id, scope, route, status, seconds, size)

    def _label(self, path: str) -> str:
        """The name of the path in metrics and log: for files, that of their folder."""
        if path in self._labels:
            return path
        folder = path[: path.rfind("/") + 1]
        return folder if folder != "/" and folder in self._labels else "other"

    async def _refuse(self, error: Exception, request_id: str, send: Send) -> None:
        status, headers, body = error_response(error, request_id, self._metrics)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _admit(self, method: str, route: str, headers: dict[bytes, bytes], receive: Receive) -> bytes:
        """Returns the body after all checks that don't depend on its content."""
        if self.draining and route != "/health":
            raise NotReady("the server is stopping: send the request again once it is back")
        self._check_capacity(method)
        if route not in self._public_labels and method != "OPTIONS":  # a CORS preflight carries no key
            self._check_key(headers)
        declared_size = headers.get(b"content-length", b"0")
        if declared_size.isdigit() and int(declared_size) > self._limits.max_body_bytes:
            raise self._body_too_large()
        if headers.get(b"content-encoding", b"identity").lower() != b"identity":
            raise UnreadableBody("the body is compressed: send it uncompressed")
        self.receiving += 1
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                body = await self._read_body(receive)
        except TimeoutError:
            seconds = self._limits.body_seconds
            raise TooSlow(f"the body did not arrive within {seconds:g} seconds: send it again, faster") from None
        finally:
            self.receiving -= 1
        if body and b"json" not in headers.get(b"content-type", b"").lower():
            raise UnreadableBody("the body is not declared as JSON: send it with Content-Type: application/json")
        return body

    def _check_capacity(self, method: str) -> bool:
        """Returns whether the request counts towards the limit of requests at once.

        :raises TooManyRequests: it does, and the limit is reached.
        """
        if method == "POST" and self.answering >= self._limits.max_requests:
            raise TooManyRequests(f"{self._limits.max_requests:,} requests are being answered: try again in a moment")
        return method == "POST"

    def _check_key(self, headers: dict[bytes, bytes]) -> None:
        if self._key is None:
            return
        scheme, _, key = headers.get(b"authorization", b"").partition(b" ")
        if scheme.lower() != b"bearer":
            key = headers.get(b"x-api-key", b"")
        if not hmac.compare_digest(key, self._key.encode()):
            raise Unauthorised("the key is missing or wrong: send it as Authorization: Bearer KEY")

    async def _read_body(self, receive: Receive) -> bytes:
        parts: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _ClientDisconnectedError
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > self._limits.max_body_bytes:
                raise self._body_too_large()
            if not message.get("more_body", False):
                return b"".join(parts)

    def _body_too_large(self) -> BodyTooLarge:
        return BodyTooLarge(f"the body is larger than {self._limits.max_body_bytes:,} bytes: send less in one request")

    async def _answer(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        """Has the application answer.

        :raises _ClientDisconnectedError: the client left before the answer was complete.
        """
        counts = self._check_capacity(scope["method"])  # again: others may have come while the body arrived
        is_delivered = False

        async def receive_body() -> Message:
            nonlocal is_delivered
            if is_delivered:
                return await receive()
            is_delivered = True
            return {"type": "http.request", "body": body, "more_body": False}

        self.answering += counts
        self._metrics.running.set(self.answering)
        try:
            answer = self._app(scope, receive_body, send)
            await (_cancel_on_disconnect(answer, receive) if counts else answer)
        finally:
            self.answering -= counts
            self._metrics.running.set(self.answering)

    def _write(self, request_id: str, scope: Scope, route: str, status: int, seconds: float, size: int) -> None:
        """Writes a line of the log, without any content of the request."""
        if self._log is None:
            return
        line = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "request_id": request_id,
            "method": scope["method"],
            "route": route,
            "status": status,
            "milliseconds": round(1000 * seconds, 1),
            "body_bytes": size,
        }
        print(json.dumps(line), file=self._log, flush=True)


async def _cancel_on_disconnect(answer: Awaitable[None], receive: Receive) -> None:
    """Awaits ``answer``, but cancels it when the client disconnects; a cancelled request leaves the engine's queue.

    :raises _ClientDisconnectedError: the client disconnected.
    """
    answering, disconnecting = asyncio.ensure_future(answer), asyncio.ensure_future(receive())
    try:
        await asyncio.wait({answering, disconnecting}, return_when=asyncio.FIRST_COMPLETED)
        if not answering.done():
            await asyncio.wait({answering}, timeout=_DISCONNECT_GRACE)
            answering.cancel()
        await answering
    except asyncio.CancelledError:
        if not answering.cancelled():
            answering.cancel()
            raise
        raise _ClientDisconnectedError from None
    finally:
        disconnecting.cancel()


def _request_id(header: bytes | None) -> str:
    """The client's own request id if it is short and plain, else a new one."""
    if header and len(header) <= _LONGEST_ID and header.replace(b"-", b"").isalnum():
        return header.decode("ascii")
    return uuid.uuid4().hex
