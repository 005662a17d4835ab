"""``tiankong info``: what a prepared corpus or a model folder is, and which models are built in."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from tiankong.errors import FolderError

_MOST_VALUES = 16
"""Of a list that is printed for people."""


@click.command(name="info")
@click.argument("folder", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON: an object, or a list of the built-in models.")
def command(folder: str | None, as_json: bool) -> None:
    """Verify FOLDER, a prepared corpus, a model or the name of a built-in model, and describe it.

    Without FOLDER, list the built-in models: name, task, words and size.
    """
    if folder is None:
        _list(as_json)
        return
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


def _list(as_json: bool) -> None:
    """Prints what the built-in models are."""
    from tiankong.artifact.built_in import built_in_models, model_path  # noqa: PLC0415
    from tiankong.artifact.model_folder import MODEL, ModelManifest  # noqa: PLC0415
    from tiankong.text.vocabulary import SPECIAL_TOKENS  # noqa: PLC0415

    models: list[dict[str, Any]] = []
    for name in built_in_models():
        path = model_path(name)
        manifest = MODEL.open(path, ModelManifest)
        size = sum(file.stat().st_size for file in path.iterdir())
        models.append(
            {"name": name, "task": manifest.task, "words": manifest.words - len(SPECIAL_TOKENS), "bytes": size}
        )
    if as_json:
        click.echo(json.dumps(models, ensure_ascii=False))
        return
    for model in models:
        click.echo(f"{model['name']}\t{model['task']}\t{model['words']:,} words\t{model['bytes'] / 1e6:.0f} MB")


def _lines(content: dict[str, Any], indent: str = "") -> Iterator[str]:
    """The content for people, a field per line; only ``--json`` prints tables and long lists."""
    for name, value in content.items():
        if isinstance(value, dict) and value and all(isinstance(entry, dict) for entry in value.values()):
            yield f"{indent}{name}: {', '.join(value)} (--json)"
        elif isinstance(value, dict):
            yield f"{indent}{name}:"
            yield from _lines(value, indent + "  ")
        elif isinstance(value, list) and value and isinstance(value[0], list | dict):
            yield f"{indent}{name}: a table of {len(value)} rows (--json)"
        elif isinstance(value, list) and len(value) > _MOST_VALUES:
            yield f"{indent}{name}: {len(value)} values (--json)"
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
