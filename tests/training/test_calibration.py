"""Calibration: the best scale and prior are found whatever the network's own, and its answers keep their meaning."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import torch

from tiankong.config import load_preset
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.model.network import ClozeNetwork
from tiankong.training.batches import WindowBatches
from tiankong.training.calibration import calibrate
from tiankong.training.fit import word_tables


@pytest.fixture(scope="module")
def batches(prepared: Path):
    corpus = PreparedCorpus(prepared)
    split = corpus.split("validation")
    return corpus, list(WindowBatches(corpus, split, range_of(split), load_preset("small").training).in_order())


def range_of(split):
    return torch.arange(len(split)).numpy()


def trained(corpus, batches, steps=30):
    """A network after a few steps, sure enough of itself that calibration has something to do."""
    preset = load_preset("small")
    model = dataclasses.replace(preset.model, hidden_size=24, embedding_size=16, mlp_sizes=(16,))
    torch.manual_seed(0)
    network = ClozeNetwork(model, word_tables(corpus, model), preset.training)
    optimiser = torch.optim.Adam(network.parameters(), 1e-2)
    for step in range(steps):
        inputs, targets, _ = batches[step % len(batches)]
        optimiser.zero_grad()
        network.head.loss(network.context(*inputs), targets).backward()
        optimiser.step()
    return network.eval()


@torch.no_grad()
def loss(network, batches):
    total = count = 0.0
    for inputs, targets, _ in batches:
        log_probabilities = network.head.log_probabilities(network.context(*inputs))
        total -= float(log_probabilities.gather(1, targets[:, None]).sum())
        count += len(targets)
    return total / count


@pytest.mark.parametrize(("scale", "prior"), [(1.0, 0.0), (2.5, -0.4), (0.3, 0.8)])
def test_the_best_calibration_is_found_from_anywhere(batches, scale, prior):
    corpus, batches = batches
    network = trained(corpus, batches)
    calibrate(network, batches)
    best = loss(network, batches)
    for nearby in [(1.02, 0.0), (0.98, 0.0), (1.0, 0.02), (1.0, -0.02)]:
        other = trained(corpus, batches)
        calibrate(other, batches)
        other.rescale(*nearby)
        assert loss(other, batches) > best
    network = trained(corpus, batches)
    network.rescale(scale, prior)
    before = loss(network, batches)
    found = calibrate(network, batches)
    assert found.scale > 0
    assert loss(network, batches) == pytest.approx(best, abs=1e-5)
    assert loss(network, batches) <= before + 1e-6


def test_the_exported_model_says_how_it_was_calibrated(model_folder, codes_model_folder):
    for folder in (model_folder, codes_model_folder):
        assert json.loads((folder / "metrics.json").read_text())["calibration"]["scale"] > 0
