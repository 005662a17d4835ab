"""The learning rate from the first step to the last."""

from __future__ import annotations

import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tiankong.config import TrainingConfig
from tiankong.training.module import TrainedModule

LAST = 0.05
"""Share of the highest rate that a cosine ends at."""


class Line(TrainedModule):
    """A matrix and a bias that could be trained; the bias is trained at a tenth of the rate where ``apart``."""

    def __init__(self, training, steps, apart=False):
        super().__init__(training, steps)
        self.layer = torch.nn.Linear(3, 2)
        self.apart = apart

    def loss(self, batch):
        return self.layer(batch).sum()

    def parts(self):
        if not self.apart:
            return super().parts()
        return [([self.layer.weight], 1.0), ([self.layer.bias], 0.1)]


def rates(steps, apart=False, **settings):
    """The rate of each group of parameters at each step, and after the last."""
    made = Line(TrainingConfig(**settings), steps, apart).configure_optimizers()
    optimiser, scheduler = made["optimizer"], made["lr_scheduler"]["scheduler"]
    assert made["lr_scheduler"]["interval"] == "step"
    found = []
    for _ in range(steps + 1):
        found.append([group["lr"] for group in optimiser.param_groups])
        optimiser.step()
        scheduler.step()
    return found


shapes = st.fixed_dictionaries(
    {
        "warmup_steps": st.integers(0, 60),
        "learning_rate": st.floats(1e-6, 1),
        "optimiser": st.sampled_from(["adamw", "adam"]),
    }
)


@given(steps=st.integers(1, 200), settings=shapes, schedule=st.sampled_from(["cosine", "constant"]))
def test_it_rises_to_the_highest_rate_and_no_further(steps, settings, schedule):
    found = [rate for rate, *_ in rates(steps, schedule=schedule, **settings)]
    highest = settings["learning_rate"]
    # A short training warms up for a tenth of its steps.
    warmup = min(settings["warmup_steps"], max(1, steps // 10))
    assert found[:warmup] == pytest.approx([highest * (step + 1) / warmup for step in range(warmup)])
    assert min(found) > 0
    assert max(found) == pytest.approx(highest)


@given(steps=st.integers(1, 200), settings=shapes)
def test_a_cosine_falls_all_the_way_to_a_twentieth(steps, settings):
    found = [rate for rate, *_ in rates(steps, **settings)]
    falling = found[min(settings["warmup_steps"], max(1, steps // 10)) :]
    assert all(after <= before for before, after in itertools.pairwise(falling))
    highest = settings["learning_rate"]
    assert falling[0] == pytest.approx(highest)
    if len(falling) > 1:
        assert falling[-1] == pytest.approx(highest * LAST)
        # Half of the way has half of the fall behind it.
        middle = (falling[(len(falling) - 1) // 2] + falling[len(falling) // 2]) / 2
        assert middle == pytest.approx(highest * (1 + LAST) / 2)


@given(steps=st.integers(1, 100), warmup=st.integers(0, 30))
def test_a_constant_rate_stays(steps, warmup):
    risen = min(warmup, max(1, steps // 10))
    found = rates(steps, schedule="constant", warmup_steps=warmup, learning_rate=0.01)[risen:]
    assert len(found) == steps + 1 - risen
    assert all(rate == pytest.approx(0.01) for groups in found for rate in groups)


@pytest.mark.parametrize("optimiser", ["adamw", "adam"])
def test_a_part_keeps_its_share_of_the_rate_at_every_step(optimiser):
    module = Line(TrainingConfig(optimiser=optimiser), 100, apart=True)
    names = {id(parameter): name for name, parameter in module.named_parameters()}
    groups = module.configure_optimizers()["optimizer"].param_groups
    owners = [{names[id(parameter)] for parameter in group["params"]} for group in groups]
    weight, bias = owners.index({"layer.weight"}), owners.index({"layer.bias"})
    for step in rates(100, apart=True, optimiser=optimiser):
        assert step[bias] == pytest.approx(step[weight] / 10)


def test_only_matrices_decay_and_every_parameter_is_trained_once():
    module = Line(TrainingConfig(weight_decay=0.2), 10)
    groups = module.configure_optimizers()["optimizer"].param_groups
    decay = {id(parameter): group["weight_decay"] for group in groups for parameter in group["params"]}
    assert decay == {id(module.layer.weight): 0.2, id(module.layer.bias): 0.0}
    assert sum(len(group["params"]) for group in groups) == 2


@given(norm=st.sampled_from([0.0, 0.5, 1.0]), size=st.floats(0.1, 100))
def test_gradients_are_scaled_down_to_the_norm_and_never_up(norm, size):
    module = Line(TrainingConfig(clip_norm=norm), 10)
    for parameter in module.parameters():
        parameter.grad = torch.full_like(parameter, size)
    before = torch.cat([parameter.grad.flatten() for parameter in module.parameters()])
    module.configure_gradient_clipping(None)
    after = torch.cat([parameter.grad.flatten() for parameter in module.parameters()])
    expected = float(before.norm()) if not norm else min(float(before.norm()), norm)
    assert float(after.norm()) == pytest.approx(expected, rel=1e-4)
    torch.testing.assert_close(after / after.norm(), before / before.norm())
