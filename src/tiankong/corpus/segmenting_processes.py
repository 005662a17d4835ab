"""Segments chunks in other processes.

They are plain children that talk through pipes. Those of :mod:`multiprocessing` import the user's main module again,
which starts a script without ``if __name__ == "__main__"`` a second time.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import msgspec

from tiankong.config import PrepareConfig
from tiankong.corpus.segmenting import ChunkSegmenter
from tiankong.errors import TiankongError

_START = "import sys; sys.path[:] = sys.argv[1:]; from tiankong.corpus.segmenting_processes import serve; serve()"
_SIZE_BYTES = 8


def can_start() -> bool:
    """Whether this program can start others of its kind: one that is bundled as a single file can't."""
    return bool(sys.executable) and not getattr(sys, "frozen", False)


class SegmentingProcesses:
    """Several processes, each with one chunk at a time. They end with the block, or with this process."""

    def __init__(self, count: int, config: PrepareConfig, user_words: Sequence[str]) -> None:
        """At most ``count`` processes, as many as there are chunks for; they segment as :class:`ChunkSegmenter`."""
        self._setup = {"config": dataclasses.asdict(config), "user_words": list(user_words)}
        self._processes: list[_Process] = []
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="segmenting")
        self._own = threading.local()  # each thread has a process of its own

    def write(self, content: bytes, file: Path) -> Future[None]:
        """Writes the shard of the chunk with these bytes, some time.

        The result raises TiankongError if the process was killed, and what writing the file raises.
        """
        return self._threads.submit(self._write, content, file)

    def _write(self, content: bytes, file: Path) -> None:
        if not hasattr(self._own, "process"):
            self._own.process = _Process(self._setup)
            self._processes.append(self._own.process)
        self._own.process.write(content, file)

    def __enter__(self) -> SegmentingProcesses:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._processes:
            process.end()
        self._threads.shutdown(cancel_futures=True)


class _Process:
    """A process and the pipes to it."""

    def __init__(self, setup: dict[str, Any]) -> None:
        # In a session of its own: Ctrl-C reaches this process alone, which ends the others.
        self._child = subprocess.Popen(
            [sys.executable, "-c", _START, *sys.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        self._setup: dict[str, Any] | None = setup

    def write(self, content: bytes, file: Path) -> None:
        reply = None
        with contextlib.suppress(OSError, ValueError):  # the process is gone
            to, back = self._child.stdin, self._child.stdout
            assert to is not None
            assert back is not None
            if self._setup is not None:
                _send(to, json.dumps(self._setup).encode())
                self._setup = None
            _send(to, str(file).encode())
            _send(to, content)
            reply = _receive(back)
        if reply is None:
            raise TiankongError(
                f"a process that segments texts {_how_it_ended(self._child.wait())}, probably because memory ran out: "
                "give fewer `processes` and go on with `resume=True`"
            )
        problem = json.loads(reply)
        if "errno" in problem:
            raise OSError(problem["errno"], problem["message"], problem["file"])
        if problem:
            raise RuntimeError(problem["fault"])

    def end(self) -> None:
        self._child.kill()
        self._child.wait()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


def serve() -> None:
    """Segments chunks from standard input until it ends: the whole life of a process."""
    receive, reply = sys.stdin.buffer, sys.stdout.buffer
    setup = _receive(receive)
    if setup is None:
        return
    stated = json.loads(setup)
    segmenter = ChunkSegmenter(msgspec.convert(stated["config"], PrepareConfig), stated["user_words"])
    while (file := _receive(receive)) is not None and (content := _receive(receive)) is not None:
        problem: dict[str, Any] = {}
        try:
            segmenter.segment(content).write(Path(file.decode()))
        except OSError as error:
            problem = {"errno": error.errno, "message": error.strerror or str(error), "file": error.filename}
        except MemoryError:
            return
        except Exception:
            problem = {"fault": traceback.format_exc()}
        with contextlib.suppress(BrokenPipeError):
            _send(reply, json.dumps(problem).encode())


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


def _how_it_ended(code: int) -> str:
    if code < 0:
        with contextlib.suppress(ValueError):
            return f"was killed ({signal.Signals(-code).name})"
    return f"ended early (code {code})"
