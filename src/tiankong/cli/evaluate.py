"""``tiankong evaluate``: scores of a model on a split or on text files."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from tiankong.cli.classify import label_option, parse_labels, prompt_option
from tiankong.cli.display import metrics_lines, progress_bars
from tiankong.cli.options import (
    FilePath,
    OutputPath,
    blank_option,
    model_option,
    name_label_option,
    needs,
    parse_label_names,
    sheet_option,
    threads_option,
)
from tiankong.cli.script import script_option
from tiankong.config import reason
from tiankong.errors import FolderError, MissingPackageError
from tiankong.registry.formats import suffixes_with_columns
from tiankong.registry.tasks import LABELS

if TYPE_CHECKING:
    from tiankong.pipeline.progress import Progress
    from tiankong.text.script import Script


@click.command(name="evaluate")
@model_option
@click.option("--prepared", type=FilePath(), help="The prepared corpus the model was trained on.")
@click.option(
    "--split",
    type=click.Choice(["train", "validation", "test", "all"]),
    default="test",
    show_default=True,
    help="The split to measure; all is for --labelled.",
)
@click.option("--text", "files", multiple=True, type=FilePath(), help="Text files; may be repeated.")
@click.option(
    "--labelled",
    multiple=True,
    type=FilePath(),
    help="Files of labelled texts to classify; may be repeated.",
)
@prompt_option
@label_option
@blank_option
@click.option("--column", help=f"The text column of {suffixes_with_columns()} files.")
@click.option("--label-column", help="The column of labels. [default: label]")
@name_label_option
@sheet_option
@click.option("--encoding", help="The encoding of the files, unless it is UTF-8 or GB18030.")
@click.option(
    "--limit", default=0, help="Measure only this many texts, spread over the split or the first of --text (0: all)."
)
@threads_option
@script_option
@click.option("--confusion", type=OutputPath(), help="Draw the confusion matrix into this .png file.")
@click.option("--quiet", is_flag=True, help="No progress.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    model: str | None,
    prepared: Path | None,
    split: str,
    files: tuple[Path, ...],
    labelled: tuple[Path, ...],
    prompts: tuple[str, ...],
    labels: tuple[str, ...],
    blank: str | None,
    column: str | None,
    label_column: str | None,
    label_names: tuple[str, ...],
    sheet: str | None,
    encoding: str | None,
    limit: int,
    threads: int,
    script: Script,
    confusion: Path | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Blank every word in turn and rank the vocabulary for it, or classify texts and compare the labels.

    Targets are tokens with a letter. Words outside the vocabulary count as misses in top-k and MRR, and are left out
    of perplexity and bit accuracy. Classifiers, and any model with --labelled, are measured by accuracy with its 95 %
    interval, macro-F1 and calibration. A split of --labelled has the texts that prepare would assign to it.
    """
    needs(confusion is None or confusion.suffix == ".png", f"--confusion {confusion} must end in .png")
    source = click.get_current_context().get_parameter_source
    if confusion:
        _check_confusion(confusion, model, labelled=bool(labelled))
    from tiankong.pipeline.evaluate import evaluate  # noqa: PLC0415 - heavy

    with progress_bars(quiet=quiet) as show:

        def shown(step: Progress) -> None:
            # What reads the JSON has chosen the split.
            show(dataclasses.replace(step, message="") if as_json and step.stage == "reading" else step)

        metrics = evaluate(
            model,
            prepared=prepared,
            text=files or None,
            labelled=labelled or None,
            split=None if source("split") is ParameterSource.DEFAULT else split,
            limit=limit,
            prompts=prompts or None,
            labels=parse_labels(labels) or None,
            blank=blank,
            column=column,
            label_column=label_column,
            label_names=parse_label_names(label_names) or None,
            sheet=sheet,
            encoding=encoding,
            threads=threads,
            script=script,
            progress=shown,
        ).metrics
    if confusion:
        _draw(metrics, confusion)
    if as_json:
        click.echo(json.dumps(metrics, ensure_ascii=False))
        return
    click.echo(metrics_lines(metrics))
    for row in metrics.get("labels", []):
        figures = ", ".join(f"{name} {row[name]:.4f}" for name in ("precision", "recall", "f1"))
        click.echo(f"{row['label']}: {row['texts']:,} texts, {figures}")


def _check_confusion(file: Path, model: str | None, *, labelled: bool) -> None:
    """Checks, before anything is measured, that there will be a matrix and that its file can be written."""
    from tiankong.artifact.built_in import model_path  # noqa: PLC0415 - heavy
    from tiankong.artifact.model_folder import open_model  # noqa: PLC0415

    needs(
        labelled or (model is not None and open_model(model_path(model)).task.answers == LABELS),
        "--confusion is for labels: leave it out, or give --labelled",
    )
    needs(not file.is_dir(), f"--confusion {file} is a folder: name a .png file")
    needs(file.parent.is_dir(), f"--confusion {file} can't be written: there is no folder {file.parent}")


def _draw(metrics: dict[str, Any], file: Path) -> None:
    """Draws ``--confusion``."""
    try:
        from tiankong.exporting.confusion_plot import draw_confusion  # noqa: PLC0415 - heavy

        draw_confusion([row["label"] for row in metrics["labels"]], metrics["confusion"], file)
    except ModuleNotFoundError:
        raise MissingPackageError("--confusion", "train") from None
    except (OSError, ValueError) as error:
        raise FolderError(f"{file} can't be written ({reason(error)}): choose another .png file") from None
