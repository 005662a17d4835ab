"""Lightning checkpoints as one safetensors file: tensors as such, everything else as JSON in its header.

Nothing is pickled, so opening a checkpoint runs no code, wherever it comes from.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import safetensors
import torch
from lightning.pytorch.plugins.io import CheckpointIO
from safetensors.torch import save_file
from torch import Tensor

from tiankong.errors import FolderError
from tiankong.folder import readable_write_errors
from tiankong.unfinished_work import START_OVER

_STATE = "state"
_DIGEST = "sha256"


class SafetensorsCheckpoints(CheckpointIO):
    """Writes and reads checkpoints for a Lightning ``Trainer``; a file is replaced in one step."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any | None = None) -> None:  # noqa: ARG002 - Lightning's signature
        """Writes ``checkpoint`` aside, then puts it at ``path``.

        :raises FolderError: it can't be written.
        """
        file = Path(path)
        tensors: dict[str, Tensor] = {}
        state = json.dumps(_encode(checkpoint, tensors))
        aside = file.with_name(f".{file.name}.partial")
        with readable_write_errors(file):
            file.parent.mkdir(parents=True, exist_ok=True)
            try:
                save_file(tensors, aside, metadata={_STATE: state, _DIGEST: _digest(file.name, state, tensors)})
            except safetensors.SafetensorError as error:
                aside.unlink(missing_ok=True)
                raise OSError(None, str(error)) from None
            with aside.open("rb") as written:  # or a loss of power could leave neither this one nor the one before
                os.fsync(written.fileno())
            aside.replace(file)

    def load_checkpoint(self, path: Any, map_location: Any | None = None, weights_only: bool | None = None) -> Any:  # noqa: ARG002 - Lightning's signature
        """The checkpoint in ``path``, on the CPU.

        :raises FolderError: it is damaged, or no checkpoint of this kind.
        """
        return read_checkpoint(Path(path))

    def remove_checkpoint(self, path: Any) -> None:
        """Removes ``path`` if it is there."""
        Path(path).unlink(missing_ok=True)


def read_checkpoint(path: Path) -> dict[str, Any]:
    """The nested dictionary that ``save_checkpoint`` was given.

    :raises FolderError: it is damaged or changed, was written as another file, or is no checkpoint of this kind.
    """
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
            state, digest = (file.metadata()[name] for name in (_STATE, _DIGEST))
        if digest != _digest(path.name, state, tensors):
            raise FolderError(f"the checkpoint {path} is damaged or was changed after it was written: {START_OVER}")
        decoded: dict[str, Any] = _decode(json.loads(state), tensors)
    except (safetensors.SafetensorError, OSError, ValueError, KeyError, TypeError):
        raise FolderError(f"the checkpoint {path} can't be read: {START_OVER}") from None
    return decoded


def _digest(name: str, state: str, tensors: dict[str, Tensor]) -> str:
    """SHA-256 of all that a checkpoint holds and of its file's name: a flipped bit would lead to other weights."""
    digest = hashlib.sha256(f"{name}\n{state}".encode())
    for key in sorted(tensors):
        tensor = tensors[key]
        digest.update(f"\n{key} {tensor.dtype} {list(tensor.shape)}\n".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _encode(value: Any, tensors: dict[str, Tensor]) -> Any:
    if isinstance(value, Tensor):
        name = str(len(tensors))
        tensor = value.detach().cpu().contiguous()
        # A copy of every tensor would take as much memory as the training; safetensors refuses only shared storage.
        tensors[name] = tensor.clone() if any(_share(tensor, other) for other in tensors.values()) else tensor
        return {"tensor": name}
    if isinstance(value, dict):
        return {"dict": [[_encode(key, tensors), _encode(entry, tensors)] for key, entry in value.items()]}
    if isinstance(value, list | tuple):
        entries = [_encode(entry, tensors) for entry in value]
        return entries if isinstance(value, list) else {"tuple": entries}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"a checkpoint can't hold {type(value).__name__}")


def _share(one: Tensor, other: Tensor) -> bool:
    return one.untyped_storage().data_ptr() == other.untyped_storage().data_ptr()


def _decode(value: Any, tensors: dict[str, Tensor]) -> Any:
    if isinstance(value, list):
        return [_decode(entry, tensors) for entry in value]
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "tensor":
        return tensors[content]
    if kind == "tuple":
        return tuple(_decode(entry, tensors) for entry in content)
    return {_decode(key, tensors): _decode(entry, tensors) for key, entry in content}
