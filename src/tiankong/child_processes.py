"""Starts child processes, and passes messages between them and this one.

They are plain children that talk through pipes. Those of :mod:`multiprocessing` import the user's main module again,
which starts a script without ``if __name__ == "__main__"`` a second time.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from typing import IO

_START = "import sys; sys.path[:] = sys.argv[2:]; from {module} import serve; serve()"
_SIZE_BYTES = 8


def can_start() -> bool:
    """Whether this program can start others of its kind: one that is bundled as a single file can't."""
    return bool(sys.executable) and not getattr(sys, "frozen", False)


class ChildProcess:
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
            send(self._process.stdin, content)

    def receive(self) -> bytes | None:
        """A message; ``None`` if the process is gone."""
        with contextlib.suppress(OSError, ValueError):
            assert self._process.stdout is not None
            return receive(self._process.stdout)
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


def send(pipe: IO[bytes], content: bytes) -> None:
    """Writes a message."""
    pipe.write(len(content).to_bytes(_SIZE_BYTES))
    pipe.write(content)
    pipe.flush()


def receive(pipe: IO[bytes]) -> bytes | None:
    """Reads a message; ``None`` if the other side is gone."""
    size = pipe.read(_SIZE_BYTES)
    if len(size) < _SIZE_BYTES:
        return None
    content = pipe.read(length := int.from_bytes(size))
    return content if len(content) == length else None
