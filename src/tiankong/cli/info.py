"""``tiankong info``: what a prepared corpus or a model folder is."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import click

from tiankong.errors import FolderError


@click.command(name="info")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(folder: Path, as_json: bool) -> None:
    """Verify FOLDER, a prepared corpus or a model, and tell what it is."""
    from tiankong.artifact.model_folder import METRICS_FILE, MODEL, ModelManifest  # noqa: PLC0415
    from tiankong.corpus.prepared import PREPARED, PreparedManifest  # noqa: PLC0415

    content: dict[str, Any]
    if (folder / PREPARED.manifest).is_file():
        content = dataclasses.asdict(PREPARED.open(folder, PreparedManifest))
    else:
        content = dataclasses.asdict(MODEL.open(folder, ModelManifest))
        content["metrics"] = _metrics(folder / METRICS_FILE)
    if as_json:
        click.echo(json.dumps(content, ensure_ascii=False))
        return
    for name, value in content.items():
        click.echo(f"{name}: {json.dumps(value, ensure_ascii=False)}")


def _metrics(file: Path) -> Any:
    """The model's scores; the file is for people, who may have edited or removed it."""
    if not file.exists():
        return None
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise FolderError(f"{file} can't be read as JSON: repair or delete it, the model works without") from None
