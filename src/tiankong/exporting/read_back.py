"""The weights of an exported network, read back from its ONNX file: as they were, or as they were rounded to 8 bits.

What the exporter called a matrix depends on the operator that it became, so each is found by the layer whose output it
makes; nothing in the file is run. The inverse of :mod:`~tiankong.exporting.onnx_export` and
:mod:`~tiankong.exporting.quantise`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import torch
from google.protobuf.message import DecodeError
from onnx import NodeProto, numpy_helper

from tiankong.exporting.int8 import Floats
from tiankong.network.cloze import ClozeNetwork
from tiankong.network.heads.softmax import COMPOSED_SCALE, SoftmaxHead

_STACKS = ("encoder.forward_stack.", "encoder.backward_stack.")
_CELLS = {"LSTM", "GRU", "DynamicQuantizeLSTM"}
_GATES = {"lstm": [0, 2, 3, 1], "gru": [1, 0, 2]}
"""Where the gates of torch's order stand in ONNX's: input, output, forget, cell; and update, reset, new."""

_WORDS, _COMPOSE = "embedding.words.weight", "head.compose.weight"
_SPELLED = "spelled"
"""The output that the matrix behind composed output vectors makes."""


def read_weights(file: Path, network: ClozeNetwork, bias: Floats | None) -> dict[str, Floats]:
    """The weights in ``file`` by their names in ``network``, which has the same shape and words; its own are replaced.

    ``bias`` (V,) is that of the words where answering adds it, after the exported network.

    :raises ValueError: the file is no such network.
    """
    try:
        # External data would be read from wherever the file says.
        graph = _Graph(onnx.load(str(file), load_external_data=False))
    except DecodeError:
        raise ValueError("it is not in the ONNX format") from None
    weights: dict[str, Floats] = {}
    for name, value in network.state_dict().items():
        if name == "head.bias" and bias is not None:
            found = bias
        elif name.startswith(_STACKS):
            found = graph.recurrent(name, network.config.cell)
        elif name == _COMPOSE:
            found = graph.product(_SPELLED) / np.float32(COMPOSED_SCALE)
        else:
            found = graph.parameter(name)
        if found.shape != tuple(value.shape):
            raise ValueError(f"{name} has the shape {list(found.shape)}, not {list(value.shape)}")
        weights[name] = np.array(found, dtype=np.float32, order="C")
    network.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()})
    if isinstance(network.head, SoftmaxHead) and network.head.compose is not None:
        # The exported table holds the composed parts, too.
        weights[_WORDS] = weights[_WORDS] - network.head.composed_parts().numpy()
        network.load_state_dict({_WORDS: torch.from_numpy(weights[_WORDS])}, strict=False)
    return weights


class _Graph:
    """The tensors of an exported network, by name and by what they make."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self._values = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
        self._made_by: dict[str, NodeProto] = {output: node for node in model.graph.node for output in node.output}

    def parameter(self, name: str) -> Floats:
        """A table, a layer's matrix (outputs, inputs) or its bias."""
        found = self._floats(f"network.{name}", 0)
        if found is None:
            # The exporter names the layers that are called; a head's methods are.
            layer = name.removesuffix(".weight").removeprefix("head.").replace(".", "/")
            return self.product(f"/{layer}/MatMul_output_0")
        return found

    def product(self, output: str) -> Floats:
        """The matrix (outputs, inputs) by whose product ``output`` is made."""
        node = self._node(output)
        # In whole numbers, the last step is the multiplication by the matrix's scale.
        found = self._floats(node.input[1].removesuffix(".scale"), 1)
        if found is None:
            raise ValueError(f"no matrix makes {output}")
        return found.T

    def recurrent(self, name: str, cell: str) -> Floats:
        """A weight or bias of an LSTM or GRU, in torch's order of gates."""
        stack, _, parameter = name.rpartition(".")
        kind, _, layer = parameter.rpartition("_l")
        cells = list(self._cells(f"/{stack.replace('.', '/')}/"))
        if int(layer) >= len(cells):
            raise ValueError(f"there is no layer {layer} of {stack}")
        node = cells[int(layer)]
        if node.op_type == "DynamicQuantizeLSTM":
            inputs, states, biases = self._integer_cell(node)
        else:
            inputs, states, biases = (self._needed(part, 1) for part in node.input[1:4])
        gates = len(_GATES[cell])
        halves = biases.reshape(2, -1)
        parts = {"weight_ih": inputs[0], "weight_hh": states[0], "bias_ih": halves[0], "bias_hh": halves[1]}
        by_gate = parts[kind].reshape(gates, -1, *parts[kind].shape[1:])
        in_order: Floats = by_gate[_GATES[cell]].reshape(parts[kind].shape)
        return in_order

    def _cells(self, scope: str) -> Iterator[NodeProto]:
        """The recurrent layers below ``scope``, from the first on."""
        for output, node in self._made_by.items():
            if node.op_type in _CELLS and output.startswith(scope) and output == node.output[0]:
                yield node

    def _integer_cell(self, node: NodeProto) -> tuple[Floats, Floats, Floats]:
        """The weights (1, 4H, I) and (1, 4H, H) and biases (1, 8H) of an LSTM in whole numbers, without the units and
        features that hold the range: see :mod:`~tiankong.exporting.integer_lstm`.
        """
        name = node.output[0].removesuffix(".output")
        hidden = int(self._values[f"{name}.end"][0])
        matrices = []
        for part in ("inputs", "states"):
            wide = self._values[f"{name}.{part}"].transpose(0, 2, 1) * self._values[f"{name}.{part}_scale"][:, :, None]
            by_gate = wide.reshape(1, 4, hidden + 2, -1)[:, :, :hidden, :-2]
            matrices.append(by_gate.reshape(1, 4 * hidden, -1).astype(np.float32))
        bias = self._values[f"{name}.bias"].reshape(1, 8, hidden + 2)[:, :, :hidden]
        return matrices[0], matrices[1], bias.reshape(1, -1)

    def _needed(self, name: str, axis: int) -> Floats:
        found = self._floats(name, axis)
        if found is None:
            raise ValueError(f"it has no {name}")
        return found

    def _floats(self, name: str, axis: int) -> Floats | None:
        """The tensor ``name`` in 32 bits; in 8 bits it has a scale for each index along ``axis``."""
        if name in self._values:
            return self._values[name]
        numbers, scale = self._values.get(f"{name}.int8"), self._values.get(f"{name}.scale")
        if numbers is None or scale is None:
            return None
        node = self._made_by.get(name)
        if node is not None:  # turned back into 32 bits when the network is loaded
            axis = next(attribute.i for attribute in node.attribute if attribute.name == "axis")
        floats: Floats = numbers * scale.reshape([-1 if place == axis else 1 for place in range(numbers.ndim)])
        return floats

    def _node(self, output: str) -> NodeProto:
        if output not in self._made_by:
            raise ValueError(f"nothing makes {output}")
        return self._made_by[output]
