"""What people read in a model folder: its metrics, and the card with YAML front matter."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tiankong.artifact.model_folder import CARD_FILE, CONFUSION_FILE, METRICS_FILE, RELIABILITY_FILE
from tiankong.corpus.prepared import PreparedManifest
from tiankong.corpus.public import PUBLIC_CORPORA
from tiankong.exporting.confusion_plot import draw_confusion
from tiankong.exporting.reliability_plot import draw_reliability
from tiankong.folder import write_text
from tiankong.objective.base import objective_of
from tiankong.registry.tasks import TASKS

_SPLITS = ("train", "validation", "test_fp32", "test")


def write_card(
    folder: Path, name: str, corpora: Sequence[PreparedManifest], fields: dict[str, Any], metrics: dict[str, Any]
) -> None:
    """Writes a model folder's metrics, the plots of its calibration and confusion, and its card. ``corpora`` are those
    that it was trained on, or the one at hand.
    """
    test = metrics["test"]
    draw_reliability(test["reliability"], test["calibration_error"], folder / RELIABILITY_FILE)
    if "confusion" in test:
        draw_confusion([row["label"] for row in test["labels"]], test["confusion"], folder / CONFUSION_FILE)
    write_text(folder / METRICS_FILE, json.dumps(metrics, indent=2) + "\n")
    write_text(folder / CARD_FILE, card_text(name, corpora, fields, metrics))


def card_text(name: str, corpora: Sequence[PreparedManifest], fields: dict[str, Any], metrics: dict[str, Any]) -> str:
    """The text of a model folder's ``README.md``."""
    objective = objective_of(TASKS[fields["task"]])
    present = [score for score in objective.scores if score in metrics["test"]]
    commands = "\n".join(f"    {command}" for command in metrics["commands"])
    return f"""---
pipeline_tag: {objective.pipeline_tag}
library_name: tiankong
tags: [{fields["task"]}, brnn]
model-index:
- name: {json.dumps(name, ensure_ascii=False)}
  results:
  - task: {{type: {objective.pipeline_tag}}}
    metrics:
{_yaml_metrics(present, metrics["test"])}
---
# {name}

{objective.summary(name, fields)}

{fields["parameters"]:,} parameters{_stored(fields)}.
{_notes(metrics)}
## Data

{_data(corpora, fields.get("corpora", []))}

## Scores

| split | texts | {" | ".join(present)} |
|---|---|{"---|" * len(present)}
{_rows(present, objective.texts, metrics)}
{_rows_by_corpus(present, objective.texts, metrics)}
Best epoch {metrics["best_epoch"]} of {metrics["epochs"]}, {metrics["training_seconds"]:.0f} s of training.
Where a split has more texts than its row says, only that many were measured, spread evenly. `curves.png` shows the
scores by epoch, `reliability.png` how often the best answer is right, by its probability.
{objective.details(metrics)}
## Made by

{commands}
"""


def _notes(metrics: Mapping[str, Any]) -> str:
    return f"\n{metrics['notes']}\n" if metrics.get("notes") else ""


def _data(corpora: Sequence[PreparedManifest], stated: Sequence[Mapping[str, Any]]) -> str:
    """The texts and their sources; ``stated`` are the names and shares of several corpora."""
    if len(corpora) == len(stated):
        parts = [
            f"`{entry['name']}`, {entry['share']:.1%} of the tokens that were learned from: {_texts(corpus)}"
            for corpus, entry in zip(corpora, stated, strict=True)
        ]
        return "A mix of corpora.\n\n" + "\n\n".join(parts)
    mixed = ", ".join(f"`{entry['name']}` ({entry['share']:.1%})" for entry in stated)
    return "\n\n".join([*([f"A mix of {mixed}, of which one is at hand:"] if mixed else []), *map(_texts, corpora)])


def _texts(corpus: PreparedManifest) -> str:
    """How many texts of which sources a corpus has."""
    sources = "\n".join(
        f"- `{Path(source.path).name}`, {source.bytes:,} bytes, sha256 `{source.sha256}`{_origin(source.sha256)}"
        for source in corpus.sources
    )
    texts = "/".join(f"{counts.texts:,}" for counts in corpus.splits.values())
    return f"{texts} texts (training/validation/test), split by a hash of the text.\n\n{sources}"


def _origin(sha256: str) -> str:
    """Where a public corpus is from, and its licence."""
    public = next((corpus for corpus in PUBLIC_CORPORA if corpus.sha256 == sha256), None)
    if public is None:
        return ""
    commit = f" @ {public.commit}" if public.commit else ""
    return f": {public.contents}; from {public.origin}{commit}; licence: {public.licence}"


def _stored(fields: dict[str, Any]) -> str:
    return ", stored and computed in 8 bits" if fields.get("weights") == "int8" else ""


def _rows(scores: list[str], texts: str, metrics: dict[str, Any]) -> str:
    rows = []
    for split in _SPLITS:
        if split not in metrics:
            continue
        cells = " | ".join(f"{metrics[split][score]:.4g}" for score in scores)
        rows.append(f"| {_split_name(split, metrics)} | {metrics[split][texts]:,} | {cells} |")
    return "\n".join(rows)


def _rows_by_corpus(scores: list[str], texts: str, metrics: dict[str, Any]) -> str:
    """The scores of each of several corpora; those above are their means by share."""
    corpora = metrics.get("corpora", {})
    if not corpora:
        return ""
    rows = "\n".join(
        f"| {_split_name(split, metrics)} | {name} | {measured[split][texts]:,} | "
        + " | ".join(f"{measured[split][score]:.4g}" for score in scores)
        + " |"
        for split in _SPLITS
        for name, measured in corpora.items()
        if split in measured
    )
    return f"""
These are means over the corpora, by their shares. By corpus:

| split | corpus | texts | {" | ".join(scores)} |
|---|---|---|{"---|" * len(scores)}
{rows}
"""


def _split_name(split: str, metrics: dict[str, Any]) -> str:
    """The name of a split; of a copy in 8 bits, only the test split is measured, the other rows are of the original."""
    is_before = "test_fp32" in metrics and split != "test"
    return split.removesuffix("_fp32") + (", before conversion to 8 bits" if is_before else "")


def _yaml_metrics(present: list[str], scores: dict[str, float]) -> str:
    return "\n".join(f"    - {{type: {name}, value: {scores[name]:.4f}}}" for name in present)
