"""The models that come with the package, by name."""

from __future__ import annotations

import os
from importlib import resources
from pathlib import Path

from tiankong.artifact.model_folder import MODEL
from tiankong.errors import FolderError
from tiankong.folder import readable_read_errors

BUILT_IN_FOLDER = Path(str(resources.files("tiankong"))) / "models"
"""Where they are, each in a folder of its name."""


def built_in_models() -> list[str]:
    """Their names."""
    if not BUILT_IN_FOLDER.is_dir():  # a checkout in which none was made yet
        return []
    return sorted(folder.name for folder in BUILT_IN_FOLDER.iterdir() if (folder / MODEL.manifest).is_file())


def model_path(model: str | os.PathLike[str]) -> Path:
    """The folder of a built-in model's name, or of any other path.

    A bare name that is built in means that one; ``./name`` is a folder of that name here.

    :raises FolderError: no name, one that can't be looked up, or a bare one that is neither built in nor a folder here.
    """
    if not isinstance(model, str | os.PathLike) or not str(model):
        raise FolderError(f"{model!r} names no model: give a model folder, or {_names()}")
    if str(model) in built_in_models() and isinstance(model, str):
        return BUILT_IN_FOLDER / model
    path = Path(model)
    with readable_read_errors(path):
        if path.name == str(model) and not path.exists():
            raise FolderError(f"there is no folder {model} here, and the built-in models are {_names()}")
    return path


def _names() -> str:
    return ", ".join(built_in_models()) or "none"
