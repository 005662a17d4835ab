"""The exported network behind ONNX Runtime: arrays in, arrays out."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from typing import Any

import onnxruntime
from numpy.typing import NDArray

from tiankong.errors import FolderError
from tiankong.machine import threads_to_use
from tiankong.runtime.deadline import check_deadline
from tiankong.text.network_input import NetworkInput

Arrays = dict[str, NDArray[Any]]
"""The network's outputs by name."""


class NetworkSession:
    """Runs ``model.onnx`` on the processor. Safe to share between threads."""

    def __init__(self, path: Path, threads: int = 0) -> None:
        """``threads`` to compute with; 0 means one per processor that this process may use, and no more are used
        than the machine has processors.

        :raises FolderError: ONNX Runtime can't open ``path``.
        """
        self.threads = threads_to_use(threads)
        self._path = path
        self._session = self._open(self.threads)
        self._inputs = {entry.name for entry in self._session.get_inputs()}
        self._outputs = [entry.name for entry in self._session.get_outputs()]
        self._opening = threading.Lock()

    def _open(self, threads: int) -> onnxruntime.InferenceSession:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        # Weights stored in 8 bits and used in 32 are converted once, here, instead of in every run.
        options.add_session_config_entry("session.disable_quant_qdq", "1")
        try:
            return onnxruntime.InferenceSession(str(self._path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime's own exceptions share no public base
            raise FolderError(
                f"{self._path} can't be opened by ONNX Runtime ({error}): train the model again"
            ) from None

    @cached_property
    def _single_threaded(self) -> onnxruntime.InferenceSession:
        """For runs side by side; opened when first needed, since it takes memory."""
        return self._session if self.threads == 1 else self._open(1)

    @property
    def gives_context(self) -> bool:
        """Whether the network returns context vectors beside the scores."""
        return "context" in self._outputs

    def run(self, arrays: NetworkInput, *, single_thread: bool = False) -> Arrays:
        """The network's outputs for one batch.

        :raises OutOfTimeError: see :mod:`tiankong.runtime.deadline`.
        """
        check_deadline()
        session = self._session
        if single_thread:
            with self._opening:
                session = self._single_threaded
        feed = {name: value for name, value in arrays._asdict().items() if name in self._inputs}
        return dict(zip(self._outputs, session.run(None, feed), strict=True))

    def run_each(self, batches: Iterable[NetworkInput]) -> Iterator[Arrays]:
        """The outputs of each batch, in order. A single batch uses all threads; several run side by side, each on one.

        ``batches`` is consumed as workers become free, so that few batches are in memory at once.

        :raises OutOfTimeError: see :mod:`tiankong.runtime.deadline`.
        """
        waiting = iter(batches)
        first = list(islice(waiting, 2))
        if len(first) < 2 or self.threads == 1:
            yield from map(self.run, chain(first, waiting))
            return
        with ThreadPoolExecutor(self.threads) as workers:
            running: deque[Future[Arrays]] = deque()
            for arrays in chain(first, waiting):
                check_deadline()  # the workers have no deadline of their own
                running.append(workers.submit(self.run, arrays, single_thread=True))
                if len(running) > self.threads:
                    yield running.popleft().result()
            for future in running:
                yield future.result()
