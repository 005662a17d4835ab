"""A model to go on from: its weights beside what answering needs (no torch)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from tiankong.artifact.model_folder import ModelFolder


@dataclass(frozen=True)
class BaseModel:
    """A model that fills blanks, with its ``weights`` by name and the ``sha256`` of its manifest."""

    folder: ModelFolder
    weights: dict[str, NDArray[Any]]
    sha256: str
