"""Checkpoints come back as they were written, or are refused."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from tiankong.errors import FolderError
from tiankong.training.checkpoints import SafetensorsCheckpoints, read_checkpoint

SHARED = torch.arange(4.0)
CHECKPOINT = {
    "epoch": 3,
    "state_dict": {"a": torch.arange(6.0).view(2, 3), "b": torch.tensor(7), "none": torch.zeros(0, 4)},
    "halves": torch.arange(3, dtype=torch.bfloat16),
    "flags": torch.tensor([True, False]),
    "rows": [{"loss": 0.5, "best": None}, ("pair", 1)],
    "in one place": [SHARED, SHARED, SHARED[1:3]],
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


tensors = st.builds(
    lambda values, dtype: torch.tensor(values).to(dtype),
    st.lists(st.integers(0, 100), max_size=6),
    st.sampled_from([torch.float32, torch.bfloat16, torch.int64, torch.bool, torch.uint8]),
)
scalars = st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | st.text(max_size=6)
states = st.recursive(
    scalars | tensors,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(max_size=6) | st.integers(), inner, max_size=4)
    ),
    max_leaves=20,
)


@settings(max_examples=40)
@given(state=st.dictionaries(st.text(max_size=6) | st.integers(), states, max_size=5))
def test_whatever_a_training_holds_comes_back(state, tmp_path_factory):
    file = tmp_path_factory.mktemp("any") / "last.safetensors"
    SafetensorsCheckpoints().save_checkpoint(state, file)
    assert same(SafetensorsCheckpoints().load_checkpoint(file), state)


@pytest.mark.parametrize("what", [object(), {1, 2}, b"bytes", lambda: 0])
def test_what_would_need_code_to_be_read_is_not_written_and_the_one_before_stays(tmp_path, what):
    file = tmp_path / "last.safetensors"
    SafetensorsCheckpoints().save_checkpoint(CHECKPOINT, file)
    with pytest.raises(TypeError, match="a checkpoint can't hold"):
        SafetensorsCheckpoints().save_checkpoint({"deep": [{"in": what}]}, file)
    assert same(read_checkpoint(file), CHECKPOINT)
    assert list(tmp_path.iterdir()) == [file]


def test_a_tensor_that_goes_on_changing_is_kept_as_it_was(tmp_path):
    weights = torch.zeros(4)
    shared = {"one": weights, "other": weights[:2]}
    SafetensorsCheckpoints().save_checkpoint(shared, tmp_path / "last.safetensors")
    weights += 1
    assert same(read_checkpoint(tmp_path / "last.safetensors"), {"one": torch.zeros(4), "other": torch.zeros(2)})


def test_a_file_that_can_not_be_written_is_an_error_and_leaves_nothing(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(FolderError, match="can't be written"):
        SafetensorsCheckpoints().save_checkpoint(CHECKPOINT, tmp_path / "file" / "last.safetensors")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("content", [b"", b"\x08", b"\xff" * 64, b"not a checkpoint"])
def test_what_is_no_checkpoint_is_refused(tmp_path, content):
    (tmp_path / "last.safetensors").write_bytes(content)
    with pytest.raises(FolderError, match=r"can't be read: start over"):
        read_checkpoint(tmp_path / "last.safetensors")


def test_another_safetensors_file_is_refused(tmp_path):
    save_file({"weights": torch.zeros(3)}, tmp_path / "last.safetensors")
    for name in ("last", "missing"):
        with pytest.raises(FolderError, match=r"can't be read: start over"):
            read_checkpoint(tmp_path / f"{name}.safetensors")


def test_removing_twice_is_no_error(tmp_path):
    file = tmp_path / "last.safetensors"
    SafetensorsCheckpoints().save_checkpoint(CHECKPOINT, file)
    for _ in range(2):
        SafetensorsCheckpoints().remove_checkpoint(file)
        assert not file.exists()
