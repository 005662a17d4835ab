"""A model folder to share: everything that filling needs, in 8 bits, and nothing that only training needs."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tiankong.artifact.model_folder import (
    CHARACTERS_FILE,
    CODES_FILE,
    CURVES_FILE,
    HISTORY_FILE,
    METRICS_FILE,
    MODEL,
    ONNX_FILE,
    TYPED_FORMS_FILE,
    USER_DICT_FILE,
    VOCABULARY_FILE,
    ModelManifest,
    StatedTexts,
    open_model,
)
from tiankong.corpus.prepared import PreparedCorpus, PreparedManifest
from tiankong.errors import FolderError
from tiankong.exporting.card import card_text, write_card
from tiankong.exporting.model_writer import FindErrorDetection, Measure, seal_with_error_detection
from tiankong.exporting.quantise import quantise
from tiankong.text.network_input import Lexicon
from tiankong.training.learned_texts import split_texts

_COPIED = (VOCABULARY_FILE, CHARACTERS_FILE, CODES_FILE, USER_DICT_FILE, TYPED_FORMS_FILE, HISTORY_FILE, CURVES_FILE)


def write_int8_model(
    source: Path,
    corpora: Sequence[PreparedCorpus],
    output: Path,
    *,
    force: bool,
    measure: Measure,
    find_error_detection: FindErrorDetection,
    command: str,
    notes: str = "",
) -> dict[str, Any]:
    """Writes ``output`` from the model in ``source`` and returns its metrics, the test scores measured again.

    A network that is in 8 bits already is copied, so that a model made by an earlier version gets what is fitted anew.
    ``measure`` gives the scores of the test split alone, of several ``corpora`` also of each. ``notes`` go into the
    card; without them it has those of the original.

    :raises FolderError: ``source`` is no model, is ``output`` or has no readable metrics; ``output`` exists or can't be
        written.
    """
    if source.resolve() in {output.resolve(), *output.resolve().parents}:
        raise FolderError(f"{output} is the model itself or within it: choose another output folder")
    model = open_model(source)
    is_copy = model.manifest.weights != "fp32"
    manifest = dataclasses.asdict(model.manifest)
    fields = {name: value for name, value in manifest.items() if name not in {"format", "version"}}
    fields["weights"] = "int8"
    fields["learned_from"] = [dataclasses.asdict(texts) for texts in _learned_from(model.manifest, corpora)]
    manifests = [corpus.manifest for corpus in corpora]
    metrics = _metrics(source / METRICS_FILE, manifests, fields)
    if notes:
        metrics["notes"] = notes
    with MODEL.write(output, force=force) as folder:
        for name in _COPIED:
            if (source / name).exists():
                shutil.copyfile(source / name, folder / name)
        if is_copy:
            shutil.copyfile(model.onnx, folder / ONNX_FILE)
        else:
            quantise(model.onnx, folder / ONNX_FILE, Lexicon.of(model.vocabulary, model.characters))
            for scores in (metrics, *metrics.get("corpora", {}).values()):
                scores["test_fp32"] = scores.pop("test")
        seal_with_error_detection(folder, fields, find_error_detection)
        measured = measure(folder)
        for name, scores in measured.pop("corpora", {}).items():
            metrics["corpora"][name] |= scores
        metrics |= {**measured, "commands": [*metrics["commands"], command]}
        write_card(folder, output.name, manifests, fields, metrics)
    return metrics


def _learned_from(model: ModelManifest, corpora: Sequence[PreparedCorpus]) -> list[StatedTexts]:
    """How the texts of the model were split: of one that does not state it, if all its ``corpora`` are at hand."""
    by_fingerprint = {corpus.fingerprint: split_texts(corpus) for corpus in corpora}
    of_corpora = [by_fingerprint.get(corpus.sha256) for corpus in model.corpora]
    found = [texts for texts in of_corpora if texts is not None]
    return model.learned_from or (found if len(found) == len(of_corpora) else [])


def _metrics(file: Path, corpora: Sequence[PreparedManifest], fields: dict[str, Any]) -> dict[str, Any]:
    """The original's metrics, after checking that a card can be written from them: people may have edited the file."""
    try:
        metrics: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        card_text("", corpora, fields, metrics)
    except (OSError, ValueError, KeyError, TypeError):
        raise FolderError(f"{file} can't be read, and the copy's card is made from it: train the model again") from None
    return metrics
