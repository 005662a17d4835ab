"""Starts child processes, and passes messages between them and this one.

They are plain children that talk through pipes. Those of :mod:`multiprocessing` import the user's main module again,
which starts a script without ``if __name__ == "__main__"`` a second time.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import IO, Self, TypeVar

from tiankong import errors
from tiankong.errors import MissingPackageError, TiankongError

T = TypeVar("T")

_START = "import sys; sys.path[:] = sys.argv[2:]; from {module} import serve; serve()"
_SIZE_BYTES = 8


@dataclass(frozen=True)
class _Failure:
    """Why a task has no result: an error of tiankong's ``kind``, one of the operating system's, or a ``fault``."""

    kind: str = ""
    message: str = ""
    errno: int | None = None
    file: str | None = None
    fault: str = ""

    def error(self) -> Exception:
        if self.fault:
            return RuntimeError(self.fault)
        if not self.kind:
            return OSError(self.errno, self.message, self.file)
        kind = getattr(errors, self.kind)
        return (TiankongError if issubclass(kind, MissingPackageError) else kind)(self.message)


def can_start() -> bool:
    """Whether this program can start others of its kind: one that is bundled as a single file can't."""
    return bool(sys.executable) and not getattr(sys, "frozen", False)


class ChildProcesses:
    """Several processes that run ``serve`` of a module, each with one task at a time. They end with the block, or with
    this process.
    """

    def __init__(self, count: int, module: str, setup: bytes, *, work: str, option: str) -> None:
        """At most ``count`` processes, as many as there are tasks for.

        ``setup`` is what each gets first. A message about one that was killed says what is its ``work``, and names the
        ``option`` that sets their number.
        """
        self._module, self._setup, self._work, self._option = module, setup, work, option
        self._processes: list[_ChildProcess] = []
        self._threads = ThreadPoolExecutor(count, thread_name_prefix=module.rpartition(".")[2])
        self._own = threading.local()  # each thread has a process of its own

    def submit(self, task: bytes, read: Callable[[bytes], T]) -> Future[T]:
        """What ``read`` makes of the reply to a task, some time.

        The result raises TiankongError if the process was killed, and what the work raises.
        """
        return self._threads.submit(self._done, task, read)

    def _done(self, task: bytes, read: Callable[[bytes], T]) -> T:
        if not hasattr(self._own, "process"):
            self._own.process = _ChildProcess(self._module)
            self._processes.append(self._own.process)
            self._own.process.send(self._setup)
        process: _ChildProcess = self._own.process
        process.send(task)
        failure = process.receive()
        reply = process.receive() if failure == b"" else None
        if failure:
            raise _Failure(**json.loads(failure)).error()
        if reply is None:
            raise TiankongError(
                f"a process that {self._work} {process.how_it_ended()}, probably because memory ran out: give fewer "
                f"`{self._option}` and go on with `resume=True`"
            )
        return read(reply)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._processes:
            process.end()
        self._threads.shutdown(cancel_futures=True)


class _ChildProcess:
    """A process that runs ``serve`` of a module, and the pipes to it. It ends when its standard input does."""

    def __init__(self, module: str) -> None:
        # In a session of its own: Ctrl-C reaches this process alone, which ends the others.
        self._process = subprocess.Popen(
            [sys.executable, "-c", _START.format(module=module), module, *sys.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            # Each process has one processor: threads of numpy's own would wait for each other.
            env={"OPENBLAS_NUM_THREADS": "1", **os.environ},
        )

    def send(self, content: bytes) -> None:
        """Sends a message; does nothing if the process is gone, which :meth:`receive` will tell."""
        with contextlib.suppress(OSError, ValueError):
            assert self._process.stdin is not None
            _send(self._process.stdin, content)

    def receive(self) -> bytes | None:
        """A message; ``None`` if the process is gone."""
        with contextlib.suppress(OSError, ValueError):
            assert self._process.stdout is not None
            return _receive(self._process.stdout)
        return None

    def how_it_ended(self) -> str:
        """How the process ended, for a message; waits for the end."""
        code = self._process.wait()
        if code < 0:
            with contextlib.suppress(ValueError):
                return f"was killed ({signal.Signals(-code).name})"
        return f"ended early (code {code})"

    def end(self) -> None:
        """Ends the process at once."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


def serve_tasks(start: Callable[[bytes], Callable[[bytes], bytes]]) -> None:
    """Does tasks from standard input until it ends: the whole life of a process.

    ``start`` makes of the setup what gives the reply to a task.
    """
    tasks, replies = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # what a library prints is no message
    setup = _receive(tasks)
    if setup is None:
        return
    work: Callable[[bytes], bytes] | None = None
    while (task := _receive(tasks)) is not None:
        failure: _Failure | None = None
        try:
            if work is None:
                work = start(setup)
            reply = work(task)
        except TiankongError as error:
            failure = _Failure(type(error).__name__, str(error))
        except OSError as error:
            failure = _Failure(message=error.strerror or str(error), errno=error.errno, file=_name(error.filename))
        except MemoryError:
            return
        except Exception:
            failure = _Failure(fault=traceback.format_exc())
        with contextlib.suppress(BrokenPipeError):
            if failure is not None:
                _send(replies, json.dumps(asdict(failure)).encode())
            else:
                _send(replies, b"")
                _send(replies, reply)


def _name(file: object) -> str | None:
    return None if file is None else str(file)


def _send(pipe: IO[bytes], content: bytes) -> None:
    pipe.write(len(content).to_bytes(_SIZE_BYTES))
    pipe.write(content)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> bytes | None:
    """A message; ``None`` if the other side is gone."""
    size = pipe.read(_SIZE_BYTES)
    if len(size) < _SIZE_BYTES:
        return None
    content = pipe.read(length := int.from_bytes(size))
    return content if len(content) == length else None
