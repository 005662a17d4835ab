"""How large a network is going to be."""

from __future__ import annotations

import pytest

from tests.networks import VARIANTS, build, shape, tables
from tiankong.config import TrainingConfig
from tiankong.network.cloze import parameter_count


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_the_number_of_parameters_is_known_beforehand(variant):
    network = build(*variant)
    assert parameter_count(shape(*variant), TrainingConfig(), tables(variant[2])) == sum(
        p.numel() for p in network.parameters()
    )
