"""``tiankong info``: what a prepared corpus or a model folder is."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from tiankong.errors import FolderError


@click.command(name="info")
@click.argument("folder")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(folder: str, as_json: bool) -> None:
    """Verify FOLDER, a prepared corpus, a model or the name of a built-in model, and describe it."""
    from tiankong.artifact.built_in import model_path  # noqa: PLC0415
    from tiankong.artifact.model_folder import METRICS_FILE, MODEL, ModelManifest  # noqa: PLC0415
    from tiankong.corpus.prepared import PREPARED, PreparedManifest  # noqa: PLC0415

    content: dict[str, Any]
    path = model_path(folder)
    if (path / PREPARED.manifest).is_file():
        content = dataclasses.asdict(PREPARED.open(path, PreparedManifest))
    else:
        content = dataclasses.asdict(MODEL.open(path, ModelManifest))
        content["metrics"] = _metrics(path / METRICS_FILE)
    if as_json:
        click.echo(json.dumps(content, ensure_ascii=False))
        return
    for line in _lines(content):
        click.echo(line)


def _lines(content: dict[str, Any], indent: str = "") -> Iterator[str]:
    """The content for people, a field per line; only ``--json`` prints tables."""
    for name, value in content.items():
        if isinstance(value, dict):
            yield f"{indent}{name}:"
            yield from _lines(value, indent + "  ")
        elif isinstance(value, list) and value and isinstance(value[0], list | dict):
            yield f"{indent}{name}: a table of {len(value)} rows (--json)"
        else:
            shown = f"{value:.6g}" if isinstance(value, float) else json.dumps(value, ensure_ascii=False)
            yield f"{indent}{name}: {value if isinstance(value, str) else shown}"


def _metrics(file: Path) -> Any:
    """The model's metrics; the file is for people, who may have edited or removed it."""
    if not file.exists():
        return None
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise FolderError(f"{file} can't be read as JSON: repair or delete it, the model works without it") from None
