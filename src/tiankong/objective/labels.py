"""Predicting a label for each text, whatever the labels are."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tiankong.corpus.prepared import PreparedCorpus
from tiankong.corpus.splits import SPLITS
from tiankong.errors import FolderError
from tiankong.objective.base import Curve, Objective, Row, base_summary, encoder_summary, objective_of
from tiankong.registry.tasks import TaskSpec

MOST_LABELS = 1000
"""The most labels of a classifier."""

FEWEST_LEARNT = 2
"""The fewest texts of a label in the training split."""

_ACCURACY, _LOG_LOSS = Curve("accuracy", "accuracy"), Curve("log_loss", "log loss (nats)")
_MOST_ROWS = 100
_COUNTED_AT_ONCE = 1 << 20


class LabelObjective(Objective):
    """A label for each text. A task says which labels there are and which text has which."""

    pipeline_tag = "text-classification"
    scores: ClassVar[tuple[str, ...]] = (
        *("accuracy", "accuracy_low", "accuracy_high", "macro_f1", "log_loss"),
        "calibration_error",
    )
    texts = "texts"
    before_training = "label layer alone"

    @abstractmethod
    def names(self, corpus: PreparedCorpus) -> list[str]:
        """The labels of a corpus.

        :raises FolderError: it has none.
        """

    @abstractmethod
    def labels(self, corpus: PreparedCorpus, split: str) -> NDArray[np.int32]:
        """The label of each text of a split (texts,), as its place in :meth:`names`.

        :raises FolderError: the texts have none.
        """

    def check(self, corpus: PreparedCorpus) -> None:
        """Checks that a classifier can be trained and measured on the labels of ``corpus``.

        :raises FolderError: it can't.
        """
        labels = {split: self.labels(corpus, split) for split in SPLITS}
        names, folder = self.names(corpus), corpus.path
        if len(names) < 2:
            raise FolderError(f"all texts of {folder} have the label {names[0]!r}: a classifier needs two")
        if len(names) > MOST_LABELS:
            raise FolderError(
                f"{folder} has {len(names):,} different labels, and a classifier has at most {MOST_LABELS:,}: prepare "
                "it with the right `label_column`"
            )
        counts = {split: label_counts(numbers, len(names)) for split, numbers in labels.items()}
        for number, name in enumerate(names):
            train, validation, test = (int(counts[split][number]) for split in SPLITS)
            if train < FEWEST_LEARNT or not validation or not test:
                raise FolderError(
                    f"too few texts of {folder} have the label {name!r}: {train + validation + test:,} ({train:,} to "
                    f"learn from, {validation:,} to validate, {test:,} to test; at least {FEWEST_LEARNT}, 1 and 1 are "
                    "needed): bring more of them, or leave them out"
                )

    def epoch_parts(self, row: Row) -> list[str]:
        """See :class:`Objective`."""
        return [
            f"accuracy {row['train_accuracy']:.4f} train, {row['validation_accuracy']:.4f} validation",
            f"log loss {row['validation_log_loss']:.4f}",
        ]

    def curves(self, row: Row) -> tuple[Curve, Curve]:  # noqa: ARG002
        """See :class:`Objective`."""
        return _ACCURACY, _LOG_LOSS

    def summary(self, name: str, fields: Mapping[str, Any]) -> str:
        """See :class:`Objective`."""
        base = fields["base"]
        started = f"It was fine-tuned from {base_summary(base)}." if base else "It was trained from scratch."
        chosen = fields["classifier"]["training_texts"]
        if chosen:
            started += f" It learned from {chosen:,} texts of the training split."
        return f"""Predicts one of {len(fields["labels"])} labels for a text: {encoder_summary(fields)}, and the last forward and
the first backward state of a text decide. {started}

    tiankong classify --model {name} "…\""""  # noqa: E501

    def details(self, metrics: Mapping[str, Any]) -> str:
        """Precision and recall of each label."""
        labels = metrics["test"]["labels"]
        rows = "\n".join(
            f"| {_cell(row['label'])} | {row['texts']:,} | {row['precision']:.4f} | {row['recall']:.4f} | "
            f"{row['f1']:.4f} |"
            for row in labels[:_MOST_ROWS]
        )
        others = (
            f"\n\n{len(labels) - _MOST_ROWS} more labels are in `metrics.json`." if len(labels) > _MOST_ROWS else ""
        )
        return f"""`confusion.png` shows how often each label was predicted for each true label.

| label | test texts | precision | recall | F1 |
|---|---|---|---|---|
{rows}{others}
"""


def label_counts(labels: NDArray[np.int32], size: int) -> NDArray[np.int64]:
    """How many texts have each of ``size`` labels (size,), from the label of each text (texts,), which may be many."""
    counts = np.zeros(size, dtype=np.int64)
    for start in range(0, len(labels), _COUNTED_AT_ONCE):
        counts += np.bincount(labels[start : start + _COUNTED_AT_ONCE], minlength=size)
    return counts


def label_objective(task: TaskSpec) -> LabelObjective:
    """The objective of a task whose models answer with labels."""
    objective = objective_of(task)
    if not isinstance(objective, LabelObjective):
        raise TypeError(f"{task.name} has no labels")
    return objective


def _cell(label: str) -> str:
    return label.replace("|", "\\|")
