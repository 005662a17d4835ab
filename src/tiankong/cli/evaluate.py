"""``tiankong evaluate``: scores of a model on a split or on text files."""

from __future__ import annotations

import json
from pathlib import Path

import click

from tiankong.cli.display import metrics_lines, progress
from tiankong.cli.options import model_option, needs


@click.command(name="evaluate")
@model_option
@click.option("--prepared", type=click.Path(path_type=Path), help="The prepared corpus the model was trained on.")
@click.option("--split", type=click.Choice(["train", "validation", "test"]), default="test", show_default=True)
@click.option("--text", "files", multiple=True, type=click.Path(path_type=Path), help="Text files; may be repeated.")
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
    column: str | None,
    encoding: str | None,
    limit: int,
    quiet: bool,
    as_json: bool,
) -> None:
    """Blank every word in turn and rank the whole vocabulary for it.

    Targets are tokens with a letter; words the model doesn't know count as misses in top-k and MRR, and are left
    out of perplexity and bit accuracy.
    """
    from tiankong.evaluate.measure import measure_files, measure_split  # noqa: PLC0415 - heavy
    from tiankong.inference.predictor import open_predictor  # noqa: PLC0415

    needs(bool(prepared) != bool(files), "give either --prepared with a folder or --text with one or more files")
    needs(limit >= 0, f"--limit must be 0 (all) or more, not {limit}")
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
