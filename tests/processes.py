"""Commands in processes of their own that begin at once: forks of a server that has imported what training needs.

``tiankong train`` imports for seconds before it does anything; a test that starts it again and again, to stop it in the
middle, would do little else.
"""

from __future__ import annotations

import importlib.util
import multiprocessing
import os
import signal
import sys
import tempfile
from pathlib import Path

from tiankong.cli.main import main

IMPORTED = [
    "lightning.pytorch",
    "tiankong.pipeline.train",
    "tiankong.training.trainer",
    "tiankong.exporting.model_writer",
]

# What can't be imported would be left out without a word.
assert all(map(importlib.util.find_spec, IMPORTED))
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(IMPORTED)


class Command:
    """A running ``tiankong`` with these ``arguments``."""

    def __init__(self, *arguments: object) -> None:
        descriptor, name = tempfile.mkstemp()
        os.close(descriptor)
        self._output = Path(name)
        self._process = _CONTEXT.Process(target=_run, args=([*map(str, arguments)], name))
        self._process.start()

    @property
    def returncode(self) -> int | None:
        """``None`` while it runs; negative if a signal has killed it."""
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            assert self._process.pid is not None
            os.kill(self._process.pid, number)

    def wait(self, timeout: float = 300) -> str:
        """Waits for its end; what it has written to standard output and error."""
        self._process.join(timeout)
        assert self.returncode is not None, f"it runs for more than {timeout} seconds"
        said = self._output.read_text(encoding="utf-8")
        self._output.unlink()
        return said


def _run(arguments: list[str], output: str) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # which the server ignores
    descriptor = os.open(output, os.O_WRONLY | os.O_APPEND)
    for standard in (1, 2):
        os.dup2(descriptor, standard)
    sys.argv = ["tiankong", *arguments]
    main()
