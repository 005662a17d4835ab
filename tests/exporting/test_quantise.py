"""A network in 8 bits: close to the original, and the same for a text whatever it is answered with."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from tests import networks
from tiankong.exporting import integer_lstm, quantise
from tiankong.exporting.onnx_export import export_onnx
from tiankong.runtime.session import NetworkSession

TEXTS = st.lists(
    st.lists(st.integers(networks.FIRST, networks.LAST - 1), min_size=1, max_size=12), min_size=1, max_size=6
)


@pytest.fixture(scope="module", params=networks.VARIANTS, ids=str)
def files(request, tmp_path_factory):
    """A network in 32 bits and in 8."""
    folder = tmp_path_factory.mktemp("quantise")
    export_onnx(networks.build(*request.param), networks.LEXICON, folder / "fp32.onnx")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quantise, "_SMALLEST", 40)
        quantise.quantise(folder / "fp32.onnx", folder / "int8.onnx", networks.LEXICON)
    return folder / "fp32.onnx", folder / "int8.onnx"


@pytest.fixture(scope="module")
def sessions(files):
    return [NetworkSession(file, threads=1) for file in files]


@given(texts=TEXTS)
@example(texts=[[4] * 6, [4, 14, 10, 6, 15]])
def test_a_text_is_answered_the_same_alone_and_among_others(sessions, texts):
    together = sessions[1].run(networks.arrays(*texts))["scores"]
    alone = np.concatenate([sessions[1].run(networks.arrays(text))["scores"] for text in texts])
    differences = np.abs(together - alone).max(axis=1)
    # A sum in another order may fall on the other side of the edge between two of the 256 steps: at a position here and
    # there, by one step. A range taken from the batch would move every position.
    assert np.median(differences) <= 1e-5
    assert differences.max() <= 2e-3


@given(texts=TEXTS)
def test_answers_stay_close(sessions, texts):
    arrays = networks.arrays(*texts)
    before, after = (session.run(arrays) for session in sessions)
    assert before.keys() == after.keys()
    for name, whole in before.items():
        assert np.abs(after[name] - whole).mean() <= 0.05 * np.abs(whole).mean() + 0.01


def test_nothing_large_is_left_in_32_bits(files):
    graph = onnx.load(files[1]).graph
    assert {"MatMulInteger", "Gather"} <= {node.op_type for node in graph.node}
    for tensor in graph.initializer:
        if tensor.data_type == TensorProto.FLOAT:
            values = numpy_helper.to_array(tensor)
            assert values.size < 40 or values.ndim < 2 or values.size / max(values.shape) < 4
    kinds = {node.op_type for node in graph.node}
    assert "LSTM" not in kinds
    assert "GRU" in kinds or "DynamicQuantizeLSTM" in kinds


def test_every_number_is_within_half_a_step(files):
    before, after = (
        {tensor.name: numpy_helper.to_array(tensor) for tensor in onnx.load(file).graph.initializer} for file in files
    )
    stored = [name.removesuffix(".int8") for name in after if name.endswith(".int8")]
    assert len(stored) > 3
    for name in stored:
        values, numbers, scale = before[name], after[f"{name}.int8"], after[f"{name}.scale"]
        axis = next(number for number, size in enumerate(values.shape) if size == len(scale))
        steps = scale.reshape([-1 if number == axis else 1 for number in range(values.ndim)])
        assert (np.abs(numbers * steps - values) <= 0.5001 * steps).all()


@pytest.mark.parametrize(
    ("operator", "highest"),
    [("Tanh", integer_lstm._HIGHEST_TANH), ("Sigmoid", integer_lstm._HIGHEST_SIGMOID)],
)
def test_no_state_goes_beyond_the_units_that_hold_the_range(operator, highest):
    value = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n"]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node(operator, ["x"], ["y"])], "one", value[:1], value[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    edges = np.array([2.0, 64.0], dtype=np.float32).view(np.uint32)
    every = np.arange(*edges, dtype=np.uint32).view(np.float32)  # beyond 2 and to 64, each float32 there is
    (found,) = session.run(None, {"x": every})
    (at,) = session.run(None, {"x": np.full(8, highest, dtype=np.float32)})
    assert (at == at[0]).all()
    assert found.max() <= at[0]
