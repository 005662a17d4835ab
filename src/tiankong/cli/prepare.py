"""``tiankong prepare``: text files to a prepared corpus."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import click

from tiankong.cli.display import end_stopped, progress_bars
from tiankong.cli.options import (
    FilePath,
    OutputPath,
    SectionedCommand,
    config_options,
    force_option,
    name_label_option,
    parse_label_names,
    sheet_option,
)
from tiankong.config import PrepareConfig
from tiankong.registry.formats import formats_help, suffixes_with_columns

_HELP = f"""Turn FILES into a prepared corpus: segmented texts, splits and a vocabulary.

Memory does not grow with the texts. While it runs, OUTPUT.preparing holds what is done: after Ctrl-C or a crash, the
same command with --resume continues.

FILES: {formats_help()}; any of them also as .gz, .bz2, .xz or .zst, or in a .zip. Of a folder, all such files in it and
below it are read.
"""


@click.command(name="prepare", help=_HELP, cls=SectionedCommand)
@click.argument("files", nargs=-1, required=True, type=FilePath())
@click.option("-o", "--output", required=True, type=OutputPath(), help="The folder to make.")
@click.option("--column", help=f"The text column of {suffixes_with_columns()} files.")
@click.option("--label-column", help="The column of labels, for a classifier. [default: label or another usual name]")
@name_label_option
@sheet_option
@click.option("--encoding", help="The encoding of the files, unless it is UTF-8 or GB18030.")
@click.option(
    "--vocabulary-of",
    type=FilePath(),
    help="Use the vocabulary of this prepared corpus, so that one model can be trained on both.",
)
@click.option("--processes", default=0, help="Processes that segment (0: one per processor that this process may use).")
@click.option("--resume", is_flag=True, help="Continue the unfinished preparation of this output, if there is one.")
@force_option
@click.option("--quiet", is_flag=True, help="No progress.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@config_options(PrepareConfig)
def command(
    files: tuple[Path, ...],
    output: Path,
    column: str | None,
    label_column: str | None,
    label_names: tuple[str, ...],
    sheet: str | None,
    encoding: str | None,
    vocabulary_of: Path | None,
    processes: int,
    resume: bool,
    force: bool,
    quiet: bool,
    as_json: bool,
    preset: str,
    **values: Any,
) -> None:
    """Prepares and shows the counts."""
    from tiankong.corpus.labels import NO_LABELS  # noqa: PLC0415 - heavy
    from tiankong.corpus.splits import HELD_OUT, LARGE, is_default_of_large  # noqa: PLC0415
    from tiankong.corpus.work_folder import holds_unfinished, work_folder  # noqa: PLC0415
    from tiankong.pipeline.prepare import prepare  # noqa: PLC0415

    with progress_bars(quiet=quiet, quiet_messages=quiet or as_json) as show:
        try:
            corpus = prepare(
                files,
                output,
                column=column,
                label_column=label_column,
                label_names=parse_label_names(label_names),
                sheet=sheet,
                encoding=encoding,
                vocabulary_of=vocabulary_of,
                preset=preset,
                processes=processes,
                resume=resume,
                force=force,
                progress=show,
                **values,
            )
        except (KeyboardInterrupt, SystemExit) as stopped:
            end_stopped(stopped, work_folder(output) if holds_unfinished(output) else None)
    manifest, config = corpus.manifest, corpus.manifest.config
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(manifest), ensure_ascii=False))
        return
    click.echo(f"{output}: {sum(split.texts for split in manifest.splits.values()):,} texts")
    for name, split in manifest.splits.items():
        share = split.known_targets / max(split.targets, 1)
        click.echo(f"  {name:<10} {split.texts:>9,} texts {split.tokens:>11,} tokens, {share:.1%} of words known")
    if is_default_of_large(config.split):
        click.echo(
            f"  validation and test are kept at about {HELD_OUT:,} texts each, as without --split from {LARGE:,} on"
        )
    rarer = "rarer word read by its characters" if manifest.other_words == 1 else "rarer ones read by their characters"
    click.echo(f"  vocabulary {manifest.words:,} words, {manifest.other_words:,} {rarer}")
    if manifest.left_out_words:
        rarest = "word is" if manifest.left_out_words == 1 else "words are"
        click.echo(f"  {manifest.left_out_words:,} still rarer {rarest} read as unknown")
    kept = "left out" if config.unique else "kept, each in one split"
    click.echo(f"  {manifest.duplicate_texts:,} repeated texts ({kept}), {manifest.empty_texts:,} empty")
    if manifest.labels:
        shown = ", ".join(
            f"{label.name} ({label.train + label.validation + label.test:,})" for label in manifest.labels
        )
        click.echo(
            f"  labels     {shown if len(manifest.labels) <= 10 else f'{len(manifest.labels):,} different ones'}"
        )
        if manifest.disputed_texts:
            which = "the first is kept" if config.unique else "all are kept"
            click.echo(f"  {manifest.disputed_texts:,} repeated texts have more than one label ({which})")
    elif manifest.label_problem != NO_LABELS:
        click.echo(f"  labels     not kept: {manifest.label_problem}")
    if manifest.codes:
        codes = manifest.codes
        click.echo(
            f"  codes      {codes.bits} bits, {codes.share_of_ones:.1%} ones, {codes.collisions:,} collisions "
            f"resolved by flipping {codes.flipped_bits:,} bits; all unique"
        )
