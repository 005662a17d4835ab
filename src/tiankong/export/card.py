"""What people read in a model folder: its metrics, and the card with YAML front matter."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tiankong.artifact.model_folder import CARD_FILE, METRICS_FILE, RELIABILITY_FILE
from tiankong.corpus.prepared import PreparedManifest
from tiankong.export.reliability_plot import draw_reliability
from tiankong.folder import write_text

_SCORES = ("top1", "top5", "top10", "mrr", "perplexity", "calibration_error")
_SPLITS = ("train", "validation", "test_fp32", "test")
_CODES_SCORES = ("bit_accuracy", "distance_top1", "distance_top10")


def write_card(
    folder: Path, name: str, corpus: PreparedManifest, fields: dict[str, Any], metrics: dict[str, Any]
) -> None:
    """Writes a model folder's metrics, the picture of its calibration and its card."""
    test = metrics["test"]
    draw_reliability(test["reliability"], test["calibration_error"], folder / RELIABILITY_FILE)
    write_text(folder / METRICS_FILE, json.dumps(metrics, indent=2) + "\n")
    write_text(folder / CARD_FILE, card_text(name, corpus, fields, metrics))


def card_text(name: str, corpus: PreparedManifest, fields: dict[str, Any], metrics: dict[str, Any]) -> str:
    """The text of a model folder's ``README.md``."""
    model = fields["model"]
    commands = "\n".join(f"    {command}" for command in metrics["commands"])
    sources = "\n".join(
        f"- `{Path(source.path).name}`, {source.bytes:,} bytes, sha256 `{source.sha256}`" for source in corpus.sources
    )
    texts = "/".join(f"{counts.texts:,}" for counts in corpus.splits.values())
    return f"""---
pipeline_tag: fill-mask
library_name: tiankong
tags: [cloze, brnn]
model-index:
- name: {json.dumps(name, ensure_ascii=False)}
  results:
  - task: {{type: fill-mask}}
    metrics:
{_yaml_metrics(metrics["test"])}
---
# {name}

Fills a missing word from both sides of its context: one {model["cell"].upper()} reads each side
({model["hidden_size"]} units, {model["layers"]} layer(s) a direction), a {model["head"]} head ranks
{fields["words"]:,} words. {fields["parameters"]:,} parameters{_stored(fields)}.

    tiankong fill --model {name} "…__…"

## Data

{texts} texts (training/validation/test), split by a hash of the text.

{sources}

## Scores

| split | texts | {" | ".join(_present(metrics))} |
|---|---|{"---|" * len(_present(metrics))}
{_rows(metrics)}

Best epoch {metrics["best_epoch"]} of {metrics["epochs"]}, {metrics["training_seconds"]:.0f} s of training.
Where a split has more texts than the row says, so many spread evenly were measured. `curves.png` has the scores by
epoch, `reliability.png` how often the best answer is right by the probability it is given.

## Made by

{commands}
"""


def _stored(fields: dict[str, Any]) -> str:
    return ", stored and multiplied in 8 bits" if fields.get("weights") == "int8" else ""


def _present(metrics: dict[str, Any]) -> list[str]:
    return [score for score in (*_SCORES, *_CODES_SCORES) if score in metrics["test"]]


def _rows(metrics: dict[str, Any]) -> str:
    rows = []
    for split in _SPLITS:
        if split not in metrics:
            continue
        cells = " | ".join(f"{metrics[split][score]:.4g}" for score in _present(metrics))
        name = split.removesuffix("_fp32")
        if _is_before(split, metrics):
            name += ", before it was put into 8 bits"
        rows.append(f"| {name} | {metrics[split]['sentences']:,} | {cells} |")
    return "\n".join(rows)


def _is_before(split: str, metrics: dict[str, Any]) -> bool:
    """Whether a row is of the original of a copy in 8 bits, of which only the test split is measured."""
    return "test_fp32" in metrics and split != "test"


def _yaml_metrics(scores: dict[str, float]) -> str:
    return "\n".join(
        f"    - {{type: {name}, value: {scores[name]:.4f}}}" for name in (*_SCORES, *_CODES_SCORES) if name in scores
    )
