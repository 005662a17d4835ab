"""A model to go on from: its weights beside what answering needs, and which texts they have seen (no torch)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from tiankong.artifact.model_folder import ModelFolder, StatedTexts


@dataclass(frozen=True)
class BaseModel:
    """What a model that fills blanks is, its ``weights`` by their names in the network, and its manifest's hash."""

    folder: ModelFolder
    weights: dict[str, NDArray[Any]]
    sha256: str

    @property
    def learned_from(self) -> list[StatedTexts]:
        """How the texts were split that the weights have seen."""
        manifest = self.folder.manifest
        # Of one corpus, earlier versions stated how it was split; of several, of the first.
        split = None if manifest.corpora else manifest.prepare.split
        return manifest.learned_from or [StatedTexts(manifest.prepare.seed, split)]
