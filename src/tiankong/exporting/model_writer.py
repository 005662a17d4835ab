"""A finished training to a model folder, whole or not at all."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from safetensors.numpy import save_file as save_arrays
from safetensors.torch import save_file

from tiankong.artifact.error_detection import ErrorDetection, write_error_detection
from tiankong.artifact.model_folder import (
    CHARACTERS_FILE,
    CODES_FILE,
    CURVES_FILE,
    HISTORY_FILE,
    MODEL,
    ONNX_FILE,
    TYPED_FORMS_FILE,
    USER_DICT_FILE,
    VOCABULARY_FILE,
    WEIGHTS_FILE,
    StatedCorpus,
)
from tiankong.exporting.card import write_card
from tiankong.exporting.onnx_export import export_onnx
from tiankong.folder import write_text
from tiankong.objective.base import objective_of
from tiankong.training.history import draw_curves, write_history
from tiankong.training.learned_texts import split_texts, stated_base
from tiankong.training.task import Trained, TrainingRequest
from tiankong.version import VERSION

Measure = Callable[[Path], dict[str, Any]]
"""Scores of the model in a folder, by split."""

FindErrorDetection = Callable[[Path], ErrorDetection | None]
"""Returns the weights and thresholds by which the model in a folder judges words; ``None`` if it can't."""


def write_model(
    trained: Trained,
    request: TrainingRequest,
    output: Path,
    *,
    measure: Measure,
    find_error_detection: FindErrorDetection,
    command: str,
) -> dict[str, Any]:
    """Writes ``output`` and returns the model's metrics.

    ``measure`` and ``find_error_detection`` get the sealed folder before it appears, so their figures are those of the
    files themselves. ``command`` made the model.

    :raises FolderError: ``output`` exists or can't be written.
    """
    objective = objective_of(request.task)
    with MODEL.write(output, force=request.work.force) as folder:
        for name in (VOCABULARY_FILE, CHARACTERS_FILE, USER_DICT_FILE, TYPED_FORMS_FILE):
            if trained.tables.get(name):
                write_text(folder / name, trained.tables[name])
            elif name not in trained.tables and (trained.words / name).exists():
                shutil.copyfile(trained.words / name, folder / name)
        if trained.arrays:
            save_arrays(trained.arrays, folder / CODES_FILE)
        weights = {name: value.contiguous() for name, value in trained.network.state_dict().items()}
        save_file(weights, folder / WEIGHTS_FILE)
        difference = export_onnx(trained.network, trained.lexicon, folder / ONNX_FILE)
        write_history(trained.rows, folder / HISTORY_FILE)
        draw_curves(trained.rows, folder / CURVES_FILE, *objective.curves(trained.rows[-1]))
        fields = {
            **_stated_settings(request),
            "words": trained.word_count,
            "parameters": sum(value.numel() for value in weights.values()),
            **trained.fields,
        }
        seal_with_error_detection(folder, fields, find_error_detection)
        metrics = {
            "best_epoch": _epochs(trained.best_epoch),
            "epochs": _epochs(trained.rows[-1]["epoch"]),
            "steps": int(trained.rows[-1]["step"]),
            "training_seconds": sum(row["seconds"] for row in trained.rows),
            "training_processor_seconds": sum(row["processor_seconds"] for row in trained.rows),
            "onnx_difference": difference,
            "commands": [command],
            **trained.metrics,
            **measure(folder),
        }
        write_card(folder, output.name, [part.corpus.manifest for part in request.mix.parts], fields, metrics)
    return metrics


def seal_with_error_detection(folder: Path, fields: dict[str, Any], find_error_detection: FindErrorDetection) -> None:
    """Seals a finished folder, fits error detection with the model in it, and seals it again with the result."""
    MODEL.seal(folder, fields)
    error_detection = find_error_detection(folder)
    if error_detection is not None:
        write_error_detection(error_detection, folder)
        MODEL.seal(folder, fields)


def _stated_settings(request: TrainingRequest) -> dict[str, Any]:
    """The manifest's fields that say how the model came about."""
    # What the files of words held is in the folder; their paths on this machine mean nothing elsewhere.
    prepare = dataclasses.replace(request.corpus.manifest.config, user_dict="", keep_words="")
    mix = request.mix
    corpora, base = [part.corpus for part in mix.parts], request.base
    learned_from = [*(base.learned_from if base is not None else []), *map(split_texts, corpora)]
    stated_corpora = [StatedCorpus(part.name, part.share, part.corpus.fingerprint) for part in mix.parts]
    return {
        "tiankong": VERSION,
        "task": request.task.name,
        "prepare": dataclasses.asdict(prepare),
        "model": dataclasses.asdict(request.model),
        "training": dataclasses.asdict(request.training),
        "base": None if base is None else dataclasses.asdict(stated_base(base, corpora)),
        "learned_from": [dataclasses.asdict(texts) for texts in learned_from],
        **({"corpora": [dataclasses.asdict(corpus) for corpus in stated_corpora]} if mix.is_several else {}),
    }


def _epochs(number: float) -> float:
    """Whole epochs as a whole number."""
    return int(number) if number == int(number) else number
