"""Labelled texts, and metrics of classifying them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, partial
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

from tiankong.artifact.model_folder import ModelFolder
from tiankong.config import CUTTING, PrepareConfig, first_difference
from tiankong.corpus.blocks import each_text
from tiankong.corpus.labels import LabelNames
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.corpus.reader import Text
from tiankong.corpus.splits import DEFAULT_SPLIT, SPLITS, split_of, text_hash
from tiankong.errors import FolderError, SourceError
from tiankong.evaluation.reliability import Reliability
from tiankong.objective.labels import label_objective
from tiankong.request.answers import LabelShare
from tiankong.runtime.classifier import Classifier
from tiankong.tasks.classify import classify_tokens

Content = TypeVar("Content")

Classify = Callable[[list[Content]], list[list[LabelShare]]]
"""Labels of texts, most probable first."""

_TEXTS_AT_ONCE = 256
_NORMAL_95 = 1.959964


class Labelled(NamedTuple, Generic[Content]):
    """A text, as a string or as tokens, and its label."""

    text: Content
    label: str


def read_labelled(
    texts: Iterable[Text],
    *,
    split: str | None = None,
    prepare: PrepareConfig | None = None,
    limit: int = 0,
    label_names: Mapping[str, str] | None = None,
) -> list[Labelled[str]]:
    """Labelled texts without duplicates (the first is kept), of one split or all; or ``limit`` of them
    spread evenly.

    Splits are those of ``tiankong prepare`` with the settings ``prepare``, by default its own: a text falls into the
    same split here as there. ``label_names`` maps labels to other names.

    :raises SourceError: a text has no label, or none falls into the split; no text has a label of ``label_names``.
    """
    labelled: list[Labelled[str]] = []
    names = LabelNames(label_names or {})
    config = prepare or PrepareConfig()
    seen: set[int] = set()
    for text in texts:
        if text.label is None:
            raise SourceError(
                f"{text.place} has no label: write text,,label lines, give (text, label) pairs, or name the column of "
                "labels with `label_column`"
            )
        if text.has_several_labels:
            raise SourceError(f"{text.place} has several labels, of which a classifier gives one: leave it one")
        label = names.of(text.label)
        number = text_hash(text.text, config.seed)
        if number in seen:
            continue
        seen.add(number)
        if split is None or SPLITS[split_of(number, config.split or DEFAULT_SPLIT)] == split:
            labelled.append(Labelled(text.text, label))
    names.check()
    if not labelled:
        raise SourceError(f"no labelled text falls into the {split} split: give more texts, or measure all of them")
    if limit and limit < len(labelled):
        return [labelled[number] for number in np.linspace(0, len(labelled) - 1, limit).astype(int).tolist()]
    return labelled


def measure_labelled(
    classify: Classify[Content], texts: Sequence[Labelled[Content]], on_text: Callable[[int], None] = lambda _: None
) -> dict[str, Any]:
    """Accuracy with its 95 % interval (Wilson 1927), macro-F1, calibration and a row for each label.

    ``confusion`` counts, for each true label (row), how often each label was predicted (column), in the order of
    ``labels``.
    """
    names = sorted({text.label for text in texts})
    predicted: list[str] = []
    reliability = Reliability()
    surprise = 0.0
    for start in range(0, len(texts), _TEXTS_AT_ONCE):
        batch = texts[start : start + _TEXTS_AT_ONCE]
        shares = classify([text.text for text in batch])
        best = [labels[0] for labels in shares]
        predicted += [share["label"] for share in best]
        right = [share["label"] == text.label for share, text in zip(best, batch, strict=True)]
        reliability.add(np.array([share["score"] for share in best], dtype=np.float32), np.array(right))
        surprise -= sum(
            math.log(max(share["score"], 1e-12))
            for labels, text in zip(shares, batch, strict=True)
            for share in labels
            if share["label"] == text.label
        )
        on_text(len(batch))
    names += sorted(set(predicted) - set(names))
    number = {name: place for place, name in enumerate(names)}
    confusion = np.zeros((len(names), len(names)), dtype=np.int64)
    np.add.at(confusion, ([number[text.label] for text in texts], [number[name] for name in predicted]), 1)
    hits = int(np.trace(confusion))
    low, high = wilson(hits, len(texts))
    rows = [_row(name, confusion, place) for name, place in number.items()]
    return {
        "texts": len(texts),
        "accuracy": hits / len(texts),
        "accuracy_low": low,
        "accuracy_high": high,
        "macro_f1": float(np.mean([row["f1"] for row in rows if row["texts"]])),
        "log_loss": surprise / len(texts),
        "calibration_error": reliability.error,
        "reliability": reliability.table(),
        "labels": rows,
        "confusion": confusion.tolist(),
    }


def measure_labelled_split(
    classifier: Classifier,
    corpus: PreparedCorpus,
    split: str,
    *,
    texts: int = 0,
    on_text: Callable[[int], None] = lambda _: None,
) -> dict[str, Any]:
    """:func:`measure_labelled` over a split of a prepared corpus, or over ``texts`` of its texts spread evenly.

    Texts without a word that the classifier reads are left out.

    :raises FolderError: the corpus has no labels, or others than the classifier; it was segmented differently.
    :raises SourceError: no text has a word that the classifier reads.
    """
    objective = label_objective(classifier.folder.task)
    names = objective.names(corpus)
    labels = objective.labels(corpus, split)
    check_labels_known(corpus, classifier.folder)
    _check_same_segmentation(corpus, classifier.folder)
    word = cache(corpus.form)  # one string for all its occurrences
    chosen = np.linspace(0, len(labels) - 1, texts).astype(np.int64) if 0 < texts < len(labels) else None
    numbers = range(len(labels)) if chosen is None else chosen.tolist()
    read = [
        Labelled(list(map(word, ids[1:-1].tolist())), names[labels[number]])
        for number, ids in zip(numbers, each_text(corpus, split, chosen), strict=True)
    ]
    readable = [labelled for labelled in read if any(map(classifier.reads, labelled.text))]
    if not readable:
        raise SourceError(f"the classifier reads no word of the {split} split of {corpus.path}: give other texts")
    on_text(len(read) - len(readable))
    return measure_labelled(partial(classify_tokens, classifier), readable, on_text)


def _check_same_segmentation(corpus: PreparedCorpus, model: ModelFolder) -> None:
    if different := first_difference(corpus.manifest.config, model.manifest.prepare, CUTTING):
        raise FolderError(
            f"{corpus.path} was prepared with {different.setting} {different.one!r} and {model.path.name} with "
            f"{different.other!r}: prepare it again with the model's setting, or give its texts with --labelled"
        )


def check_labels_known(corpus: PreparedCorpus, model: ModelFolder) -> None:
    """Verifies that a model was trained for all labels of a corpus.

    :raises FolderError: it was not.
    """
    unknown = sorted({*label_objective(model.task).names(corpus)} - {*model.manifest.labels})
    if unknown:
        raise FolderError(
            f"{corpus.path} has texts with the label {unknown[0]!r}, which {model.path.name} was not trained for: "
            "give texts with its own labels"
        )


def wilson(right: int, all_: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927)."""
    share, square = right / all_, _NORMAL_95**2 / all_
    middle = (share + square / 2) / (1 + square)
    reach = _NORMAL_95 * math.sqrt(share * (1 - share) / all_ + square / (4 * all_)) / (1 + square)
    return middle - reach, middle + reach


def _row(name: str, confusion: np.ndarray[Any, np.dtype[np.int64]], place: int) -> dict[str, Any]:
    hit, texts, given = int(confusion[place, place]), int(confusion[place].sum()), int(confusion[:, place].sum())
    precision, recall = hit / given if given else 0.0, hit / texts if texts else 0.0
    f1 = 2 * hit / (texts + given) if texts + given else 0.0
    return {"label": name, "texts": texts, "precision": precision, "recall": recall, "f1": f1}
