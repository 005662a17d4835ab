"""``tiankong evaluate``: scores of a model on a split or on text files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from tiankong.cli.classify import label_option, parse_labels, prompt_option
from tiankong.cli.display import metrics_lines, progress, say
from tiankong.cli.options import model_option, name_label_option, needs, parse_label_names
from tiankong.config import DEFAULT_CLASSIFIER, reason
from tiankong.errors import FolderError, MissingPackageError
from tiankong.registry.formats import suffixes_with_columns

if TYPE_CHECKING:
    from tiankong.evaluate.labelled import Labelled
    from tiankong.model import Model

_MOST_LISTED = 10


@click.command(name="evaluate")
@model_option
@click.option("--prepared", type=click.Path(path_type=Path), help="The prepared corpus the model was trained on.")
@click.option(
    "--split",
    type=click.Choice(["train", "validation", "test", "all"]),
    default="test",
    show_default=True,
    help="Which texts; all is for --labelled.",
)
@click.option("--text", "files", multiple=True, type=click.Path(path_type=Path), help="Text files; may be repeated.")
@click.option(
    "--labelled",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Files of labelled texts, to be classified; may be repeated.",
)
@prompt_option
@label_option
@click.option("--column", help=f"The text column of {suffixes_with_columns()} files.")
@click.option("--label-column", help="The column of labels. [default: label]")
@name_label_option
@click.option("--encoding", help="The files' encoding, if it isn't UTF-8 or GB18030.")
@click.option("--limit", default=0, help="Measure so many texts, spread over a split, or the first of files (0: all).")
@click.option(
    "--confusion", type=click.Path(path_type=Path), help="Draw which labels are taken for which into this .png file."
)
@click.option("--quiet", is_flag=True, help="No progress.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    model: str,
    prepared: Path | None,
    split: str,
    files: tuple[Path, ...],
    labelled: tuple[Path, ...],
    prompts: tuple[str, ...],
    labels: tuple[str, ...],
    column: str | None,
    label_column: str | None,
    label_names: tuple[str, ...],
    encoding: str | None,
    limit: int,
    confusion: Path | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Blank every word in turn and rank the whole vocabulary for it; or classify texts and compare with their labels.

    Targets are tokens with a letter; words the model doesn't know count as misses in top-k and MRR, and are left
    out of perplexity and bit accuracy. A model that tells labels apart, and any with --labelled, is measured by
    accuracy with its 95 % interval, macro-F1 and calibration. A split of --labelled is the model's own, by the same
    hash as prepare's.
    """
    needs(limit >= 0, f"--limit must be 0 (all) or more, not {limit}")
    needs(
        sum(map(bool, (prepared, files, labelled))) == 1,
        "give one of --prepared with a folder, --text with files, --labelled with files of labelled texts",
    )
    needs(bool(labelled) or not (prompts or labels), "--prompt and --label are for --labelled texts")
    needs(bool(labelled) or split != "all", "--split all is for --labelled texts: give train, validation or test")
    needs(
        bool(labelled) or not (label_column or label_names),
        "--label-column and --name-label are for --labelled texts: leave them out",
    )
    needs(confusion is None or confusion.suffix == ".png", f"--confusion {confusion} must end in .png")
    needs(bool(prompts) == bool(labels), "--prompt and --label go together: give both, or neither for a trained model")
    needs(not prepared or not (column or encoding), "--column and --encoding are for files: leave them out")
    source = click.get_current_context().get_parameter_source
    needs(not files or source("split") is ParameterSource.DEFAULT, "--split is not for --text: leave it out")
    if confusion:
        _check_confusion(confusion, model, labelled=bool(labelled))
    if labelled:
        from tiankong.evaluate.labelled import read_labelled  # noqa: PLC0415 - heavy

        if not prompts and source("model") is ParameterSource.DEFAULT:
            model = DEFAULT_CLASSIFIER
        words = parse_labels(labels)
        loaded = _loaded_to_label(model, prompts)
        texts = read_labelled(
            labelled,
            split=None if split == "all" else split,
            prepare=loaded.folder.manifest.prepare,
            limit=limit,
            column=column,
            label_column=label_column,
            label_names=parse_label_names(label_names),
            encoding=encoding,
        )
        if split != "all":
            say(f"only texts of the {split} split are measured; --split all measures every one", quiet=quiet or as_json)
        metrics = _measured_labelled(loaded, texts, prompts, words, quiet=quiet)
    elif prepared:
        metrics = _measured_split(model, prepared, split, limit, quiet=quiet)
    else:
        from tiankong.evaluate.measure import measure_files  # noqa: PLC0415 - heavy
        from tiankong.runtime.predictor import open_predictor  # noqa: PLC0415

        metrics = measure_files(open_predictor(model), files, column=column, encoding=encoding, texts=limit)
    if confusion:
        _draw(metrics, confusion)
    if as_json:
        click.echo(json.dumps(metrics, ensure_ascii=False))
        return
    click.echo(metrics_lines(metrics))
    for row in metrics.get("labels", []):
        figures = ", ".join(f"{name} {row[name]:.4f}" for name in ("precision", "recall", "f1"))
        click.echo(f"{row['label']}: {row['texts']:,} texts, {figures}")


