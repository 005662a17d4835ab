"""The way back from an exported network to weights that can be trained on."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch

from tests import networks
from tiankong.config import TrainingConfig
from tiankong.exporting import quantise
from tiankong.exporting.onnx_export import export_onnx
from tiankong.exporting.read_back import read_weights
from tiankong.network.cloze import ClozeNetwork
from tiankong.network.context import tensors
from tiankong.runtime.session import NetworkSession

TEXTS = [[4, 14, 10, 6, 15], [9], [7, 8, 19, 20, 5]]


@pytest.fixture(scope="module", params=networks.VARIANTS, ids=str)
def exported(request, tmp_path_factory):
    """A network, and its files in 32 bits and in 8."""
    folder = tmp_path_factory.mktemp("read_back")
    network = networks.build(*request.param)
    network.head.settle()
    with torch.no_grad():
        for name, value in network.named_parameters():
            if "bias" in name:
                value.normal_()
    export_onnx(network, networks.LEXICON, folder / "fp32.onnx")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quantise, "_SMALLEST", 40)
        quantise.quantise(folder / "fp32.onnx", folder / "int8.onnx", networks.LEXICON)
    return network, folder


def read(network, file):
    """The weights in ``file``, and a network that has them."""
    tables = networks.tables(network.config.head)
    other = ClozeNetwork(network.config, tables, TrainingConfig(learn_codes=False)).eval()
    stored = network.head.stored()
    return read_weights(file, other, stored.get("bias")), other


def test_weights_in_32_bits_come_back_as_they_were(exported):
    network, folder = exported
    weights, _ = read(network, folder / "fp32.onnx")
    expected = network.state_dict()
    assert weights.keys() == expected.keys()
    for name, value in expected.items():
        assert weights[name] == pytest.approx(value.numpy(), abs=1e-6), name


def test_weights_in_8_bits_come_back_within_half_a_step(exported):
    network, folder = exported
    weights, _ = read(network, folder / "int8.onnx")
    for name, value in network.state_dict().items():
        # A scale spans a row or a column; an LSTM's has 7 bits, and a table its composed part as well.
        step = max(float(value.abs().max()), 1.0) / 63
        assert np.abs(weights[name] - value.numpy()).max() <= step, name


@pytest.mark.parametrize("bits", ["fp32", "int8"])
def test_a_network_that_was_read_back_answers_as_its_file(exported, bits):
    network, folder = exported
    _, other = read(network, folder / f"{bits}.onnx")
    arrays = networks.arrays(*TEXTS)
    with torch.no_grad():
        scores = other.outputs(*tensors(arrays))[0].numpy()
    answered = NetworkSession(folder / f"{bits}.onnx", threads=1).run(arrays)["scores"]
    if bits == "fp32":
        assert scores == pytest.approx(answered, abs=1e-4)
    else:  # whose activations are rounded as well
        assert np.abs(scores - answered).mean() <= 0.05 * np.abs(answered).mean() + 0.01


def test_a_network_that_was_read_back_is_exported_as_it_was(exported, tmp_path):
    network, folder = exported
    _, other = read(network, folder / "int8.onnx")
    export_onnx(other, networks.LEXICON, tmp_path / "again.onnx")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quantise, "_SMALLEST", 40)
        quantise.quantise(tmp_path / "again.onnx", tmp_path / "int8.onnx", networks.LEXICON)
    arrays = networks.arrays(*TEXTS)
    before, after = (
        NetworkSession(file, threads=1).run(arrays)["scores"] for file in (folder / "int8.onnx", tmp_path / "int8.onnx")
    )
    assert np.abs(after - before).mean() <= 0.02 * np.abs(before).mean() + 0.01


def test_a_file_that_is_no_such_network_is_refused(exported, tmp_path):
    network, folder = exported
    (tmp_path / "torn.onnx").write_bytes((folder / "int8.onnx").read_bytes()[:2000])
    with pytest.raises(ValueError, match="ONNX"):
        read(network, tmp_path / "torn.onnx")
    model = onnx.load(folder / "int8.onnx")
    del model.graph.node[:]
    onnx.save(model, tmp_path / "empty.onnx")
    with pytest.raises(ValueError, match=r"makes|layer"):
        read(network, tmp_path / "empty.onnx")
