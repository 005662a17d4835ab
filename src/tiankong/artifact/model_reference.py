"""Finds a model again that was loaded before, maybe in another process."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, Self

from tiankong.artifact.built_in import built_in_models, model_path
from tiankong.artifact.model_folder import ModelFolder, open_model
from tiankong.errors import FolderError


class ModelReference(NamedTuple):
    """Where a model is, and the SHA-256 of its manifest."""

    model: str | Path
    sha256: str

    @classmethod
    def of(cls, folder: ModelFolder) -> Self:
        """The reference to an open model."""
        path = folder.path.absolute()
        # By name, a built-in model is also found by another installation.
        is_built_in = path.name in built_in_models() and path == model_path(path.name)
        return cls(path.name if is_built_in else path, folder.sha256)

    def open(self) -> ModelFolder:
        """Opens and verifies the model.

        :raises FolderError: the folder can't be opened, or holds another model now.
        """
        folder = open_model(model_path(self.model))
        if folder.sha256 != self.sha256:
            raise FolderError(
                f"{self.model} is another model than the one that was pickled: load it, and pickle it again"
            )
        return folder
