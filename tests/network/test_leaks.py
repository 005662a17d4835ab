"""What may and what may not reach a prediction, over cells × layers × heads, in torch and in ONNX."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.networks import BLIND, FIRST, LAST, LEXICON, VARIANTS, arrays, build, text_ids
from tiankong.exporting.onnx_export import export_onnx, largest_difference
from tiankong.network.context import tensors
from tiankong.text.network_input import Window, network_input

WORD = st.integers(FIRST, LAST - 1)
TEXT = st.lists(WORD, min_size=1, max_size=12)
EVERY = list(range(FIRST, LAST))


class TorchScorer:
    def __init__(self, network):
        self.network = network

    def __call__(self, *texts):
        # Among several threads a product's rounding depends on the number of its rows, here of distinct words; and a
        # training that ran in this process before may have set them.
        torch.set_num_threads(1)
        with torch.no_grad():
            return self.network(*tensors(arrays(*texts))).numpy()


class OnnxScorer:
    def __init__(self, path):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.names = {entry.name for entry in self.session.get_inputs()}

    def __call__(self, *texts):
        batch = arrays(*texts)
        feed = {name: value for name, value in batch._asdict().items() if name in self.names}
        return self.session.run(None, feed)[0]


@pytest.fixture(scope="module", params=VARIANTS, ids=lambda variant: "-".join(map(str, variant)))
def networks(request, tmp_path_factory):
    network = build(*request.param)
    path = tmp_path_factory.mktemp("onnx") / "model.onnx"
    assert export_onnx(network, LEXICON, path) <= 1e-4
    return [TorchScorer(network), OnnxScorer(path)]


@pytest.fixture(scope="module")
def seeing_networks(networks):
    if networks[0].network.config.head in BLIND:
        pytest.skip("this head does not look at the context")
    return networks


@settings(max_examples=25, deadline=None)
@given(data=st.data(), words=TEXT)
def test_a_word_never_reaches_its_own_prediction(networks, data, words):
    place = data.draw(st.integers(0, len(words) - 1))
    other = [*words]
    other[place] = data.draw(WORD)
    # Rounding may depend on how many distinct words are composed at once: a second text has them all.
    for score in networks:
        np.testing.assert_array_equal(score(words, EVERY)[place], score(other, EVERY)[place])


@settings(max_examples=25, deadline=None)
@given(data=st.data(), words=st.lists(WORD, min_size=2, max_size=12))
def test_every_other_word_reaches_a_prediction(seeing_networks, data, words):
    place = data.draw(st.integers(0, len(words) - 1))
    changed = data.draw(st.integers(0, len(words) - 1).filter(lambda number: number != place))
    other = [*words]
    other[changed] = FIRST if words[changed] != FIRST else FIRST + 1
    for score in seeing_networks:
        assert np.abs(score(words)[place] - score(other)[place]).max() > 0


@settings(max_examples=25, deadline=None)
@given(words=TEXT, mates=st.lists(TEXT, max_size=4), position=st.integers(0, 4))
def test_padding_and_batch_mates_change_nothing(networks, words, mates, position):
    position = min(position, len(mates))
    batch = [*mates[:position], words, *mates[position:]]
    start = sum(len(mate) for mate in mates[:position])
    for score in networks:
        alone, together = score(words), score(*batch)[start : start + len(words)]
        np.testing.assert_allclose(alone, together, atol=2e-5, rtol=0)


def test_the_two_directions_are_not_the_same(seeing_networks):
    words = [FIRST + number for number in range(6)]
    for score in seeing_networks:
        assert np.abs(score(words)[2] - score(words[::-1])[3]).max() > 1e-4


def test_onnx_equals_torch_at_lengths_1_to_200(networks):
    score, exported = networks
    generator = np.random.default_rng(0)
    for length in range(1, 201):
        words = generator.integers(FIRST, LAST, length).tolist()
        np.testing.assert_allclose(score(words), exported(words), atol=1e-4, rtol=0)


def test_large_scores_are_compared_by_their_size(tmp_path):
    """A label layer that was fitted to texts that are easily separated has such."""
    network = build()
    with torch.no_grad():
        for weights in network.head.parameters():
            weights.mul_(1e2)
    path = tmp_path / "model.onnx"
    assert export_onnx(network, LEXICON, path) <= 1e-4
    words = [FIRST + number for number in range(6)]
    assert np.abs(TorchScorer(network)(words)).max() > 100


def test_the_parity_check_notices_a_wrong_network(tmp_path):
    path = tmp_path / "model.onnx"
    network = build()
    export_onnx(network, LEXICON, path)
    with torch.no_grad():
        network.mlp[0].bias += 0.5
    assert largest_difference(network, LEXICON, path) > 1e-2


def test_a_batch_without_predictions():
    network = build()
    nothing = network_input([Window(text_ids([FIRST]), 1, 2, np.zeros(0, dtype=np.int64))], LEXICON)
    assert network(*tensors(nothing)).shape[0] == 0


def test_padding_reaches_no_gradient():
    network = build()
    batch = arrays([FIRST], [FIRST + number for number in range(9)])
    network.outputs(*tensors(batch))[0].sum().backward()
    assert all(bool(torch.isfinite(weight.grad).all()) for weight in network.parameters() if weight.grad is not None)
