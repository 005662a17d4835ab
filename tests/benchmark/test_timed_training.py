"""Peers that are trained for a given time, also over several sittings."""

from __future__ import annotations

import itertools

import pytest
import torch

from tiankong.benchmark.peers import timed_training
from tiankong.benchmark.peers.timed_training import CHECKPOINT_FILE, train_for
from tiankong.benchmark.system import Budget
from tiankong.errors import FolderError

BUDGET = Budget(processor_seconds=1.0, threads=1, seed=1)


class Stopped(Exception):
    """Ends a training, as a machine that is taken away does."""


def steps(network, taken, stop_at=None):
    """Endless steps on numbers that follow from their place; ``taken`` collects the places."""
    for place in itertools.count():

        def step(place=place):
            if place == stop_at:
                raise Stopped
            taken.append(place)
            torch.manual_seed(place)
            return network(torch.randn(64, 32)).square().mean(), 64

        yield step


def network():
    torch.manual_seed(1)
    return torch.nn.Sequential(torch.nn.Linear(32, 256), torch.nn.GELU(), torch.nn.Linear(256, 1))


def test_it_ends_when_the_time_is_up_and_leaves_nothing_behind(tmp_path):
    taken = []
    trained = network()
    training = train_for(trained, steps(trained, taken), BUDGET, 1e-3, tmp_path)
    assert 1.0 <= training.processor_seconds < 2.0
    assert training.tokens == 64 * len(taken)
    assert not trained.training
    assert list(tmp_path.iterdir()) == []


def test_what_was_stopped_goes_on_with_the_next_step(tmp_path, monkeypatch):
    monkeypatch.setattr(timed_training, "_SECONDS_BETWEEN_CHECKPOINTS", 0.0)
    before, after = [], []
    first = network()
    with pytest.raises(Stopped):
        train_for(first, steps(first, before, stop_at=20), BUDGET, 1e-3, tmp_path)
    second = network()
    training = train_for(second, steps(second, after), BUDGET, 1e-3, tmp_path)
    assert before == list(range(20))
    assert after[0] == 20
    assert training.tokens == 64 * (len(before) + len(after))
    assert 1.0 <= training.processor_seconds < 2.0
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_checkpoint_is_refused(tmp_path):
    (tmp_path / CHECKPOINT_FILE).write_bytes(b"nothing")
    trained = network()
    with pytest.raises(FolderError, match="can't be read"):
        train_for(trained, steps(trained, []), BUDGET, 1e-3, tmp_path)
