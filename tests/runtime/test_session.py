"""Runs come back in order, whether alone or side by side."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tiankong.artifact.built_in import model_path
from tiankong.config import DEFAULT_MODEL
from tiankong.errors import FolderError
from tiankong.model import load
from tiankong.runtime.session import NetworkSession
from tiankong.text.network_input import Window, network_input
from tiankong.text.vocabulary import BEGIN, BLANK, END


@pytest.fixture(scope="module")
def inputs():
    """Texts of other words, each with a blank."""
    lexicon = load(threads=1).predictor.lexicon
    texts = [np.array([BEGIN, 10 + number, BLANK, 20 + number, END]) for number in range(9)]
    return [network_input([Window(ids, 1, 4, np.array([2]))], lexicon) for ids in texts]


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("count", [0, 1, 2, 9])
def test_outputs_come_in_order(inputs, threads, count):
    session = NetworkSession(model_path(DEFAULT_MODEL) / "model.onnx", threads)
    expected = [session.run(arrays) for arrays in inputs[:count]]
    given = list(session.run_each(iter(inputs[:count])))
    assert len(given) == count
    for outputs, own in zip(given, expected, strict=True):
        assert outputs.keys() == own.keys()
        np.testing.assert_allclose(outputs["scores"], own["scores"], atol=1e-4)
    for one, other in itertools.pairwise(given):
        assert not np.allclose(one["scores"], other["scores"], atol=1e-4)


@pytest.mark.parametrize("threads", [1, 2])
def test_batches_are_taken_as_they_are_needed(inputs, threads):
    taken = []

    def arriving():
        for number in range(100):
            taken.append(number)
            yield inputs[number % 9]

    outputs = load(threads=threads).predictor.session.run_each(arriving())
    next(outputs)
    assert len(taken) <= threads + 2
    outputs.close()


def test_an_error_in_a_run_reaches_the_caller(inputs):
    session = load(threads=2).predictor.session
    broken = inputs[0]._replace(forward_index=np.array([10**6]))
    outputs = session.run_each([inputs[0], broken, inputs[1]])
    with pytest.raises(Exception, match=r"(?i)indices|index|out of"):
        list(outputs)


def test_what_is_no_network_is_refused(tmp_path):
    file = tmp_path / "model.onnx"
    file.write_bytes(b"no network")
    with pytest.raises(FolderError, match=r"model\.onnx can't be opened by ONNX Runtime .*: train the model again"):
        NetworkSession(file)
