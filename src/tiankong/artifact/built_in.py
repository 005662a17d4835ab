"""The models that come with the package, by name."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from tiankong.artifact.model_folder import MODEL


def built_in_models() -> list[str]:
    """Their names."""
    if not _folder().is_dir():  # a checkout in which none was made yet
        return []
    return sorted(folder.name for folder in _folder().iterdir() if (folder / MODEL.manifest).is_file())


def model_path(model: str | Path) -> Path:
    """The folder of a built-in model's name, or of any other path.

    A bare name that is built in means that one; ``./name`` is a folder of that name here.
    """
    if isinstance(model, str) and model in built_in_models():
        return _folder() / model
    return Path(model)


def _folder() -> Path:
    return Path(str(resources.files("tiankong"))) / "models"
