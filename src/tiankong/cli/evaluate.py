"""``tiankong evaluate``: scores of a model on a split or on text files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tiankong.cli.classify import label_option, parse_labels, prompt_option
from tiankong.cli.display import metrics_lines, progress
from tiankong.cli.options import model_option, needs

if TYPE_CHECKING:
    from tiankong.evaluate.labelled import LabelledText


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
    help="Files of labelled texts, classified with --prompt and --label; may be repeated.",
)
@prompt_option
@label_option
@click.option("--column", help="The text column of .csv, .tsv, .jsonl and .parquet files.")
@click.option("--encoding", help="The files' encoding, if it isn't UTF-8 or GB18030.")
@click.option("--limit", default=0, help="Measure so many texts of the split, spread evenly (0: all).")
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
    encoding: str | None,
    limit: int,
    quiet: bool,
    as_json: bool,
) -> None:
    """Blank every word in turn and rank the whole vocabulary for it.

    Targets are tokens with a letter; words the model doesn't know count as misses in top-k and MRR, and are left
    out of perplexity and bit accuracy. With --labelled, texts are classified instead: accuracy with its 95 % interval,
    macro-F1 and calibration. A split there is by the same hash as prepare's.
    """
    needs(limit >= 0, f"--limit must be 0 (all) or more, not {limit}")
    if labelled:
        from tiankong.evaluate.labelled import read_labelled  # noqa: PLC0415 - heavy

        needs(not prepared and not files, "give either --labelled, --prepared or --text")
        needs(bool(prompts and labels), "say how to tell labels apart with --prompt and --label")
        words = parse_labels(labels)
        only = None if split == "all" else split
        texts = read_labelled(labelled, split=only, limit=limit, column=column, encoding=encoding)
        _classified(model, texts, prompts, words, quiet=quiet, as_json=as_json)
        return
    needs(not prompts and not labels, "--prompt and --label are for --labelled texts")
    needs(split != "all", "--split all is for --labelled texts: give train, validation or test")
    from tiankong.evaluate.measure import measure_files, measure_split  # noqa: PLC0415 - heavy
    from tiankong.inference.predictor import open_predictor  # noqa: PLC0415

    needs(bool(prepared) != bool(files), "give either --prepared with a folder or --text with one or more files")
    opened = open_predictor(model)
    if prepared:
        from tiankong.corpus.prepared import PreparedCorpus  # noqa: PLC0415

        corpus = PreparedCorpus(prepared)
        total = min(limit or len(corpus.split(split)), len(corpus.split(split)))
        with progress("measuring", total, quiet=quiet) as advance:
            metrics = measure_split(opened, corpus, split, texts=limit, on_text=advance)
    else:
        metrics = measure_files(opened, files, column=column, encoding=encoding)
    click.echo(json.dumps(metrics) if as_json else metrics_lines(metrics))


def _classified(
    model: str,
    texts: list[LabelledText],
    prompts: tuple[str, ...],
    words: dict[str, list[str]],
    *,
    quiet: bool,
    as_json: bool,
) -> None:
    """Classifies ``texts`` and prints how well."""
    from tiankong.evaluate.labelled import measure_labelled  # noqa: PLC0415 - heavy
    from tiankong.inference.model import load  # noqa: PLC0415

    known = {text.label for text in texts}
    needs(set(words) >= known, f"the texts have the labels {', '.join(sorted(known))}: give --label for each of them")
    loaded = load(model)
    with progress("classifying", len(texts), quiet=quiet) as advance:
        metrics = measure_labelled(lambda batch: loaded.classify(batch, prompts, words), texts, advance)
    if as_json:
        click.echo(json.dumps(metrics, ensure_ascii=False))
        return
    click.echo(metrics_lines(metrics))
    for row in metrics["labels"]:
        figures = ", ".join(f"{name} {row[name]:.4f}" for name in ("precision", "recall", "f1"))
        click.echo(f"{row['label']}: {row['texts']:,} texts, {figures}")
