"""The trained network as an ONNX file, compared with torch before it is used."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import Tensor

from tiankong.network.context import ContextNetwork, tensors
from tiankong.text.network_input import Lexicon, NetworkInput, Window, network_input
from tiankong.text.vocabulary import BEGIN, END, SPECIAL_TOKENS

OPSET = 18
LARGEST_DIFFERENCE = 1e-4
"""Between a score of the exported and of the torch network. Where scores exceed :data:`_USUAL`, as in a label layer
that separates its texts well, it grows with the largest score: 32 bits hold no more digits.
"""

_USUAL = 10.0

_INPUT_AXES = {
    "word_ids": {0: "words"},
    "character_ids": {0: "words", 1: "characters"},
    "forward_words": {0: "sentences", 1: "forward_tokens"},
    "backward_words": {0: "sentences", 1: "backward_tokens"},
    "forward_index": {0: "predictions"},
    "backward_index": {0: "predictions"},
    "by_sentence": {0: "sentences", 1: "most_predictions"},
    "places": {0: "predictions"},
}


class _Exported(torch.nn.Module):
    """A network whose ``forward`` returns everything that filling needs."""

    def __init__(self, network: ContextNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, *arrays: Tensor) -> tuple[Tensor, ...]:
        """See :meth:`ContextNetwork.outputs`."""
        return self.network.outputs(*arrays)


def export_onnx(network: ContextNetwork, lexicon: Lexicon, path: Path) -> float:
    """Writes ``network`` to ``path`` and returns the largest difference between the two over a range of shapes.

    :raises RuntimeError: the difference is above :data:`LARGEST_DIFFERENCE`.
    """
    network.eval()
    example = tensors(_example(network, lexicon, [7, 4, 9], seed=0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        torch.onnx.export(
            _Exported(network.folded()),
            tuple(example),
            str(path),
            input_names=list(NetworkInput._fields),
            output_names=list(network.output_axes),
            dynamic_axes=_INPUT_AXES | {name: {0: axis} for name, axis in network.output_axes.items()},
            opset_version=OPSET,
            dynamo=False,
        )
    with network.unchanged():
        difference = largest_difference(network, lexicon, path)
    if not difference <= LARGEST_DIFFERENCE:  # or no number
        raise RuntimeError(f"the exported network differs from the trained one by {difference:.2g}")
    return difference


def largest_difference(network: ContextNetwork, lexicon: Lexicon, path: Path) -> float:
    """Largest difference of any output over texts of 1 to 200 tokens, alone and in batches; see
    :data:`LARGEST_DIFFERENCE`.
    """
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    inputs = {entry.name for entry in session.get_inputs()}  # without character vectors one is left out
    difference = 0.0
    for seed, lengths in enumerate(([1], [2], [31], [200], [1, 5, 17, 3], [64, 1])):
        arrays = _example(network, lexicon, lengths, seed)
        with torch.no_grad():
            trained = network.outputs(*tensors(arrays))
        exported = session.run(None, {name: value for name, value in arrays._asdict().items() if name in inputs})
        for output, expected in zip(exported, trained, strict=True):
            scale = max(1.0, float(expected.abs().max()) / _USUAL)
            difference = np.maximum(difference, np.abs(np.asarray(output) - expected.numpy()).max() / scale)
    return float(difference)


def _example(network: ContextNetwork, lexicon: Lexicon, lengths: list[int], seed: int) -> NetworkInput:
    generator = np.random.default_rng(seed)
    windows = []
    for length in lengths:
        words = generator.integers(len(SPECIAL_TOKENS), len(lexicon.word_ids), length)
        ids = np.concatenate([[BEGIN], words, [END]])
        windows.append(Window(ids, 1, length + 1, network.positions(length)))
    return network_input(windows, lexicon)
