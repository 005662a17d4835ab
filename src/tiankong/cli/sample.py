"""``tiankong sample``: the built-in practice corpus."""

from __future__ import annotations

from pathlib import Path

import click

from tiankong.cli.options import OutputPath, needs


@click.command(name="sample")
@click.argument("output", type=OutputPath())
@click.option("--count", default=20_000, show_default=True, help="Reviews to write.")
@click.option("--seed", default=1, show_default=True, help="Another seed gives other reviews.")
@click.option("--force", is_flag=True, help="Replace OUTPUT if it exists.")
def command(output: Path, count: int, seed: int, force: bool) -> None:
    """Write the built-in practice corpus to the file OUTPUT.

    Made-up product reviews in Chinese, one per line: the text, two commas, 1 for good or 0 for bad.
    """
    from tiankong.folder import readable_write_errors  # noqa: PLC0415
    from tiankong.sample.grammar import write_practice_corpus  # noqa: PLC0415

    needs(1 <= count <= 200_000, f"--count must be from 1 to 200,000, not {count}")
    needs(output.suffix == ".txt", f"{output} must end in .txt, since its lines are texts: choose another name")
    needs(output.is_file() or not output.exists(), f"{output} is no ordinary file: choose another one")
    needs(force or not output.exists(), f"{output} exists: add --force to replace it, or choose another file")
    with readable_write_errors(output):
        write_practice_corpus(output, count, seed)
    click.echo(f"{count:,} reviews written to {output}")
