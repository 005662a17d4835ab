"""Products with a constant matrix in whole numbers.

::

    y = x W + b    →    y = step(x) · scale(W) · (round(x / step(x)) · W8) + b

``step`` is a row's own, so a row is rounded the same whatever stands beside it. Activations get 7 bits: processors
without VNNI add two products of bytes in 16 bits, where two times 255 · 127 has no room.
"""

from __future__ import annotations

import numpy as np
from onnx import NodeProto, TensorProto, helper, numpy_helper

_LEVELS = 63
_LAST, _LEAST, _STEP, _SHIFT, _ZERO = (f"product.{name}" for name in ("last", "least", "step", "shift", "zero"))

CONSTANTS = [
    numpy_helper.from_array(np.array([-1], dtype=np.int64), _LAST),
    numpy_helper.from_array(np.array(1e-30, dtype=np.float32), _LEAST),  # a row of nothing but zeros
    numpy_helper.from_array(np.array(1 / _LEVELS, dtype=np.float32), _STEP),
    numpy_helper.from_array(np.array(_LEVELS + 1, dtype=np.float32), _SHIFT),
    numpy_helper.from_array(np.array(_LEVELS + 1, dtype=np.uint8), _ZERO),
]


class Products:
    """Replaces operators on ``weights``, matrices stored as ``NAME.int8`` with ``NAME.scale`` of their outputs."""

    def __init__(self) -> None:
        self.weights: set[str] = set()
        self._turned: set[str] = set()
        self._rounded: set[str] = set()

    @staticmethod
    def takes(node: NodeProto, weight: str) -> bool:
        """Whether ``node`` can be replaced."""
        if node.op_type == "Gather":
            return bool(node.input[0] == weight and all(attribute.i == 0 for attribute in node.attribute))
        if node.op_type == "Gemm":
            attributes = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
            plain = attributes.get("alpha", 1) == attributes.get("beta", 1) == attributes.get("transB", 0) == 1
            return bool(node.input[1] == weight and plain and not attributes.get("transA", 0))
        return bool(node.op_type == "MatMul" and node.input[1] == weight)

    def replaced(self, node: NodeProto) -> list[NodeProto]:
        """The nodes that compute the output of ``node``."""
        return self._rows(node) if node.op_type == "Gather" else self._product(node)

    @staticmethod
    def _rows(node: NodeProto) -> list[NodeProto]:
        weight, index = node.input
        numbers, floats, scale, column = (f"{node.output[0]}.{name}" for name in ("int8", "fp32", "scale", "column"))
        return [
            helper.make_node("Gather", [f"{weight}.int8", index], [numbers]),
            helper.make_node("Cast", [numbers], [floats], to=TensorProto.FLOAT),
            helper.make_node("Gather", [f"{weight}.scale", index], [scale]),
            helper.make_node("Unsqueeze", [scale, _LAST], [column]),
            helper.make_node("Mul", [floats, column], list(node.output)),
        ]

    def _product(self, node: NodeProto) -> list[NodeProto]:
        source, weight = node.input[:2]
        matrix, output = f"{weight}.int8", node.output[0]
        nodes = self._round(source)
        if node.op_type == "Gemm":
            # Turned once, when the network is loaded: the table is stored as a Gather reads it.
            if weight not in self._turned:
                self._turned.add(weight)
                nodes.append(helper.make_node("Transpose", [matrix], [f"{matrix}.turned"], perm=[1, 0]))
            matrix = f"{matrix}.turned"
        whole, floats, steps, product = (f"{output}.{name}" for name in ("whole", "fp32", "steps", "product"))
        biased = len(node.input) > 2
        nodes += [
            helper.make_node("MatMulInteger", [f"{source}.rounded", matrix, _ZERO], [whole]),
            helper.make_node("Cast", [whole], [floats], to=TensorProto.FLOAT),
            helper.make_node("Mul", [floats, f"{source}.step"], [steps]),
            helper.make_node("Mul", [steps, f"{weight}.scale"], [product if biased else output]),
        ]
        if biased:
            nodes.append(helper.make_node("Add", [product, node.input[2]], [output]))
        return nodes

    def _round(self, source: str) -> list[NodeProto]:
        """``source.rounded`` and ``source.step``, one number a row, once for all products of ``source``."""
        if source in self._rounded:
            return []
        self._rounded.add(source)
        size, highest, safe, step = (f"{source}.{name}" for name in ("size", "highest", "safe", "step"))
        ratio, nearest, shifted = (f"{source}.{name}" for name in ("ratio", "nearest", "shifted"))
        return [
            helper.make_node("Abs", [source], [size]),
            helper.make_node("ReduceMax", [size, _LAST], [highest], keepdims=1),
            helper.make_node("Max", [highest, _LEAST], [safe]),
            helper.make_node("Mul", [safe, _STEP], [step]),
            helper.make_node("Div", [source, step], [ratio]),
            helper.make_node("Round", [ratio], [nearest]),
            helper.make_node("Add", [nearest, _SHIFT], [shifted]),
            helper.make_node("Cast", [shifted], [f"{source}.rounded"], to=TensorProto.UINT8),
        ]
