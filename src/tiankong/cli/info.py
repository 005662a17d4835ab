"""``tiankong info``: what a prepared corpus or a model folder is."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import click


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
        metrics = folder / METRICS_FILE
        content["metrics"] = json.loads(metrics.read_text(encoding="utf-8")) if metrics.exists() else None
    if as_json:
        click.echo(json.dumps(content, ensure_ascii=False))
        return
    for name, value in content.items():
        click.echo(f"{name}: {json.dumps(value, ensure_ascii=False)}")
