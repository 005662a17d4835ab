"""Checkpoints come back as they were written, or are refused."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tiankong.errors import FolderError
from tiankong.training.checkpoints import SafetensorsCheckpoints, read_checkpoint

CHECKPOINT = {
    "epoch": 3,
    "state_dict": {"a": torch.arange(6.0).view(2, 3), "b": torch.tensor(7), "none": torch.zeros(0, 4)},
    "halves": torch.arange(3, dtype=torch.bfloat16),
    "flags": torch.tensor([True, False]),
    "rows": [{"loss": 0.5, "best": None}, ("pair", 1)],
    5: "a key that is a number",
}


def same(left, right):
    if isinstance(left, torch.Tensor):
        return left.dtype == right.dtype and left.shape == right.shape and torch.equal(left, right)
    if isinstance(left, dict):
        return list(left) == list(right) and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list | tuple):
        return type(left) is type(right) and len(left) == len(right) and all(map(same, left, right))
    return type(left) is type(right) and left == right


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    file = tmp_path_factory.mktemp("checkpoints") / "last.safetensors"
    SafetensorsCheckpoints().save_checkpoint(CHECKPOINT, file)
    return file


def test_comes_back_as_it_was(written):
    assert same(read_checkpoint(written), CHECKPOINT)


@settings(deadline=None, max_examples=300)
@given(data=st.data())
def test_any_flipped_bit_is_found(written, tmp_path_factory, data):
    content = bytearray(written.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= 1 << data.draw(st.integers(0, 7))
    changed = tmp_path_factory.mktemp("changed") / written.name
    changed.write_bytes(content)
    with pytest.raises(FolderError, match=r"can't be read|was changed"):
        read_checkpoint(changed)


def test_one_in_the_place_of_another_is_found(written, tmp_path):
    other = tmp_path / "best.safetensors"
    other.write_bytes(written.read_bytes())
    with pytest.raises(FolderError, match="was changed"):
        read_checkpoint(other)
