"""The server's life: bind, load, answer, exchange the model, drain, end."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from tiankong.errors import OptionError, TiankongError
from tiankong.serve.app import PATHS, build_app
from tiankong.serve.engine import Engine
from tiankong.serve.guard import Guard
from tiankong.serve.limits import Limits
from tiankong.serve.metrics import Metrics

_LARGEST_HEADERS = 64 * 1024
_BACKLOG = 2048
_POLL = 0.02


@dataclass(frozen=True)
class Settings:
    """Where and how to serve. ``api_key`` is asked of every request but those for health; ``origins`` are the web
    sites whose pages may ask.
    """

    model: str | Path
    host: str = "127.0.0.1"
    port: int = 8000
    threads: int = 0
    words: Sequence[str] = ()
    api_key: str | None = None
    no_auth: bool = False
    origins: Sequence[str] = ()
    quiet: bool = False


class _Server(uvicorn.Server):
    """Leaves signals to us."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def serve(settings: Settings, limits: Limits) -> int:
    """Serves until SIGTERM or Ctrl-C, and returns the exit code.

    :raises OptionError: the address can't be bound, or is open to others without a key.
    :raises FolderError: the model.
    """
    if not settings.api_key and not settings.no_auth and not _is_loopback(settings.host):
        raise OptionError(
            f"{settings.host} can be reached from elsewhere: ask for a key with --api-key, or say --no-auth"
        )
    with contextlib.closing(_bound(settings.host, settings.port)) as listener:
        return asyncio.run(_serve(settings, limits, listener))


async def _serve(settings: Settings, limits: Limits, listener: socket.socket) -> int:
    engine, metrics = Engine(settings.model, settings.threads, settings.words), Metrics()
    app = build_app(engine, limits, metrics, keyed=settings.api_key is not None)
    inner: ASGIApp = app
    if settings.origins:
        inner = CORSMiddleware(app, allow_origins=list(settings.origins), allow_methods=["*"], allow_headers=["*"])
    guard = Guard(inner, limits, metrics, PATHS, settings.api_key, None if settings.quiet else sys.stderr)
    server = _Server(
        uvicorn.Config(
            guard,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            backlog=_BACKLOG,
            h11_max_incomplete_event_size=_LARGEST_HEADERS,
            timeout_graceful_shutdown=1,
        )
    )
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()

    def stop() -> None:
        if guard.draining:
            os._exit(1)  # told twice: at once
        guard.draining = True
        stopping.set()

    def reload() -> None:
        reloading.append(loop.create_task(_reload(engine, metrics)))

    reloading: list[asyncio.Task[None]] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    loop.add_signal_handler(signal.SIGHUP, reload)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    host, port = listener.getsockname()[:2]
    try:
        await engine.start()
        metrics.model(engine.loaded.name, engine.loaded.sha256)
        print(f"tiankong: {engine.loaded.name} answers at http://{host}:{port}", file=sys.stderr, flush=True)
        await stopping.wait()
        await _drained(guard, limits.drain_seconds)
    finally:
        server.should_exit = True
        await serving
        await engine.stop()
    return 0


async def _drained(guard: Guard, seconds: float) -> None:
    """Waits until nothing is being answered, but not for ever."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while guard.running and loop.time() < deadline:
        await asyncio.sleep(_POLL)


async def _reload(engine: Engine, metrics: Metrics) -> None:
    try:
        loaded = await engine.reload()
    except TiankongError as error:
        print(f"tiankong: the model stays as it is: {error}", file=sys.stderr, flush=True)
    else:
        metrics.model(loaded.name, loaded.sha256)
        print(f"tiankong: {loaded.name} was loaded again", file=sys.stderr, flush=True)


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise OptionError(f"{host}:{port} can't be served at ({reason.lower()}): choose --host and --port") from None


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
