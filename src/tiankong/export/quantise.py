"""Weights stored in 8 bits: a quarter of the size, the same arithmetic.

Every large matrix is kept as int8 with a scale for each row or column and turned back into fp32 when the network is
loaded. Activations stay fp32, so an answer never depends on what else is in its batch, as it would with dynamic
quantisation (onnxruntime#8625).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

_SMALLEST = 1024
"""Tensors with fewer numbers stay as they are."""

_SHORTEST = 4
"""So do those with fewer numbers to a scale: an LSTM's biases."""

_OUTPUT_AXIS = {"MatMul": 1, "LSTM": 1, "GRU": 1}
"""Where an operator's weights have their output units; the others have them first."""


def quantise_weights(source: Path, target: Path) -> None:
    """Writes the network of ``source`` to ``target`` with its large matrices in 8 bits."""
    model = onnx.load(str(source))
    graph = model.graph
    operators = {name: node.op_type for node in graph.node for name in node.input}
    kept, restored = [], []
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        axis = _OUTPUT_AXIS.get(operators.get(tensor.name, ""), 0)
        if values.dtype != np.float32 or values.size < _SMALLEST or values.size < _SHORTEST * values.shape[axis]:
            kept.append(tensor)
            continue
        numbers, scale = _quantised(values, axis)
        names = [f"{tensor.name}.int8", f"{tensor.name}.scale"]
        kept += [numpy_helper.from_array(numbers, names[0]), numpy_helper.from_array(scale, names[1])]
        restored.append(helper.make_node("DequantizeLinear", names, [tensor.name], name=tensor.name, axis=axis))
    nodes = [*restored, *graph.node]
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend(nodes)
    onnx.checker.check_model(model)
    onnx.save(model, str(target))


def _quantised(values: NDArray[np.float32], axis: int) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Numbers from -127 to 127 and the scale of each index along ``axis``."""
    others = tuple(number for number in range(values.ndim) if number != axis)
    highest = np.abs(values).max(axis=others, keepdims=True)
    scale = np.where(highest > 0, highest / 127, 1).astype(np.float32)
    numbers = np.rint(values / scale).astype(np.int8)
    return numbers, scale.reshape(-1)