def _check_confusion(file: Path, model: str, *, labelled: bool) -> None:
    """That there will be something to draw, and a place for it, before all is measured."""
    from tiankong.artifact.built_in import model_path  # noqa: PLC0415 - heavy
    from tiankong.artifact.model_folder import CLASSIFY, open_model  # noqa: PLC0415

    needs(
        labelled or open_model(model_path(model)).manifest.task == CLASSIFY,
        "--confusion is for labels: leave it out, or give --labelled",
    )
    needs(not file.is_dir(), f"--confusion {file} is a folder: name a .png file")
    needs(file.parent.is_dir(), f"--confusion {file} can't be written: there is no folder {file.parent}")


def _loaded_to_label(model: str, prompts: tuple[str, ...]) -> Model:
    """The model, once it is sure that it can tell labels apart."""
    from tiankong.model import load  # noqa: PLC0415 - heavy

    loaded = load(model)
    needs(
        bool(loaded.labels) or bool(prompts),
        f"{model} fills blanks and was not trained for labels: say how to tell them apart with --prompt and --label",
    )
    return loaded


def _measured_labelled(
    loaded: Model,
    texts: list[Labelled[str]],
    prompts: tuple[str, ...],
    words: dict[str, list[str]],
    *,
    quiet: bool,
) -> dict[str, Any]:
    """How well ``texts`` are classified."""
    from tiankong.evaluate.labelled import measure_labelled  # noqa: PLC0415 - heavy

    known, told = {text.label for text in texts}, set(words) or set(loaded.labels)
    way_out = "give --label for each of them"
    if not words:
        way_out = f"{loaded.folder.path.name} was trained for {', '.join(loaded.labels[:_MOST_LISTED])}"
    needs(told >= known, f"the texts have the labels {', '.join(sorted(known)[:_MOST_LISTED])}: {way_out}")
    readable = [text for text in texts if loaded.reads(text.text)]
    needs(bool(readable), "none of the texts has anything that the model reads: bring others")
    if len(readable) < len(texts):
        say(f"tiankong: left out, since they have no word: {len(texts) - len(readable):,} texts", quiet=quiet)
    texts = readable
    with progress("classifying", len(texts), quiet=quiet) as advance:
        return measure_labelled(
            (lambda batch: loaded.classify(batch, prompts, words)) if words else loaded.classify, texts, advance
        )


def _measured_split(model: str, prepared: Path, split: str, limit: int, *, quiet: bool) -> dict[str, Any]:
    """How well a split of a prepared corpus is filled, or classified."""
    from tiankong.artifact.built_in import model_path  # noqa: PLC0415 - heavy
    from tiankong.artifact.model_folder import CLASSIFY, open_model  # noqa: PLC0415
    from tiankong.corpus.prepared import PreparedCorpus  # noqa: PLC0415
    from tiankong.evaluate.labelled import measure_labelled_split  # noqa: PLC0415
    from tiankong.evaluate.measure import measure_split  # noqa: PLC0415
    from tiankong.runtime.classifier import Classifier  # noqa: PLC0415
    from tiankong.runtime.predictor import Predictor  # noqa: PLC0415

    folder = open_model(model_path(model))
    corpus = PreparedCorpus(prepared)
    total = min(limit or len(corpus.split(split)), len(corpus.split(split)))
    with progress("measuring", total, quiet=quiet) as advance:
        if folder.manifest.task == CLASSIFY:
            return measure_labelled_split(Classifier(folder), corpus, split, texts=limit, on_text=advance)
        return measure_split(Predictor(folder), corpus, split, texts=limit, on_text=advance)


def _draw(metrics: dict[str, Any], file: Path) -> None:
    """The picture of ``--confusion``."""
    try:
        from tiankong.exporting.confusion_plot import draw_confusion  # noqa: PLC0415 - heavy

        draw_confusion([row["label"] for row in metrics["labels"]], metrics["confusion"], file)
    except ModuleNotFoundError:
        raise MissingPackageError("--confusion", "train") from None
    except (OSError, ValueError) as error:
        raise FolderError(f"{file} can't be written ({reason(error)}): choose another .png file") from None
