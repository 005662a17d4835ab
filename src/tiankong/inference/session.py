"""The exported network behind ONNX Runtime."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from tiankong.errors import FolderError
from tiankong.text.network_input import NetworkInput

Scores = NDArray[np.float32]


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
        """``threads`` for one run, 0 for one a core.

        :raises FolderError: ``path`` is no network that ONNX Runtime can open.
        """
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        # Weights that are stored in 8 bits and used in 32 are turned once, here, and not again in every run.
        options.add_session_config_entry("session.disable_quant_qdq", "1")
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime's own exceptions share no public base
            raise FolderError(f"{path} can't be opened by ONNX Runtime ({error}): train the model again") from None
        self._inputs = {entry.name for entry in self._session.get_inputs()}
        self._outputs = [entry.name for entry in self._session.get_outputs()]

    @property
    def gives_context(self) -> bool:
        """Whether there are context vectors beside the scores."""
        return "context" in self._outputs

    def run(self, arrays: NetworkInput) -> Outputs:
        """All outputs for the N positions asked for."""
        feed = {name: value for name, value in arrays._asdict().items() if name in self._inputs}
        found = dict(zip(self._outputs, self._session.run(None, feed), strict=True))
        scores: Scores = found["scores"]
        return Outputs(scores, found.get("context", scores), found.get("spelled"))

    def scores(self, arrays: NetworkInput) -> Scores:
        """The scores alone."""
        return self.run(arrays).scores
