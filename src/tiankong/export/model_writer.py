"""A finished training to a model folder, whole or not at all."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file as save_arrays

from tiankong.artifact.error_detection import ErrorDetection, write_error_detection
from tiankong.artifact.model_folder import CLOZE, CODES_FILE, MODEL
from tiankong.config import ModelConfig, TrainingConfig
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.export.card import write_card
from tiankong.export.model_parts import Measure, copy_words, stated_settings, training_metrics, write_network
from tiankong.network.heads import CodedHead
from tiankong.training.fit import Trained
from tiankong.training.history import Curve

_BITS, _TOP10 = Curve("bit_accuracy", "share of equal bits"), Curve("top10", "top-10 accuracy")
_PERPLEXITY = Curve("perplexity", "perplexity", "log")

FindErrorDetection = Callable[[Path], ErrorDetection | None]
"""How the model in a folder is to judge words that don't fit."""


def write_model(
    trained: Trained,
    corpus: PreparedCorpus,
    model: ModelConfig,
    training: TrainingConfig,
    output: Path,
    *,
    force: bool,
    measure: Measure,
    find_error_detection: FindErrorDetection,
    command: str,
) -> dict[str, Any]:
    """Writes ``output``; ``measure`` and ``find_error_detection`` get the sealed folder before it appears, so their
    figures are those of the files themselves.

    :raises FolderError: ``output`` exists or can't be written.
    """
    with MODEL.write(output, force=force) as folder:
        copy_words(corpus.folder, folder)
        head = trained.network.head
        if isinstance(head, CodedHead):
            codes = np.packbits(head.codes.fixed.numpy(), axis=1)
            save_arrays({"codes": codes, "bias": head.bias.detach().numpy()}, folder / CODES_FILE)
        curves = (_BITS if model.head == "codes" else _TOP10, _PERPLEXITY)
        written = write_network(trained.network, corpus.lexicon, trained.rows, curves, folder)
        fields = {
            **stated_settings(corpus, model, training),
            "words": len(corpus.vocabulary),
            "task": CLOZE,
            "unknown_bias": _unknown_bias(trained, corpus) if model.composes_output else None,
            "parameters": written.parameters,
        }
        seal_with_error_detection(folder, fields, find_error_detection)
        metrics = {
            **training_metrics(trained.rows, trained.best_epoch, written, command),
            "calibration": dataclasses.asdict(trained.calibration),
            **(_learned_codes(head, corpus) if isinstance(head, CodedHead) and training.learn_codes else {}),
            **measure(folder),
        }
        write_card(folder, output.name, corpus.manifest, fields, metrics)
    return metrics


def _learned_codes(head: CodedHead, corpus: PreparedCorpus) -> dict[str, Any]:
    """What ``head`` made of the corpus's codes: its ``words`` that are coded, how many have another code than there,
    and the share of their bits that turned.
    """
    turned = (corpus.codes != head.codes.fixed.numpy())[head.first_coded :]
    changed = {
        "words": len(turned),
        "words_changed": int(turned.any(axis=1).sum()),
        "bits_turned": float(turned.mean()),
    }
    return {"learned_codes": changed}


def seal_with_error_detection(folder: Path, fields: dict[str, Any], find_error_detection: FindErrorDetection) -> None:
    """Seals a finished folder, fits error detection with the model in it, and seals it again with the result."""
    MODEL.seal(folder, fields)
    error_detection = find_error_detection(folder)
    if error_detection is not None:
        write_error_detection(error_detection, folder)
        MODEL.seal(folder, fields)


def _unknown_bias(trained: Trained, corpus: PreparedCorpus) -> float:
    """Of a word outside the vocabulary: as the rarest words within, but seen once."""
    counts, candidate = corpus.vocabulary.counts, corpus.vocabulary.targets()
    fewest = counts[candidate].min()
    bias = trained.network.head.bias.detach().numpy()
    return float(bias[candidate & (counts == fewest)].mean() - np.log(fewest))
