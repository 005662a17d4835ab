"""The exported network behind ONNX Runtime."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from tiankong.errors import FolderError
from tiankong.runtime.deadline import check_deadline
from tiankong.text.network_input import NetworkInput

Scores = NDArray[np.float32]

Batch = TypeVar("Batch")
Found = TypeVar("Found")


class Outputs(NamedTuple):
    """Predictions N, words fed W, vocabulary V, bits of a code.

    ``scores`` are word logits (N, V), bit logits (N, bits) or both; ``context`` (N, E) the vectors behind them;
    ``spelled`` (W, E) output vectors of words known by their characters alone, if the model composes such.
    """

    scores: Scores
    context: NDArray[np.float32]
    spelled: NDArray[np.float32] | None


class NetworkSession:
    """Runs ``model.onnx`` on the processor; safe to share between threads."""

    def __init__(self, path: Path, threads: int = 0) -> None:
        """``threads`` to compute with, 0 for one a core.

        :raises FolderError: ``path`` is no network that ONNX Runtime can open.
        """
        self.threads = threads or os.cpu_count() or 1
        self._path = path
        self._session = self._opened(self.threads)
        self._inputs = {entry.name for entry in self._session.get_inputs()}
        self._outputs = [entry.name for entry in self._session.get_outputs()]
        self._opening = threading.Lock()

    def _opened(self, threads: int) -> onnxruntime.InferenceSession:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        # Weights that are stored in 8 bits and used in 32 are turned once, here, and not again in every run.
        options.add_session_config_entry("session.disable_quant_qdq", "1")
        try:
            return onnxruntime.InferenceSession(str(self._path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime's own exceptions share no public base
            raise FolderError(
                f"{self._path} can't be opened by ONNX Runtime ({error}): train the model again"
            ) from None

    @cached_property
    def _narrow(self) -> onnxruntime.InferenceSession:
        """For runs beside each other, each on one thread; opened when first needed, since it takes room."""
        return self._session if self.threads == 1 else self._opened(1)

    @property
    def gives_context(self) -> bool:
        """Whether there are context vectors beside the scores."""
        return "context" in self._outputs

    def run(self, arrays: NetworkInput, *, beside_others: bool = False) -> Outputs:
        """All outputs of a network that fills blanks for the N positions asked for."""
        found = self.outputs(arrays, beside_others=beside_others)
        scores: Scores = found["scores"]
        return Outputs(scores, found.get("context", scores), found.get("spelled"))

    def outputs(self, arrays: NetworkInput, *, beside_others: bool = False) -> dict[str, Any]:
        """What the network gives out, by name; on one thread if it runs ``beside_others``.

        :raises OutOfTimeError: see :mod:`tiankong.runtime.deadline`.
        """
        check_deadline()
        session = self._session
        if beside_others:
            with self._opening:
                session = self._narrow
        feed = {name: value for name, value in arrays._asdict().items() if name in self._inputs}
        return dict(zip(self._outputs, session.run(None, feed), strict=True))

    def in_turn(self, work: Callable[[Batch, bool], Found], batches: Sequence[Batch]) -> Iterator[Found]:
        """What ``work`` makes of each batch, in order. One batch is computed on all threads, several beside each other,
        each on one, which ``work`` is told.
        """
        if len(batches) == 1 or self.threads == 1:
            for batch in batches:
                yield work(batch, False)
            return
        with ThreadPoolExecutor(self.threads) as workers:
            coming: deque[Future[Found]] = deque()
            for batch in batches:
                check_deadline()  # the workers don't know of a limit
                coming.append(workers.submit(work, batch, True))
                if len(coming) > 2 * self.threads:
                    yield coming.popleft().result()
            for future in coming:
                yield future.result()

    def scores(self, arrays: NetworkInput) -> Scores:
        """The scores alone."""
        return self.run(arrays).scores
