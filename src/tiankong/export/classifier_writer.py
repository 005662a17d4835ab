"""A finished training of a classifier to a model folder, whole or not at all."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from tiankong.artifact.base_model import BaseModel
from tiankong.artifact.model_folder import CLASSIFY, MODEL, StatedBase
from tiankong.config import ClassifierConfig, ModelConfig, TrainingConfig
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.export.card import write_card
from tiankong.export.model_parts import Measure, copy_words, stated_settings, training_metrics, write_network
from tiankong.text.network_input import Lexicon
from tiankong.training.fit_classifier import TrainedClassifier
from tiankong.training.history import Curve

_ACCURACY, _LOG_LOSS = Curve("accuracy", "accuracy"), Curve("log_loss", "log loss (nats)")


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
        copy_words(base.folder.path if base else corpus.folder, folder)
        lexicon = Lexicon.of(words.vocabulary, words.characters)
        written = write_network(trained.network, lexicon, trained.rows, (_ACCURACY, _LOG_LOSS), folder)
        fields = {
            **stated_settings(corpus, model, training),
            "words": len(words.vocabulary),
            "parameters": written.parameters,
            "task": CLASSIFY,
            "labels": [label.name for label in corpus.manifest.labels],
            "classifier": dataclasses.asdict(classifier),
            "base": dataclasses.asdict(StatedBase(base.folder.path.name, base.sha256)) if base else None,
        }
        MODEL.seal(folder, fields)
        metrics = {
            **training_metrics(trained.rows, trained.best_epoch, written, command),
            "logit_scale": trained.scale,
            **measure(folder),
        }
        write_card(folder, output.name, corpus.manifest, fields, metrics)
    return metrics
