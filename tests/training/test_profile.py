"""--profile: where the time goes, and FLOPs that can be counted by hand."""

from __future__ import annotations

import re

import pytest

from tests.conftest import TINY, succeed
from tests.networks import VOCABULARY, build
from tiankong.config import TrainingConfig
from tiankong.training.cloze.flops import network_flops


@pytest.mark.trains
def test_every_epoch_has_a_line_whose_shares_add_up(prepared, tmp_path, capfd):
    noisy = [option for option in TINY if option != "--quiet"]
    succeed("train", prepared, "-o", tmp_path / "model", *noisy, "--profile")
    lines = [line for line in capfd.readouterr().err.splitlines() if line.startswith("profile |")]
    assert len(lines) == 2
    for line in lines:
        parts = dict(re.findall(r"(data|encoder|head|optimiser) ([\d.]+)%", line))
        assert len(parts) == 4
        assert sum(map(float, parts.values())) == pytest.approx(100, abs=0.3)
        assert all(float(share) > 0 for share in parts.values())
        found = re.search(r"([\d,.]+) GFLOP/s = ([\d.]+) of .* ([\d,]+) \|", line).groups()
        rate, utilisation, product = (float(number.replace(",", "")) for number in found)
        assert 0 <= utilisation < 1  # 0.00 where a matrix product is very fast and the network tiny
        assert rate < product


@pytest.mark.trains
def test_profiling_changes_no_weight(prepared, tmp_path):
    for name, options in (("plain", []), ("watched", ["--profile"])):
        succeed("train", prepared, "-o", tmp_path / name, *TINY, *options)
    plain, watched = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("plain", "watched"))
    assert plain == watched


@pytest.mark.parametrize(
    ("cell", "layers", "head", "by_token", "by_target"),
    [
        # embedding 12, hidden 10, attention 8; keys and values 22 → 4 + 8, queries 44 → 4, MLP 44 + 8 → 14 → 12;
        # without neighbours and attention, with 50 bits and five n-grams of 6 numbers 20 + 30 → 14 → 50
        ("lstm", 1, "softmax", 40 * 22 + 22 * 12, 44 * 4 + 52 * 14 + 14 * 12 + len(VOCABULARY) * 12),
        ("gru", 2, "codes", 30 * 22 + 30 * 20, (20 + 5 * 6) * 14 + 14 * 50 + len(VOCABULARY) * 50),
    ],
)
def test_flops_by_hand(cell, layers, head, by_token, by_target):
    network = build(cell, layers, head)
    assert TrainingConfig().negatives > len(VOCABULARY)
    assert network_flops(network, 7, 3) == 6 * (7 * by_token + 3 * by_target)
