"""One process that serves: load, answer, exchange the model, drain, end."""

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
from tiankong.serve.app import PATHS, build_app
from tiankong.serve.engine import Engine, ServedModel
from tiankong.serve.guard import Guard
from tiankong.serve.limits import Limits
from tiankong.serve.metrics import Metrics
from tiankong.serve.protocol import PatientProtocol
from tiankong.serve.settings import BACKLOG, Settings
from tiankong.serve.worker_messages import Link, Reload

_POLL = 0.02


class _Server(uvicorn.Server):
    """Leaves signals to us."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Worker:
    """Serves on a listener that it may share with other workers, of which ``link`` knows."""

    def __init__(self, settings: Settings, limits: Limits, listener: socket.socket, link: Link | None = None) -> None:
        self._limits, self._listener, self._link = limits, listener, link
        self._metrics = Metrics()
        self._engine = Engine(
            settings.model, settings.threads, settings.words, limits.answer_seconds, self._metrics.waiting.set
        )
        app = build_app(self._engine, limits, self._metrics, self.reload if settings.api_key else None)
        log = None if settings.quiet else sys.stderr
        self._guard = Guard(app, limits, self._metrics, PATHS, settings.api_key, log)
        self._app: ASGIApp = self._guard
        if settings.origins:  # outermost, so that a page may read refusals, too
            self._app = CORSMiddleware(
                self._guard,
                allow_origins=list(settings.origins),
                allow_methods=["*"],
                allow_headers=["*"],
                expose_headers=["Retry-After", "X-Request-Id"],
            )
        self._asked_for: ServedModel | None = None
        self._stopping = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until SIGTERM or Ctrl-C.

        :raises FolderError: the model can't be loaded.
        """
        self._listen_to_orders()
        server = self._server()
        serving = asyncio.create_task(server.serve(sockets=[self._listener]))
        try:
            self._tell_metrics(await self._engine.start())
            if self._link:
                self._link.ready(self._engine.loaded.name)
            else:
                host, port = self._listener.getsockname()[:2]
                say(f"{self._engine.loaded.name} answers at http://{host}:{port}")
            await self._stopping.wait()
            await self._drained()
        finally:
            await self._engine.stop()
            server.should_exit = True
            await serving

    async def reload(self, model: str | None = None) -> None:
        """Loads the model again, or another one, and has the other workers do so.

        :raises FolderError: it can't be loaded; the present one stays.
        """
        self._asked_for = await self._engine.reload(model)
        self._tell_metrics(self._asked_for)
        if self._link:
            self._link.reloaded(self._engine.source)

    def _server(self) -> _Server:
        patient = partial(PatientProtocol, limits=self._limits, metrics=self._metrics)
        return _Server(
            uvicorn.Config(
                self._app,
                lifespan="off",
                log_config=None,
                log_level="error",  # what is no HTTP is counted, not told
                access_log=False,
                server_header=False,
                proxy_headers=False,
                backlog=BACKLOG,
                http=patient,  # type: ignore[arg-type]
                timeout_graceful_shutdown=1,
            )
        )

    def _listen_to_orders(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        loop.add_signal_handler(signal.SIGHUP, self._reload_in_time, None)
        if self._link:
            self._link.listen(loop, on_reload=self._reload_like, on_end=self._stop)

    def _stop(self) -> None:
        if self._guard.draining:
            if self._link:  # whoever stops the whole group tells it and its supervisor, who knows when it is too long
                return
            os._exit(1)  # told twice: at once
        self._guard.draining = True
        self._stopping.set()

    def _reload_like(self, other: Reload) -> None:
        """What comes back from this worker itself is done, unless another order came between."""
        done = other.worker == os.getpid() and not self._tasks and self._engine.loaded is self._asked_for
        if not done:
            self._reload_in_time(other.source)

    def _reload_in_time(self, model: str | None) -> None:
        task = asyncio.get_running_loop().create_task(self._reload_on_order(model))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _reload_on_order(self, model: str | None) -> None:
        try:
            loaded = await self._engine.reload(model)
        except TiankongError as error:
            say(f"the model stays as it is: {error}")
        else:
            self._tell_metrics(loaded)
            say(f"{loaded.name} was loaded again")

    def _tell_metrics(self, loaded: ServedModel) -> None:
        self._metrics.model(loaded.name, loaded.sha256)

    async def _drained(self) -> None:
        """Waits until nothing is being answered, but not for ever."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._limits.drain_seconds
        while (self._guard.running or self._guard.arriving) and loop.time() < deadline:
            await asyncio.sleep(_POLL)


def say(sentence: str) -> None:
    """A line for those who run the server."""
    print(f"tiankong: {sentence}", file=sys.stderr, flush=True)
