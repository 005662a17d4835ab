"""A finished training of a classifier to a model folder, whole or not at all."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from safetensors.torch import save_file

from tiankong.artifact.base_model import BaseModel
from tiankong.artifact.model_folder import (
    CHARACTERS_FILE,
    CLASSIFY,
    CURVES_FILE,
    HISTORY_FILE,
    MODEL,
    ONNX_FILE,
    USER_DICT_FILE,
    VOCABULARY_FILE,
    WEIGHTS_FILE,
    BaseStated,
)
from tiankong.config import ClassifierConfig, ModelConfig, TrainingConfig
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.export.card import write_card
from tiankong.export.onnx_export import export_onnx
from tiankong.text.network_input import Lexicon
from tiankong.training.fit_classifier import TrainedClassifier
from tiankong.training.history import Curve, draw_curves, write_history
from tiankong.version import VERSION

_ACCURACY, _LOG_LOSS = Curve("accuracy", "accuracy"), Curve("log_loss", "log loss (nats)")

Measure = Callable[[Path], dict[str, Any]]
"""Scores of the model in a folder, by split."""


def write_classifier(
    trained: TrainedClassifier,
    corpus: PreparedCorpus,
    configs: tuple[ModelConfig, TrainingConfig, ClassifierConfig],
    base: BaseModel | None,
    output: Path,
    *,
    force: bool,
    measure: Measure,
    command: str,
) -> dict[str, Any]:
    """Writes ``output``; ``measure`` gets the sealed folder before it appears, so what it finds is of what is there.

    A network that was trained on from ``base`` reads by that one's words.

    :raises FolderError: ``output`` exists or can't be written.
    """
    model, training, classifier = configs
    words = base.folder if base else corpus
    with MODEL.write(output, force=force) as folder:
        source = base.folder.path if base else corpus.folder
        for name in (VOCABULARY_FILE, CHARACTERS_FILE, USER_DICT_FILE):
            if (source / name).exists():
                shutil.copyfile(source / name, folder / name)
        weights = {name: value.contiguous() for name, value in trained.network.state_dict().items()}
        save_file(weights, folder / WEIGHTS_FILE)
        difference = export_onnx(trained.network, Lexicon.of(words.vocabulary, words.characters), folder / ONNX_FILE)
        write_history(trained.rows, folder / HISTORY_FILE)
        draw_curves(trained.rows, folder / CURVES_FILE, _ACCURACY, _LOG_LOSS)
        # The user dictionary travels in the folder; its path on this machine means nothing elsewhere.
        prepare = dataclasses.replace(corpus.manifest.config, user_dict="")
        fields = {
            "tiankong": VERSION,
            "prepare": dataclasses.asdict(prepare),
            "model": dataclasses.asdict(model),
            "training": dataclasses.asdict(training),
            "words": len(words.vocabulary),
            "parameters": sum(value.numel() for value in weights.values()),
            "task": CLASSIFY,
            "labels": [label.name for label in corpus.manifest.labels],
            "classifier": dataclasses.asdict(classifier),
            "base": dataclasses.asdict(BaseStated(base.folder.path.name, base.sha256)) if base else None,
        }
        MODEL.seal(folder, fields)
        metrics = {
            "best_epoch": trained.best_epoch,
            "epochs": int(trained.rows[-1]["epoch"]),
            "training_seconds": sum(row["seconds"] for row in trained.rows),
            "training_processor_seconds": sum(row["processor_seconds"] for row in trained.rows),
            "logit_scale": trained.scale,
            "onnx_difference": difference,
            "commands": [command],
            **measure(folder),
        }
        write_card(folder, output.name, corpus.manifest, fields, metrics)
    return metrics
