"""Several worker processes at one address: started, signalled and restarted together.

uvicorn's ``Multiprocess`` can't take its place: it reloads by replacing every process, has no message from a worker to
the others (``/reload``), leaves workers running when it is killed, and exits with its own code instead of the error's.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import signal
import socket
import tempfile
from dataclasses import dataclass, replace
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

from prometheus_client.multiprocess import mark_process_dead

from tiankong.artifact.built_in import model_path
from tiankong.artifact.model_folder import open_model
from tiankong.errors import TiankongError
from tiankong.machine import allowed_threads
from tiankong.serve.limits import Limits
from tiankong.serve.metrics import FOLDER_VARIABLE
from tiankong.serve.settings import Settings
from tiankong.serve.worker import Worker, say
from tiankong.serve.worker_messages import Link, Message, Ready

_SPAWN = multiprocessing.get_context("spawn")

_RESTART_DELAY = 1.0
"""Seconds before the restart of a worker that died before it was ready."""


@dataclass(eq=False)
class _WorkerProcess:
    """A worker as its supervisor sees it."""

    process: SpawnProcess
    link: Link
    is_ready: bool = False
    reload_when_ready: bool = False

    def send_signal(self, number: signal.Signals) -> None:
        """Signals the process unless it has ended."""
        if self.process.pid and self.process.is_alive():
            os.kill(self.process.pid, number)


class Supervisor:
    """Runs ``settings.workers`` workers on a listener. The event loop calls its methods one at a time, so that a signal
    never interrupts the start of a worker.
    """

    def __init__(self, settings: Settings, limits: Limits, listener: socket.socket) -> None:
        threads = settings.threads or max(1, allowed_threads() // settings.workers)
        self._settings, self._limits, self._listener = replace(settings, threads=threads), limits, listener
        self._workers: list[_WorkerProcess] = []
        self._stopping = self._announced = False
        self._ended = asyncio.Event()
        self._metrics_folder = ""
        self._exit_code = 0

    async def run(self) -> int:
        """Runs until SIGTERM or Ctrl-C; returns the exit code: a worker's, if none could start.

        :raises FolderError: the model can't be opened.
        """
        open_model(model_path(self._settings.model))  # here, so that its error appears once and not for each worker
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        loop.add_signal_handler(signal.SIGHUP, self._reload)
        resource_tracker.ensure_running()  # started along with a worker, it would unblock the signals blocked there
        # Workers keep their counters in files here, so that each can report those of all.
        with tempfile.TemporaryDirectory(prefix="tiankong-metrics-") as self._metrics_folder:
            os.environ[FOLDER_VARIABLE] = self._metrics_folder
            for _ in range(self._settings.workers):
                self._start_worker()
            await self._ended.wait()
        return self._exit_code

    def _start_worker(self) -> None:
        if self._stopping:
            return
        own_end, worker_end = _SPAWN.Pipe()
        process = _SPAWN.Process(target=_run_worker, args=(self._settings, self._limits, self._listener, worker_end))
        # A terminal sends Ctrl-C to workers as well. They inherit this block and stop only when the supervisor says so.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        worker_end.close()
        worker = _WorkerProcess(process, Link(own_end))
        self._workers.append(worker)
        worker.link.listen(lambda message: self._on_message(worker, message))
        asyncio.get_running_loop().add_reader(process.sentinel, self._on_exit, worker)

    def _on_message(self, worker: _WorkerProcess, message: Message) -> None:
        if isinstance(message, Ready):
            worker.is_ready = True
            if worker.reload_when_ready:
                worker.send_signal(signal.SIGHUP)
            if all(other.is_ready for other in self._workers) and not (self._announced or self._stopping):
                self._announced = True
                host, port = self._listener.getsockname()[:2]
                say(f"{message.model} answers at http://{host}:{port} ({len(self._workers)} workers)")
        else:
            self._settings = replace(self._settings, model=message.source)
            for other in self._workers:
                with contextlib.suppress(OSError):  # it is dying; its successor starts with the new model
                    other.link.send(message)

    def _on_exit(self, worker: _WorkerProcess) -> None:
        asyncio.get_running_loop().remove_reader(worker.process.sentinel)
        worker.process.join()
        worker.link.close()
        self._workers.remove(worker)
        mark_process_dead(worker.process.pid, self._metrics_folder)  # type: ignore[no-untyped-call]
        if not (self._announced or self._stopping):  # whatever keeps one worker from starting keeps all
            self._exit_code = worker.process.exitcode or 1
            self._stop()
        elif not self._stopping:
            say(f"worker {worker.process.pid} exited with code {worker.process.exitcode}: starting another")
            asyncio.get_running_loop().call_later(0 if worker.is_ready else _RESTART_DELAY, self._start_worker)
        self._end_if_done()

    def _stop(self) -> None:
        for worker in self._workers:
            worker.send_signal(signal.SIGKILL if self._stopping else signal.SIGTERM)
        self._stopping = True
        self._listener.close()
        self._end_if_done()

    def _end_if_done(self) -> None:
        if self._stopping and not self._workers:
            self._ended.set()

    def _reload(self) -> None:
        for worker in self._workers:
            if worker.is_ready:
                worker.send_signal(signal.SIGHUP)
            else:  # it has no handler yet: the signal would end it
                worker.reload_when_ready = True


def _run_worker(settings: Settings, limits: Limits, listener: socket.socket, pipe: Connection) -> None:
    """Runs a worker in its own process."""

    async def run() -> None:
        await Worker(settings, limits, listener, Link(pipe)).run()

    try:
        asyncio.run(run())
    except TiankongError as error:
        say(str(error))
        raise SystemExit(error.exit_code) from None
