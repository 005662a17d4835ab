"""Opens a model to train on from, also one whose weights are in 8 bits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

from tiankong.artifact.base_model import BaseModel
from tiankong.artifact.model_folder import MODEL, WEIGHTS_FILE, ModelFolder, open_model
from tiankong.config import TrainingConfig
from tiankong.errors import FolderError
from tiankong.exporting.read_back import read_weights
from tiankong.network.cloze import ClozeNetwork
from tiankong.network.word_tables import WordTables
from tiankong.registry.tasks import WORDS
from tiankong.text.network_input import Lexicon


def open_base(path: Path) -> BaseModel:
    """Opens and verifies ``path``; without weights in 32 bits, those of its exported network are read.

    :raises FolderError: as :func:`~tiankong.artifact.model_folder.open_model`; it fills no blanks; its weights can't be
        read.
    """
    folder = open_model(path)
    folder.needs(WORDS)
    file = path / WEIGHTS_FILE
    try:
        weights = load_file(file) if file.exists() else _of_network(folder)
    except (OSError, ValueError, SafetensorError) as error:
        raise FolderError(f"{path} is damaged ({error}): make it again with `{MODEL.command}`") from None
    return BaseModel(folder, weights, folder.sha256)


def _of_network(folder: ModelFolder) -> dict[str, NDArray[Any]]:
    words, bits = folder.vocabulary, folder.manifest.code_bits
    codes = None if folder.codes is None else np.unpackbits(folder.codes, axis=1, count=bits)
    spelling = Lexicon.of(words, folder.characters).character_ids.astype(np.int32)
    tables = WordTables(words.keys(), words.counts, words.targets(), codes, len(folder.characters), spelling)
    network = ClozeNetwork(folder.manifest.model, tables, TrainingConfig(learn_codes=False)).eval()
    return dict(read_weights(folder.onnx, network, folder.bias))
