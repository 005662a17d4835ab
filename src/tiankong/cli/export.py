"""``tiankong export``: a small copy of a model to hand on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tiankong.cli.display import metrics_lines, progress, this_command
from tiankong.errors import MissingPackageError

if TYPE_CHECKING:
    from tiankong.artifact.error_detection import ErrorDetection


@click.command(name="export")
@click.argument("model")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The model folder to make.")
@click.option(
    "--prepared",
    required=True,
    type=click.Path(path_type=Path),
    help="The prepared corpus it was trained on: the copy is measured on its test split.",
)
@click.option("--force", is_flag=True, help="Replace the output folder if it exists.")
@click.option("--quiet", is_flag=True, help="No progress.")
@click.option("--json", "as_json", is_flag=True, help="Print the metrics as JSON.")
def command(model: str, output: Path, prepared: Path, force: bool, quiet: bool, as_json: bool) -> None:
    """Write a copy of MODEL in 8 bits: about a quarter of the size, and answers in a fraction of the time.

    It answers as the original does but for the rounding: what that costs is measured on the test split and in the
    copy's card.
    """
    try:
        from tiankong.export.int8_model import write_int8_model  # noqa: PLC0415 - heavy
    except ModuleNotFoundError:
        raise MissingPackageError("exporting", "train") from None
    from tiankong.artifact.built_in import model_path  # noqa: PLC0415
    from tiankong.artifact.model_folder import CLASSIFY, MODEL, open_model  # noqa: PLC0415
    from tiankong.corpus.prepared import PreparedCorpus  # noqa: PLC0415
    from tiankong.evaluate.error_detection import MOST_TEXTS, fit_error_detection  # noqa: PLC0415
    from tiankong.evaluate.labelled import check_labels_known, measure_labelled_split  # noqa: PLC0415
    from tiankong.evaluate.measure import measure_split  # noqa: PLC0415
    from tiankong.runtime.classifier import Classifier  # noqa: PLC0415
    from tiankong.runtime.predictor import open_predictor  # noqa: PLC0415

    MODEL.check_output(output, force=force)
    corpus = PreparedCorpus(prepared)
    source = model_path(model)
    opened = open_model(source)
    classifies = opened.manifest.task == CLASSIFY
    if classifies:
        check_labels_known(corpus, opened)

    def measure(folder: Path) -> dict[str, Any]:
        with progress("measuring", corpus.manifest.splits["test"].texts, quiet=quiet) as advance:
            if classifies:
                return measure_labelled_split(Classifier(open_model(folder)), corpus, "test", on_text=advance)
            return measure_split(open_predictor(folder), corpus, "test", on_text=advance)

    def find_error_detection(folder: Path) -> ErrorDetection | None:
        if classifies:  # there is no blank to judge a word by
            return None
        with progress("learning what does not fit", MOST_TEXTS, quiet=quiet) as advance:
            return fit_error_detection(open_predictor(folder), corpus, corpus.manifest.config.seed, advance)

    metrics = write_int8_model(
        source,
        corpus,
        output,
        force=force,
        measure=measure,
        find_error_detection=find_error_detection,
        command=this_command(),
    )
    if as_json:
        click.echo(json.dumps(metrics))
        return
    size = sum(file.stat().st_size for file in output.iterdir())
    click.echo(f"{output}: {size / 1e6:.1f} MB, scores on the test split:")
    click.echo(metrics_lines(metrics["test"]))
