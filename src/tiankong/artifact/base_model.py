"""A model folder to train on from: its weights beside what answering needs (no torch)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

from tiankong.artifact.model_folder import MODEL, WEIGHTS_FILE, ModelFolder, open_model
from tiankong.errors import FolderError
from tiankong.registry.tasks import WORDS


@dataclass(frozen=True)
class BaseModel:
    """A model that fills blanks, with its ``weights`` by name and the ``sha256`` of its manifest."""

    folder: ModelFolder
    weights: dict[str, NDArray[Any]]
    sha256: str


def open_base(path: Path) -> BaseModel:
    """Opens and verifies ``path``.

    :raises FolderError: as :func:`~tiankong.artifact.model_folder.open_model`; it fills no blanks, or was handed on
        without its weights.
    """
    folder = open_model(path)
    folder.needs(WORDS)
    file = path / WEIGHTS_FILE
    if not file.exists():
        raise FolderError(
            f"{path.name} has its weights in 8 bits, which can't be trained on: start from the model it was made from"
        )
    try:
        weights = load_file(file)
    except (OSError, ValueError, SafetensorError) as error:
        raise FolderError(f"{path} is damaged ({error}): make it again with `{MODEL.command}`") from None
    return BaseModel(folder, weights, folder.sha256)
