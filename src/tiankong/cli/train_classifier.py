"""``tiankong train --task classify``: a prepared corpus with labels to a model folder."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tiankong.cli.display import this_command
from tiankong.cli.train_request import Order
from tiankong.config import ModelConfig, Preset, override, preset_tables
from tiankong.config.applicability import check_shape

if TYPE_CHECKING:
    from tiankong.artifact.base_model import BaseModel
    from tiankong.training.fit_classifier import Base

_NOT_SHAPE = ("input_dropout", "output_dropout", "mlp_dropout")
_ONLY_TO_FILL = ("head", "frequent_words", "word_vectors", "decoding", "output_characters")
"""What a network has that fills blanks, and one that tells labels apart has not."""


def train_classifier(
    order: Order, config: Preset, base: str | None, given: dict[str, Any], preset: str | None
) -> dict[str, Any]:
    """Trains a model that tells labels apart, from ``base`` if there is one, and returns its metrics.

    ``given`` are the options of the command line; those of the network's shape are refused with a base, and of the
    ``preset`` that the command line names, the rest counts.
    """
    from tiankong.artifact.base_model import open_base  # noqa: PLC0415 - heavy
    from tiankong.artifact.built_in import model_path  # noqa: PLC0415
    from tiankong.artifact.model_folder import open_model  # noqa: PLC0415
    from tiankong.evaluate.labelled import measure_labelled_split  # noqa: PLC0415
    from tiankong.export.classifier_writer import write_classifier  # noqa: PLC0415
    from tiankong.runtime.classifier import Classifier  # noqa: PLC0415
    from tiankong.training.fit_classifier import fit_classifier  # noqa: PLC0415

    fields = dataclasses.fields(ModelConfig)
    wanted = {field.name: given[field.name] for field in fields if given[field.name] is not None}
    opened = open_base(model_path(base)) if base else None
    if opened:
        check_shape(given, str(base))
        stated = preset_tables(preset).get("model", {}) if preset else {}
        dropouts = {name: getattr(config.model, name) for name in _NOT_SHAPE if name in {*stated, *wanted}}
        model = override(opened.folder.manifest.model, dropouts)
    else:
        plain = ModelConfig()
        model = dataclasses.replace(config.model, **{name: getattr(plain, name) for name in _ONLY_TO_FILL})
    trained = fit_classifier(
        order.corpus,
        model,
        config.training,
        config.classifier,
        order.work,
        order.display,
        _as_base(opened) if opened else None,
    )

    def measure(folder: Path) -> dict[str, Any]:
        classifier = Classifier(open_model(folder))
        return order.measured(
            lambda name, size, advance: measure_labelled_split(
                classifier, order.corpus, name, texts=size, on_text=advance
            )
        )

    return write_classifier(
        trained,
        order.corpus,
        (model, config.training, config.classifier),
        opened,
        order.output,
        force=order.work.force,
        measure=measure,
        command=this_command(),
    )


def label_epoch_line(row: dict[str, float], epochs: int) -> str:
    """What an epoch measured, for people."""
    what = "label layer alone" if row["epoch"] == 0 else f"epoch {row['epoch']:.0f}/{epochs}"
    return (
        f"{what} | loss {row['train_loss']:.4f} | accuracy {row['train_accuracy']:.4f} train, "
        f"{row['validation_accuracy']:.4f} validation | log loss {row['validation_log_loss']:.4f} | "
        f"{row['tokens_per_second']:,.0f} tokens/s"
    )


def _as_base(opened: BaseModel) -> Base:
    from tiankong.training.fit_classifier import Base  # noqa: PLC0415 - heavy

    folder = opened.folder
    return Base(
        name=str(folder.path),
        sha256=opened.sha256,
        model=folder.manifest.model,
        weights=opened.weights,
        vocabulary=folder.vocabulary,
        characters=folder.characters,
        bits=folder.manifest.prepare.code_bits,
        prepare=folder.manifest.prepare,
        user_words=folder.user_words,
    )
