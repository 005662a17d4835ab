"""``tiankong corpus``: shows where the public corpora come from, and fetches them."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import click

from tiankong.cli.display import progress
from tiankong.cli.options import OutputPath, needs
from tiankong.errors import SourceError


@click.command(name="corpus")
@click.argument("names", nargs=-1)
@click.option("-o", "--output", type=OutputPath(), help="Fetch into this folder.")
@click.option("--from", "mirror", default="", help="The folder or URL that has the files.")
@click.option("--quiet", is_flag=True, help="No progress.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per corpus.")
def command(names: tuple[str, ...], output: Path | None, mirror: str, quiet: bool, as_json: bool) -> None:
    """Show where the public corpora NAMES come from, with their licences; with -o, fetch and verify them.

    They are the reviews that the built-in models are trained on, and general text in Chinese and English. A language
    (zh, en) names all of its corpora; without NAMES, all are meant. Most were made from larger publications and have
    no address of their own: use --from to name a folder that has them.
    """
    from tiankong.corpus.fetch import available, fetch  # noqa: PLC0415
    from tiankong.corpus.public import named  # noqa: PLC0415

    corpora = named(names)
    needs(output is not None or not mirror, "--from needs --output, the folder to fetch into")
    failures = []
    if output is not None:
        corpora, problem = available(corpora, output, mirror)
        failures += [problem] if problem else []
    for corpus in corpora:
        if output is None:
            fields = dataclasses.asdict(corpus)
            lines = [f"{name:<8} {value}" for name, value in fields.items() if value != ""]
            click.echo(json.dumps(fields, ensure_ascii=False) if as_json else "\n".join([*lines, ""]))
            continue
        try:
            with progress(corpus.file, corpus.bytes, quiet=quiet) as advance:
                path = fetch(corpus, output, mirror, advance)
        except SourceError as error:
            failures.append(str(error))
            continue
        click.echo(json.dumps({"name": corpus.name, "path": str(path)}, ensure_ascii=False) if as_json else path)
    if failures:
        raise SourceError("; ".join(dict.fromkeys(failures)))
