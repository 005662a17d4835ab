"""An LSTM in whole numbers whose rounding is the same in any batch.

ONNX Runtime's DynamicQuantizeLSTM rounds what it multiplies by the range it finds in the batch at that step. Here that
range is always the same: two units more have the largest and the smallest state there can be, at every step, and two
features more hold the inputs' range, to which inputs are clipped.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from tiankong.exporting.int8 import Floats, eight_bits
from tiankong.text.network_input import Lexicon, Window, network_input
from tiankong.text.vocabulary import BEGIN, END, SPECIAL_TOKENS

DOMAIN = "com.microsoft"

_LEVELS = 63
"""Weights get 7 bits, states and inputs 8, for the reason given in :mod:`~tiankong.exporting.integer_product`."""

_HIGHEST_TANH, _HIGHEST_SIGMOID = 8.47554, 17.482065
"""Where ONNX Runtime's approximations are highest, by a bit in the last place above one: no state goes beyond the
product of these two."""

_SATURATED = 50.0
"""A gate that is exactly open, or closed with the other sign."""

_BATCH, _WORDS, _MOST_WORDS = 32, 40, 50_000

_PADS, _CELL, _MINUS_CELL, _START, _AXIS = (
    f"lstm.{name}" for name in ("one_more", "cell", "minus_cell", "start", "axis")
)
CONSTANTS = [
    numpy_helper.from_array(np.array([0, 0, 0, 0, 0, 1], dtype=np.int64), _PADS),
    numpy_helper.from_array(np.array(_HIGHEST_TANH, dtype=np.float32), _CELL),
    numpy_helper.from_array(np.array(-_HIGHEST_TANH, dtype=np.float32), _MINUS_CELL),
    numpy_helper.from_array(np.array([0], dtype=np.int64), _START),
    numpy_helper.from_array(np.array([3], dtype=np.int64), _AXIS),
]


def input_ranges(model: ModelProto, inputs: Sequence[str], lexicon: Lexicon) -> dict[str, float]:
    """Largest absolute value of each of ``inputs``, tensors of ``model``, while it reads the words of ``lexicon``."""
    if not inputs:
        return {}
    watched = copy.deepcopy(model)
    watched.graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in inputs)
    session = onnxruntime.InferenceSession(watched.SerializeToString(), providers=["CPUExecutionProvider"])
    taken = {entry.name for entry in session.get_inputs()}
    words = np.arange(len(SPECIAL_TOKENS), min(len(lexicon.word_ids), _MOST_WORDS))
    texts = [np.concatenate([[BEGIN], part, [END]]) for part in np.split(words, range(_WORDS, len(words), _WORDS))]
    windows = [Window(ids, 1, len(ids) - 1, np.array([1, len(ids) - 2])) for ids in texts]
    highest = np.zeros(len(inputs))
    for first in range(0, len(windows), _BATCH):
        arrays = network_input(windows[first : first + _BATCH], lexicon)
        feed = {name: value for name, value in arrays._asdict().items() if name in taken}
        inputs_read = session.run(list(inputs), feed)
        highest = np.maximum(highest, [np.abs(np.asarray(values)).max() for values in inputs_read])
    return dict(zip(inputs, highest.tolist(), strict=True))


def integer_lstm(node: NodeProto, parts: Sequence[Floats], largest: float) -> tuple[list[NodeProto], list[TensorProto]]:
    """Nodes and tensors that compute the output of ``node``, an LSTM over inputs of at most ``largest``.

    ``parts`` are its weights (1, 4H, I) and (1, 4H, H) and biases (1, 8H).
    """
    inputs, states, biases = parts
    hidden = states.shape[2]
    size = hidden + 2
    name = node.output[0]
    # Gates in ONNX's order: input, output, forget, cell. The units that hold the range keep the cell they start with.
    bias = np.zeros((1, 8, size), dtype=np.float32)
    bias[:, :, :hidden] = biases.reshape(1, 8, hidden)
    bias[:, :3, hidden:] = np.array([-_SATURATED, _HIGHEST_SIGMOID, _SATURATED], dtype=np.float32)[:, None]
    stored: dict[str, NDArray[np.generic]] = {"bias": bias.reshape(1, -1), "end": np.array([hidden], dtype=np.int64)}
    for part, weights in (("inputs", inputs), ("states", states)):
        wider = np.zeros((1, 4, size, weights.shape[2] + 2), dtype=np.float32)
        wider[:, :, :hidden, :-2] = weights.reshape(1, 4, hidden, -1)
        numbers, scale = eight_bits(wider.reshape(1, 4 * size, -1), 1, _LEVELS)
        stored |= {part: np.ascontiguousarray(numbers.transpose(0, 2, 1)), f"{part}_scale": scale[None]}
    stored |= {
        "zero": np.zeros((1, 4 * size), dtype=np.int8),
        "most": np.array(largest, dtype=np.float32),
        "least": np.array(-largest, dtype=np.float32),
    }
    names = {key: f"{name}.{key}" for key in stored}
    clipped, wide, wider_still, cell, cells, output = (
        f"{name}.{key}" for key in ("clipped", "input_most", "input_least", "cell_most", "cell_least", "output")
    )
    weights_of = [names[key] for key in ("inputs", "states", "bias")]
    scales = [names[key] for key in ("inputs_scale", "zero", "states_scale", "zero")]
    nodes = [
        helper.make_node("Clip", [node.input[0], names["least"], names["most"]], [clipped]),
        helper.make_node("Pad", [clipped, _PADS, names["most"]], [wide]),
        helper.make_node("Pad", [wide, _PADS, names["least"]], [wider_still]),
        helper.make_node("Pad", [node.input[6], _PADS, _CELL], [cell]),
        helper.make_node("Pad", [cell, _PADS, _MINUS_CELL], [cells]),
        helper.make_node(
            "DynamicQuantizeLSTM",
            [wider_still, *weights_of, "", "", cells, "", *scales],
            [output],
            domain=DOMAIN,
            hidden_size=size,
        ),
        helper.make_node("Slice", [output, _START, names["end"], _AXIS], [name]),
    ]
    return nodes, [numpy_helper.from_array(value, names[key]) for key, value in stored.items()]
