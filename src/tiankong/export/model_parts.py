"""What every model folder is written from, whatever the model was trained for."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from safetensors.torch import save_file

from tiankong.artifact.model_folder import (
    CHARACTERS_FILE,
    CURVES_FILE,
    HISTORY_FILE,
    ONNX_FILE,
    USER_DICT_FILE,
    VOCABULARY_FILE,
    WEIGHTS_FILE,
)
from tiankong.config import ModelConfig, TrainingConfig
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.export.onnx_export import export_onnx
from tiankong.network.context import ContextNetwork
from tiankong.text.network_input import Lexicon
from tiankong.training.history import Curve, Row, draw_curves, write_history
from tiankong.version import VERSION

Measure = Callable[[Path], dict[str, Any]]
"""Scores of the model in a folder, by split."""


class WrittenNetwork(NamedTuple):
    """How many numbers were trained, and by how much the exported network differs from the trained one at most."""

    parameters: int
    difference: float


def copy_words(source: Path, folder: Path) -> None:
    """Copies what a model reads texts by from a prepared corpus or another model."""
    for name in (VOCABULARY_FILE, CHARACTERS_FILE, USER_DICT_FILE):
        if (source / name).exists():
            shutil.copyfile(source / name, folder / name)


def write_network(
    network: ContextNetwork, lexicon: Lexicon, rows: list[Row], curves: tuple[Curve, Curve], folder: Path
) -> WrittenNetwork:
    """Writes the weights, the exported network, and what each epoch measured, as a table and as ``curves``."""
    weights = {name: value.contiguous() for name, value in network.state_dict().items()}
    save_file(weights, folder / WEIGHTS_FILE)
    difference = export_onnx(network, lexicon, folder / ONNX_FILE)
    write_history(rows, folder / HISTORY_FILE)
    draw_curves(rows, folder / CURVES_FILE, *curves)
    return WrittenNetwork(sum(value.numel() for value in weights.values()), difference)


def stated_settings(corpus: PreparedCorpus, model: ModelConfig, training: TrainingConfig) -> dict[str, Any]:
    """The manifest's fields that say how the model came about."""
    # The user dictionary travels in the folder; its path on this machine means nothing elsewhere.
    prepare = dataclasses.replace(corpus.manifest.config, user_dict="")
    return {
        "tiankong": VERSION,
        "prepare": dataclasses.asdict(prepare),
        "model": dataclasses.asdict(model),
        "training": dataclasses.asdict(training),
    }


def training_metrics(rows: list[Row], best_epoch: int, written: WrittenNetwork, command: str) -> dict[str, Any]:
    """What is known of a training before anything is measured."""
    return {
        "best_epoch": best_epoch,
        "epochs": int(rows[-1]["epoch"]),
        "training_seconds": sum(row["seconds"] for row in rows),
        "training_processor_seconds": sum(row["processor_seconds"] for row in rows),
        "onnx_difference": written.difference,
        "commands": [command],
    }
