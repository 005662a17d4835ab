"""What a network can be trained to do.

A task is one row here. It names three modules: the objective (no torch) says what is learned from a prepared corpus,
and how a model of the task is described; the trainer (torch) trains the network; the evaluation (no torch) measures it.
A task that differs from another only in what it predicts needs an objective of its own and shares the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

from tiankong.errors import FolderError


@dataclass(frozen=True)
class AnswerKind:
    """What models answer with. It decides how a model is opened, and which settings mean anything to it."""

    name: str
    models: str
    """What such models are called, in the plural."""

    refusal: str
    """What such a model does, for messages where another kind is needed."""

    wanted: str
    """Which model to choose instead where this kind is needed."""


WORDS = AnswerKind(
    "words",
    models="models that fill blanks",
    refusal="fills blanks and was not trained for labels",
    wanted="choose a model that fills them",
)
LABELS = AnswerKind(
    "labels",
    models="classifiers",
    refusal="is a classifier and fills no blanks",
    wanted="give prompts and labels, or choose a model made by `tiankong train --task classify`",
)


ANSWER_KINDS = (WORDS, LABELS)


@dataclass(frozen=True)
class TaskSpec:
    """A task, as the parts without torch need to know it."""

    name: str
    help: str
    answers: AnswerKind
    objective: str
    """The module whose ``OBJECTIVE`` is the :class:`tiankong.objective.base.Objective`."""

    trainer: str
    """The module whose ``fit`` trains the network: see :mod:`tiankong.training.task`."""

    evaluation: str
    """The module whose ``EVALUATION`` measures a model folder: see :mod:`tiankong.evaluation.base`."""

    preset: str = "default"
    """The preset of a training that names none."""

    base_preset: str = ""
    """The preset of a training that starts from a model that fills blanks, and names none; empty where none may."""

    @property
    def takes_base(self) -> bool:
        """Whether a training may start from a model that fills blanks."""
        return bool(self.base_preset)

    has_profile: bool = False
    """Whether the arithmetic of a training step can be counted."""

    takes_several: bool = False
    """Whether a training may mix several prepared corpora."""


_ROWS = (
    TaskSpec(
        "cloze",
        help="fill blanks",
        answers=WORDS,
        objective="tiankong.objective.cloze",
        trainer="tiankong.training.cloze.trainer",
        evaluation="tiankong.evaluation.words",
        base_preset="adapt",
        has_profile=True,
        takes_several=True,
    ),
    TaskSpec(
        "classify",
        help="predict the labels of texts",
        answers=LABELS,
        objective="tiankong.objective.classify",
        trainer="tiankong.training.classify.trainer",
        evaluation="tiankong.evaluation.labels",
        preset="classifier",
        base_preset="classifier",
    ),
)

TASKS = {row.name: row for row in _ROWS}
"""Every task by its name; the first is the default."""


def tasks_that_answer(kind: AnswerKind) -> list[str]:
    """Names of the tasks whose models answer with ``kind``."""
    return [name for name, task in TASKS.items() if task.answers == kind]


def task_of(name: str, model: str) -> TaskSpec:
    """The task of a model that says it was trained for ``name``.

    :raises FolderError: there is no such task.
    """
    if name not in TASKS:
        raise FolderError(f"{model} was trained for {name!r}, which this version does not know: upgrade tiankong")
    return TASKS[name]
