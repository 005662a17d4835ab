"""Labelled texts, and how well they are classified."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

from tiankong.artifact.model_folder import ModelFolder
from tiankong.config import CUTTING, PrepareConfig
from tiankong.corpus.labels import LabelNames
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.corpus.reader import read_texts
from tiankong.corpus.splits import SPLITS, split_of, text_hash
from tiankong.errors import FolderError, SourceError
from tiankong.evaluate.reliability import Reliability
from tiankong.request.answers import LabelShare
from tiankong.tasks.classify import Classifier

Content = TypeVar("Content")

Classify = Callable[[list[Content]], list[list[LabelShare]]]
"""Labels of texts, most probable first."""

_TEXTS_AT_ONCE = 256
_NORMAL_95 = 1.959964


class Labelled(NamedTuple, Generic[Content]):
    """A text, as it is written or as tokens, and what it was labelled."""

    text: Content
    label: str


def read_labelled(
    paths: Sequence[Path],
    *,
    split: str | None = None,
    prepare: PrepareConfig | None = None,
    limit: int = 0,
    column: str | None = None,
    label_column: str | None = None,
    label_names: Mapping[str, str] | None = None,
    encoding: str | None = None,
) -> list[Labelled[str]]:
    """The labelled texts of files, each text once (the first of those alike), of one split or all; or ``limit`` of
    them spread evenly.

    Splits are those of ``tiankong prepare`` with ``prepare``, or its defaults: a text falls into the same one here as
    there.

    ``label_names`` are what labels are to be called that are called otherwise in the files.

    :raises SourceError: a file can't be read; no text has a label, or a text has none, or no text one that has a name.
    """
    found: list[Labelled[str]] = []
    names = LabelNames(label_names or {})
    config = prepare or PrepareConfig()
    seen: set[int] = set()
    for text in read_texts(paths, column=column, label_column=label_column, encoding=encoding):
        if text.label is None:
            raise SourceError(
                f"{text.place} has no label: write text,,label lines, or name their column with --label-column"
            )
        label = names.of(text.label)
        number = text_hash(text.text, config.seed)
        if number in seen:
            continue
        seen.add(number)
        if split is None or SPLITS[split_of(number, config.split)] == split:
            found.append(Labelled(text.text, label))
    names.check()
    if not found:
        raise SourceError(f"no labelled text falls into the {split} split: bring more, or measure all of them")
    if limit and limit < len(found):
        return [found[number] for number in np.linspace(0, len(found) - 1, limit).astype(int).tolist()]
    return found


def measure_labelled(
    classify: Classify[Content], texts: Sequence[Labelled[Content]], on_text: Callable[[int], None] = lambda _: None
) -> dict[str, Any]:
    """Accuracy with its 95 % interval (Wilson 1927), macro-F1, calibration and a row for each label.

    ``confusion`` has for each label in the file (row) how often it was given each label (column), in the order of
    ``labels``.
    """
    names = sorted({text.label for text in texts})
    given: list[str] = []
    reliability = Reliability()
    surprise = 0.0
    for start in range(0, len(texts), _TEXTS_AT_ONCE):
        batch = texts[start : start + _TEXTS_AT_ONCE]
        shares = classify([text.text for text in batch])
        given += [own[0]["label"] for own in shares]
        best = np.array([own[0]["score"] for own in shares], dtype=np.float32)
        reliability.add(
            best, np.array([own[0]["label"] == text.label for own, text in zip(shares, batch, strict=True)])
        )
        surprise -= sum(
            math.log(max(share["score"], 1e-12))
            for own, text in zip(shares, batch, strict=True)
            for share in own
            if share["label"] == text.label
        )
        on_text(len(batch))
    names += sorted(set(given) - set(names))
    number = {name: place for place, name in enumerate(names)}
    confusion = np.zeros((len(names), len(names)), dtype=np.int64)
    np.add.at(confusion, ([number[text.label] for text in texts], [number[name] for name in given]), 1)
    right = int(np.trace(confusion))
    low, high = wilson(right, len(texts))
    rows = [_row(name, confusion, place) for name, place in number.items()]
    return {
        "texts": len(texts),
        "accuracy": right / len(texts),
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
    """:func:`measure_labelled` of a split of a prepared corpus, or of so many ``texts`` of it, spread evenly.

    Those in which the classifier reads nothing are left out.

    :raises FolderError: the corpus has no labels, or others than the classifier; it is cut into words in another way.
    :raises SourceError: the classifier reads nothing in any of them.
    """
    names = [label.name for label in corpus.manifest.labels]
    labels, tokens = corpus.labels(split), corpus.split(split)
    check_labels_known(corpus, classifier.folder)
    _check_cut_alike(corpus, classifier.folder)
    words = [*corpus.vocabulary.words, *corpus.other_words]
    chosen = np.arange(len(tokens))
    if texts and texts < len(tokens):
        chosen = np.linspace(0, len(tokens) - 1, texts).astype(int)
    read = [
        Labelled(list(map(words.__getitem__, tokens[number][1:-1].tolist())), names[labels[number]])
        for number in chosen.tolist()
    ]
    readable = [one for one in read if any(map(classifier.reads, one.text))]
    if not readable:
        raise SourceError(f"the classifier reads no word of the {split} split of {corpus.folder}: bring other texts")
    on_text(len(read) - len(readable))
    return measure_labelled(classifier.shares, readable, on_text)


def _check_cut_alike(corpus: PreparedCorpus, model: ModelFolder) -> None:
    for name in CUTTING:
        own, found = getattr(model.manifest.prepare, name), getattr(corpus.manifest.config, name)
        if own != found:
            raise FolderError(
                f"{corpus.folder} was prepared with {name} {found!r} and {model.path.name} reads texts with {own!r}: "
                "prepare it again in the same way, or give its texts with --labelled"
            )


def check_labels_known(corpus: PreparedCorpus, model: ModelFolder) -> None:
    """Whether a model was trained for all labels of a corpus.

    :raises FolderError: it was not.
    """
    unknown = sorted({label.name for label in corpus.manifest.labels} - set(model.manifest.labels))
    if unknown:
        raise FolderError(
            f"{corpus.folder} has texts with the label {unknown[0]!r}, which {model.path.name} was not trained for: "
            "measure it on texts with its own labels"
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
