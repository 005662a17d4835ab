"""Several processes that serve on one address: started together, told together, and started again when one dies."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import signal
import socket
import tempfile
import time
from dataclasses import dataclass, replace
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess

from prometheus_client.multiprocess import mark_process_dead

from tiankong.artifact.built_in import model_path
from tiankong.artifact.model_folder import open_model
from tiankong.errors import TiankongError
from tiankong.serve.limits import Limits
from tiankong.serve.metrics import FOLDER_VARIABLE
from tiankong.serve.settings import Settings
from tiankong.serve.worker import Worker, say
from tiankong.serve.worker_messages import Link, Message, Ready

_SPAWN = multiprocessing.get_context("spawn")
_PAUSE = 1.0
"""Seconds before one that died at its start is started again."""


@dataclass
class _Process:
    """A worker as its supervisor sees it."""

    process: SpawnProcess
    pipe: Connection
    ready: bool = False
    reload_when_ready: bool = False


class Supervisor:
    """Runs ``settings.workers`` workers on a listener."""

    def __init__(self, settings: Settings, limits: Limits, listener: socket.socket) -> None:
        threads = settings.threads or max(1, (os.cpu_count() or 1) // settings.workers)
        self._settings, self._limits, self._listener = replace(settings, threads=threads), limits, listener
        self._workers: list[_Process] = []
        self._stopping = self._announced = self._starting = False
        self._exit_code = 0

    def run(self) -> int:
        """Until SIGTERM or Ctrl-C; returns the exit code: a worker's, if none could start.

        :raises FolderError: the model.
        """
        open_model(model_path(self._settings.model))  # so that what is wrong with it is said once
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop())
        signal.signal(signal.SIGHUP, lambda *_: self._reload())
        resource_tracker.ensure_running()  # started with the first worker, it would end the block of signals around it
        # The workers' counters lie in files here, so that any of them can tell all.
        with tempfile.TemporaryDirectory(prefix="tiankong-metrics-") as folder:
            os.environ[FOLDER_VARIABLE] = folder
            for _ in range(self._settings.workers):
                if not self._stopping:
                    self._start()
            while self._workers:
                self._attend(folder)
        return self._exit_code

    def _start(self) -> None:
        self._starting = True
        ours, theirs = _SPAWN.Pipe()
        process = _SPAWN.Process(target=_work, args=(self._settings, self._limits, self._listener, theirs))
        self._workers.append(_Process(process, ours))  # before its start: a signal to reload meanwhile is for it, too
        # A terminal's Ctrl-C reaches workers, too: they are told to stop by this process alone, and inherit the block.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        theirs.close()
        self._starting = False
        if self._stopping:  # told while this one was being started, and so not known
            self._tell(signal.SIGTERM)
            self._listener.close()

    def _attend(self, folder: str) -> None:
        """Waits for the next message or death, and does what it asks for."""
        happened = wait([end for worker in self._workers for end in (worker.pipe, worker.process.sentinel)])
        for worker in list(self._workers):
            if worker.pipe in happened:
                self._hear(worker)
            if worker.process.sentinel in happened:
                self._bury(worker, folder)

    def _hear(self, worker: _Process) -> None:
        try:
            message: Message = worker.pipe.recv()
        except (EOFError, OSError):
            return  # it is dying
        if isinstance(message, Ready):
            worker.ready = True
            if worker.reload_when_ready:
                self._send(worker, signal.SIGHUP)
            if all(one.ready for one in self._workers) and not (self._announced or self._stopping):
                self._announced = True
                host, port = self._listener.getsockname()[:2]
                say(f"{message.model} answers at http://{host}:{port} ({len(self._workers)} workers)")
        else:
            self._settings = replace(self._settings, model=message.source)
            for one in self._workers:
                with contextlib.suppress(OSError):  # it is dying, and the next will have the new model anyway
                    one.pipe.send(message)

    def _bury(self, worker: _Process, folder: str) -> None:
        worker.process.join()
        worker.pipe.close()
        self._workers.remove(worker)
        mark_process_dead(worker.process.pid, folder)  # type: ignore[no-untyped-call]
        if self._stopping:
            return
        if not self._announced:  # what keeps one from starting keeps all
            self._exit_code = worker.process.exitcode or 1
            self._stop()
            return
        say(f"worker {worker.process.pid} ended with {worker.process.exitcode} and is started again")
        if not worker.ready:
            time.sleep(_PAUSE)
        if not self._stopping:  # told meanwhile
            self._start()

    def _stop(self) -> None:
        self._tell(signal.SIGKILL if self._stopping else signal.SIGTERM)
        self._stopping = True
        if not self._starting:
            self._listener.close()

    def _reload(self) -> None:
        """One that is starting does not listen yet: the signal would end it."""
        for worker in self._workers:
            if worker.ready:
                self._send(worker, signal.SIGHUP)
            else:
                worker.reload_when_ready = True

    def _tell(self, number: signal.Signals) -> None:
        for worker in self._workers:
            self._send(worker, number)

    @staticmethod
    def _send(worker: _Process, number: signal.Signals) -> None:
        if worker.process.pid and worker.process.is_alive():
            os.kill(worker.process.pid, number)


def _work(settings: Settings, limits: Limits, listener: socket.socket, pipe: Connection) -> None:
    """A worker's whole life, in its own process."""

    async def run() -> None:
        await Worker(settings, limits, listener, Link(pipe)).run()

    try:
        asyncio.run(run())
    except TiankongError as error:
        say(str(error))
        raise SystemExit(error.exit_code) from None
