"""What people read in a model folder: its metrics, and the card with YAML front matter."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from tiankong.artifact.model_folder import (
    CARD_FILE,
    CLASSIFY,
    CLOZE,
    CONFUSION_FILE,
    METRICS_FILE,
    RELIABILITY_FILE,
)
from tiankong.corpus.prepared import PreparedManifest
from tiankong.export.confusion_plot import draw_confusion
from tiankong.export.reliability_plot import draw_reliability
from tiankong.folder import write_text
from tiankong.text.vocabulary import SPECIAL_TOKENS

_SPLITS = ("train", "validation", "test_fp32", "test")
_MOST_ROWS = 100


class _Task(NamedTuple):
    """What differs between cards: the tag by which models are found, the scores that a split may have, the name of
    its number of texts, what the model is and does, and what follows the scores.
    """

    tag: str
    scores: tuple[str, ...]
    texts: str
    summary: Callable[[str, dict[str, Any]], str]
    more: Callable[[dict[str, Any]], str]


def write_card(
    folder: Path, name: str, corpus: PreparedManifest, fields: dict[str, Any], metrics: dict[str, Any]
) -> None:
    """Writes a model folder's metrics, the pictures of its calibration and of labels taken for others, and its card."""
    test = metrics["test"]
    draw_reliability(test["reliability"], test["calibration_error"], folder / RELIABILITY_FILE)
    if fields["task"] == CLASSIFY:
        draw_confusion([row["label"] for row in test["labels"]], test["confusion"], folder / CONFUSION_FILE)
    write_text(folder / METRICS_FILE, json.dumps(metrics, indent=2) + "\n")
    write_text(folder / CARD_FILE, card_text(name, corpus, fields, metrics))


def card_text(name: str, corpus: PreparedManifest, fields: dict[str, Any], metrics: dict[str, Any]) -> str:
    """The text of a model folder's ``README.md``."""
    task = _TASKS[fields["task"]]
    present = [score for score in task.scores if score in metrics["test"]]
    commands = "\n".join(f"    {command}" for command in metrics["commands"])
    sources = "\n".join(
        f"- `{Path(source.path).name}`, {source.bytes:,} bytes, sha256 `{source.sha256}`" for source in corpus.sources
    )
    texts = "/".join(f"{counts.texts:,}" for counts in corpus.splits.values())
    return f"""---
pipeline_tag: {task.tag}
library_name: tiankong
tags: [{fields["task"]}, brnn]
model-index:
- name: {json.dumps(name, ensure_ascii=False)}
  results:
  - task: {{type: {task.tag}}}
    metrics:
{_yaml_metrics(present, metrics["test"])}
---
# {name}

{task.summary(name, fields)}

{fields["parameters"]:,} parameters{_stored(fields)}.

## Data

{texts} texts (training/validation/test), split by a hash of the text.

{sources}

## Scores

| split | texts | {" | ".join(present)} |
|---|---|{"---|" * len(present)}
{_rows(present, task.texts, metrics)}

Best epoch {metrics["best_epoch"]} of {metrics["epochs"]}, {metrics["training_seconds"]:.0f} s of training.
Where a split has more texts than the row says, so many spread evenly were measured. `curves.png` has the scores by
epoch, `reliability.png` how often the best answer is right by the probability it is given.
{task.more(metrics)}
## Made by

{commands}
"""


def _encoder(fields: dict[str, Any]) -> str:
    model = fields["model"]
    layers = "1 layer" if model["layers"] == 1 else f"{model['layers']} layers"
    return f"one {model['cell'].upper()} reads each side ({model['hidden_size']} units, {layers} a direction)"


def _cloze_summary(name: str, fields: dict[str, Any]) -> str:
    return f"""Fills a missing word from both sides of its context: {_encoder(fields)}, a {fields["model"]["head"]} head
ranks {fields["words"] - len(SPECIAL_TOKENS):,} words.

    tiankong fill --model {name} "…__…\""""


def _classifier_summary(name: str, fields: dict[str, Any]) -> str:
    base = fields["base"]
    started = (
        f"It was trained on from `{base['name']}`, a model that fills blanks (manifest sha256 `{base['sha256']}`)."
        if base
        else "It was trained from scratch."
    )
    chosen = fields["classifier"]["training_texts"]
    if chosen:
        started += f" It learned from {chosen:,} texts of the training split."
    return f"""Tells {len(fields["labels"])} labels of texts apart: {_encoder(fields)}, and the last forward and
the first backward state of a text decide. {started}

    tiankong classify --model {name} "…\""""


def _cell(label: str) -> str:
    return label.replace("|", "\\|")


def _label_rows(metrics: dict[str, Any]) -> str:
    labels = metrics["test"]["labels"]
    rows = "\n".join(
        f"| {_cell(row['label'])} | {row['texts']:,} | {row['precision']:.4f} | {row['recall']:.4f} | {row['f1']:.4f} |"
        for row in labels[:_MOST_ROWS]
    )
    more = f"\n\n{len(labels) - _MOST_ROWS} more labels are in `metrics.json`." if len(labels) > _MOST_ROWS else ""
    return f"""`confusion.png` has how often each label was taken for which.

| label | test texts | precision | recall | F1 |
|---|---|---|---|---|
{rows}{more}
"""


_TASKS = {
    CLOZE: _Task(
        "fill-mask",
        (
            *("top1", "top5", "top10", "mrr", "perplexity", "calibration_error"),
            *("bit_accuracy", "distance_top1", "distance_top10"),
        ),
        "sentences",
        _cloze_summary,
        lambda _: "",
    ),
    CLASSIFY: _Task(
        "text-classification",
        ("accuracy", "accuracy_low", "accuracy_high", "macro_f1", "log_loss", "calibration_error"),
        "texts",
        _classifier_summary,
        _label_rows,
    ),
}


def _stored(fields: dict[str, Any]) -> str:
    return ", stored and multiplied in 8 bits" if fields.get("weights") == "int8" else ""


def _rows(scores: list[str], texts: str, metrics: dict[str, Any]) -> str:
    rows = []
    for split in _SPLITS:
        if split not in metrics:
            continue
        cells = " | ".join(f"{metrics[split][score]:.4g}" for score in scores)
        name = split.removesuffix("_fp32")
        if _is_before(split, metrics):
            name += ", before it was put into 8 bits"
        rows.append(f"| {name} | {metrics[split][texts]:,} | {cells} |")
    return "\n".join(rows)


def _is_before(split: str, metrics: dict[str, Any]) -> bool:
    """Whether a row is of the original of a copy in 8 bits, of which only the test split is measured."""
    return "test_fp32" in metrics and split != "test"


def _yaml_metrics(present: list[str], scores: dict[str, float]) -> str:
    return "\n".join(f"    - {{type: {name}, value: {scores[name]:.4f}}}" for name in present)
