"""Calibration: the best scale and prior are found whatever the network's own, and its answers keep their meaning."""

from __future__ import annotations

import copy
import dataclasses
import json
from pathlib import Path

import pytest
import torch

from tiankong.cli.main import run
from tiankong.config import load_preset
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.network.cloze import ClozeNetwork
from tiankong.training.cloze.batches import WindowBatches
from tiankong.training.cloze.calibration import calibrate
from tiankong.training.cloze.trainer import word_tables


@pytest.fixture(scope="module")
def batches(prepared: Path):
    corpus = PreparedCorpus(prepared)
    return corpus, list(WindowBatches(corpus, "validation", None, load_preset("small").training).in_order())


def trained(corpus, batches, steps=30, **shape):
    """A network after a few steps, sure enough of itself that calibration has something to do."""
    preset = load_preset("small")
    model = dataclasses.replace(preset.model, hidden_size=24, embedding_size=16, mlp_sizes=(16,), **shape)
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


@pytest.mark.trains
@pytest.mark.parametrize(("scale", "prior"), [(1.0, 0.0), (2.5, -0.4), (0.3, 0.8)])
def test_the_best_calibration_is_found_from_anywhere(batches, scale, prior):
    corpus, batches = batches
    network = trained(corpus, batches)
    calibrated = copy.deepcopy(network)
    calibrate(calibrated, [batches])
    best = loss(calibrated, batches)
    for nearby in [(1.02, 0.0), (0.98, 0.0), (1.0, 0.02), (1.0, -0.02)]:
        other = copy.deepcopy(calibrated)
        other.rescale(*nearby)
        assert loss(other, batches) > best
    network.rescale(scale, prior)
    before = loss(network, batches)
    found = calibrate(network, [batches])
    assert found.scale > 0
    assert loss(network, batches) == pytest.approx(best, abs=1e-5)
    assert loss(network, batches) <= before + 1e-6


@pytest.mark.trains
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_corpora_count_by_their_shares_and_not_by_their_sizes(batches, share):
    corpus, batches = batches
    small, large = batches[:1], batches[1:]
    network = trained(corpus, batches)
    calibrate(network, [small, large], [share, 1 - share])

    def mixed(network):
        return share * loss(network, small) + (1 - share) * loss(network, large)

    for nearby in [(1.02, 0.0), (0.98, 0.0), (1.0, 0.02), (1.0, -0.02)]:
        other = copy.deepcopy(network)
        other.rescale(*nearby)
        assert mixed(other) > mixed(network)


def test_the_exported_model_says_how_it_was_calibrated(model_folder, codes_model_folder):
    for folder in (model_folder, codes_model_folder):
        assert json.loads((folder / "metrics.json").read_text())["calibration"]["scale"] > 0


@pytest.mark.parametrize(
    ("head", "code_loss"),
    [("softmax", "both"), ("codes", "bits"), ("codes", "words"), ("codes", "both"), ("hybrid", "both")],
)
def test_every_head_is_rescaled_as_it_says(batches, head, code_loss):
    corpus, batches = batches
    network = trained(corpus, batches, 4, head=head, frequent_words=40)
    if head == "codes":
        network.head.code_loss = code_loss
    inputs, _, _ = batches[0]
    with torch.no_grad():
        before = network.head.word_logits(network(*inputs))
        network.rescale(0.7, 0.2)
        after = network.head.word_logits(network(*inputs))
    torch.testing.assert_close(after, 0.7 * before + 0.2 * network.head.log_prior, atol=1e-4, rtol=1e-4)


def test_a_hybrid_head_needs_words_to_code(prepared, tmp_path, capsys):
    assert (
        run(["train", str(prepared), "-o", str(tmp_path / "m"), "--head", "hybrid", "--threads", "1", "--quiet"]) == 2
    )
    assert "--frequent-words (2000) must be below" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
