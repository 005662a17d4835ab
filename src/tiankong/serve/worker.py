"""A serving process: loads the model, answers, replaces the model, drains and ends.

uvicorn speaks HTTP here. Its lifespan and signal handling can't take over the rest: it would not listen before the
model has loaded (``/ready`` answers 503 meanwhile), and would close the listener before open requests have finished.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Iterator
from functools import partial

import uvicorn
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from tiankong.errors import TiankongError
from tiankong.serve.app import LABELS, PUBLIC_LABELS, build_app
from tiankong.serve.engine import Engine, ServedModel
from tiankong.serve.guard import Guard
from tiankong.serve.limits import Limits
from tiankong.serve.metrics import Metrics
from tiankong.serve.protocol import LimitedProtocol
from tiankong.serve.proxies import RootPath
from tiankong.serve.routes.route import READ_AS, Service
from tiankong.serve.settings import BACKLOG, Settings
from tiankong.serve.worker_messages import Link, Message, Ready, Reload

_POLL_SECONDS = 0.02


class _Server(uvicorn.Server):
    """Leaves signals to the worker."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Worker:
    """Serves on a listener, alone or beside other workers; then ``link`` leads to their supervisor."""

    def __init__(self, settings: Settings, limits: Limits, listener: socket.socket, link: Link | None = None) -> None:
        self._settings, self._limits, self._listener, self._link = settings, limits, listener, link
        self._metrics = Metrics()
        self._engine = Engine(
            settings.model,
            settings.threads,
            settings.words,
            limits.answer_seconds,
            self._metrics.waiting.set,
            settings.script,
        )
        app = build_app(Service(self._engine, limits, self._metrics, self.replace_model if settings.api_key else None))
        log = None if settings.quiet else sys.stderr
        self._guard = Guard(app, limits, self._metrics, LABELS, PUBLIC_LABELS, settings.api_key, log)
        self._app: ASGIApp = self._guard
        if settings.origins:  # outermost, so that pages can read refusals as well
            self._app = CORSMiddleware(
                self._guard,
                allow_origins=list(settings.origins),
                allow_methods=["*"],
                allow_headers=["*"],
                expose_headers=["Retry-After", "X-Request-Id", READ_AS],
            )
        if settings.root_path:
            self._app = RootPath(self._app, settings.root_path)
        self._requested: ServedModel | None = None
        self._stopping = asyncio.Event()
        self._reloads: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Runs until SIGTERM or Ctrl-C.

        :raises FolderError: the model can't be loaded.
        """
        self._install_handlers()
        server = self._build_server()
        serving = asyncio.create_task(server.serve(sockets=[self._listener]))
        try:
            self._publish(await self._engine.start())
            if self._link:
                self._link.send(Ready(self._engine.served.name))
            else:
                host, port = self._listener.getsockname()[:2]
                say(f"{self._engine.served.name} answers at http://{host}:{port}")
            await self._stopping.wait()
            await self._drain()
        finally:
            await self._engine.stop()
            server.should_exit = True
            await serving

    async def replace_model(self, model: str | None = None) -> None:
        """Loads the model again, or another one, and has the other workers do the same.

        :raises FolderError: the model can't be loaded; the present one stays.
        """
        self._requested = await self._engine.reload(model)
        self._publish(self._requested)
        if self._link:
            self._link.send(Reload(self._engine.source, os.getpid()))

    def _build_server(self) -> _Server:
        protocol = partial(LimitedProtocol, limits=self._limits, metrics=self._metrics)
        return _Server(
            uvicorn.Config(
                self._app,
                lifespan="off",
                log_config=None,
                log_level="error",  # no line for what is not HTTP: the metrics count it
                access_log=False,
                server_header=False,
                proxy_headers=True,
                forwarded_allow_ips=self._settings.forwarded_allow_ips,
                backlog=BACKLOG,
                http=protocol,  # type: ignore[arg-type]
                timeout_graceful_shutdown=1,
            )
        )

    def _install_handlers(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        loop.add_signal_handler(signal.SIGHUP, self._schedule_reload, None)
        if self._link:
            self._link.listen(self._on_message, on_close=self._stop)

    def _stop(self) -> None:
        if self._guard.draining:
            if self._link:  # a second signal may be one to the whole group: the supervisor decides
                return
            os._exit(1)
        self._guard.draining = True
        self._stopping.set()

    def _on_message(self, message: Message) -> None:
        """Follows another worker to a new model. Its own message needs nothing, unless it loaded another one since."""
        if isinstance(message, Reload):
            is_own = message.worker == os.getpid()
            if not (is_own and not self._reloads and self._engine.served is self._requested):
                self._schedule_reload(message.source)

    def _schedule_reload(self, model: str | None) -> None:
        task = asyncio.get_running_loop().create_task(self._reload(model))
        self._reloads.add(task)
        task.add_done_callback(self._reloads.discard)

    async def _reload(self, model: str | None) -> None:
        try:
            served = await self._engine.reload(model)
        except TiankongError as error:
            say(f"the model was not replaced: {error}")
        else:
            self._publish(served)
            say(f"reloaded {served.name}")

    def _publish(self, served: ServedModel) -> None:
        self._metrics.set_model(served.name, served.sha256)

    async def _drain(self) -> None:
        """Waits until all open requests are answered, or the time for that is over."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self._limits.drain_seconds
        while (self._guard.answering or self._guard.receiving) and loop.time() < end:
            await asyncio.sleep(_POLL_SECONDS)


def say(message: str) -> None:
    """Writes a line for operators to standard error."""
    print(f"tiankong: {message}", file=sys.stderr, flush=True)
