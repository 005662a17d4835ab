"""What stands between the network and the routes: keys, limits of size, time and number, a log line a request.

Bodies are read here, whole, before a route sees them: so a slow or endless one costs no place among the requests being
answered, and is refused before anything is made of it.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import sys
import time
import uuid
from collections.abc import Awaitable, Sequence
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
)
from tiankong.serve.refusal import refusal

_UNKEYED = {"/health", "/ready", "/", "/page/", "/docs", "/docs/files/", "/openapi.json"}
"""Answered without a key: those who watch the server need them, and a browser shows them before it has one."""

BUSY = "busy"
"""In the state of a request that found no room."""

_LONGEST_ID = 64

_CLIENT_LEFT = 499
"""The status that log and metrics have for a request whose client left before the answer; nginx's."""

_LEAVING = 0.05
"""Seconds that an answer may still take whose client has left."""


class _ClientLeftError(Exception):
    """Nobody waits for the answer any more."""


class Guard:
    """ASGI middleware. ``draining`` refuses new requests; ``running`` counts those being answered, ``arriving`` those
    whose bodies are awaited.
    """

    def __init__(
        self,
        app: ASGIApp,
        limits: Limits,
        metrics: Metrics,
        routes: Sequence[str],
        api_key: str | None = None,
        log: TextIO | None = sys.stderr,
    ) -> None:
        """``routes`` are the paths that the metrics name; ``log`` gets a JSON line for each request."""
        self._app, self._limits, self._metrics = app, limits, metrics
        self._routes, self._key, self._log = frozenset(routes), api_key, log
        self.draining = False
        self.running = self.arriving = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request or refuses it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start = time.monotonic()
        headers = dict(scope["headers"])
        request_id = _request_id(headers.get(b"x-request-id"))
        scope["state"] = {**scope.get("state", {}), "request_id": request_id}
        status, answered = 500, False

        async def noting(message: Message) -> None:
            nonlocal status, answered
            if message["type"] == "http.response.start":
                answered = True
                status = message["status"]
                message = {**message, "headers": [*message["headers"], (b"x-request-id", request_id.encode())]}
            await send(message)

        size = 0
        route = self._route(scope["path"])
        try:
            body = await self._admitted(scope["method"], route, headers, receive)
            size = len(body)
            if not await self._answered(scope, body, receive, noting):
                raise _ClientLeftError
        except RefusedRequest as error:
            scope["state"][BUSY] = isinstance(error, TooManyRequests)
            await self._refuse(error, request_id, noting)
        except _ClientLeftError:
            status = _CLIENT_LEFT
        except asyncio.CancelledError:  # the server ends, and has waited long enough
            if answered:
                raise
            await self._refuse(NotReady("the server is stopping: ask again when it is back"), request_id, noting)
        finally:
            seconds = time.monotonic() - start
            self._metrics.requests.labels(route, str(status)).inc()
            self._metrics.seconds.labels(route).observe(seconds)
            self._write(request_id, scope, route, status, seconds, size)

    def _route(self, path: str) -> str:
        """The path that metrics and log name: a folder for its files."""
        if path in self._routes:
            return path
        folder = path[: path.rfind("/") + 1]
        return folder if folder != "/" and folder in self._routes else "other"

    async def _refuse(self, error: Exception, request_id: str, send: Send) -> None:
        status, headers, body = refusal(error, request_id, self._metrics)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _admitted(self, method: str, route: str, headers: dict[bytes, bytes], receive: Receive) -> bytes:
        """The body, once everything that can be judged without its meaning is right."""
        if self.draining and route != "/health":
            raise NotReady("the server is about to stop: try again in a moment")
        self._check_room(method)
        if route not in _UNKEYED and method != "OPTIONS":  # browsers ask that way before they send a key
            self._check_key(headers)
        stated = headers.get(b"content-length", b"0")
        if stated.isdigit() and int(stated) > self._limits.max_body_bytes:
            raise BodyTooLarge(f"the body is larger than {self._limits.max_body_bytes:,} bytes: send less at once")
        if headers.get(b"content-encoding", b"identity").lower() != b"identity":
            raise UnreadableBody("the body is compressed: send it as it is")
        self.arriving += 1
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                body = await self._body(receive)
        except TimeoutError:
            raise TooSlow(f"the body did not arrive within {self._limits.body_seconds:g} seconds") from None
        finally:
            self.arriving -= 1
        if body and b"json" not in headers.get(b"content-type", b"").lower():
            raise UnreadableBody("the body is not declared to be JSON: send it with Content-Type: application/json")
        return body

    def _check_room(self, method: str) -> bool:
        """Whether a request counts, which it may not if there are enough already."""
        if method == "POST" and self.running >= self._limits.max_requests:
            raise TooManyRequests(f"{self._limits.max_requests:,} requests are being answered: try again in a moment")
        return method == "POST"

    def _check_key(self, headers: dict[bytes, bytes]) -> None:
        if self._key is None:
            return
        scheme, _, given = headers.get(b"authorization", b"").partition(b" ")
        if scheme.lower() != b"bearer":
            given = headers.get(b"x-api-key", b"")
        if not hmac.compare_digest(given, self._key.encode()):
            raise Unauthorised("the key is missing or wrong: send it as Authorization: Bearer KEY")

    async def _body(self, receive: Receive) -> bytes:
        parts: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _ClientLeftError
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > self._limits.max_body_bytes:
                raise BodyTooLarge(f"the body is larger than {self._limits.max_body_bytes:,} bytes: send less at once")
            if not message.get("more_body", False):
                return b"".join(parts)

    async def _answered(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> bool:
        """Whether the request was answered; else nobody waits for the answer any more."""
        counted = self._check_room(scope["method"])  # again: others came while the body did
        delivered = False

        async def replay() -> Message:
            nonlocal delivered
            if delivered:
                return await receive()
            delivered = True
            return {"type": "http.request", "body": body, "more_body": False}

        self.running += counted
        self._metrics.running.set(self.running)
        try:
            if counted:
                return await self._answered_unless_left(self._app(scope, replay, send), receive)
            await self._app(scope, replay, send)
            return True
        finally:
            self.running -= counted
            self._metrics.running.set(self.running)

    async def _answered_unless_left(self, answer: Awaitable[None], receive: Receive) -> bool:
        """What nobody waits for any more is not computed: a client that leaves takes its request out of the queue."""
        answering, leaving = asyncio.ensure_future(answer), asyncio.ensure_future(receive())
        try:
            await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not answering.done():
                await asyncio.wait({answering}, timeout=_LEAVING)  # it may just be over
                answering.cancel()
            await answering
            return True
        except asyncio.CancelledError:
            if not answering.cancelled():
                answering.cancel()
                raise
            return False
        finally:
            leaving.cancel()

    def _write(self, request_id: str, scope: Scope, route: str, status: int, seconds: float, size: int) -> None:
        """A line of the log: nothing of what was sent is in it."""
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


def _request_id(given: bytes | None) -> str:
    """The client's own, if it is short and plain."""
    if given and len(given) <= _LONGEST_ID and given.replace(b"-", b"").isalnum():
        return given.decode("ascii")
    return uuid.uuid4().hex
