"""The interface of all objectives."""

from __future__ import annotations

import importlib
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from tiankong.registry.tasks import TaskSpec

Row = dict[str, float]
"""What an epoch measured, by name."""


class Curve(NamedTuple):
    """A score to draw by epoch, its label, and its scale."""

    score: str
    label: str
    scale: str = "linear"


class Objective(ABC):
    """What a task predicts, and how its trainings and models are described."""

    pipeline_tag: ClassVar[str]
    """The tag by which models of the task are found on the Hub."""

    scores: ClassVar[tuple[str, ...]]
    """Scores of a split that a model's card lists, where they were measured."""

    texts: ClassVar[str]
    """The metric that counts a split's texts."""

    before_training: ClassVar[str]
    """What an evaluation before the first epoch measures, of a training that starts from another model."""

    @abstractmethod
    def epoch_parts(self, row: Row) -> list[str]:
        """What an epoch measured, in words."""

    @abstractmethod
    def curves(self, row: Row) -> tuple[Curve, Curve]:
        """The two scores to draw: the share that is right, and the loss. ``row`` is what an epoch measured."""

    @abstractmethod
    def summary(self, name: str, fields: Mapping[str, Any]) -> str:
        """The first section of a model's card. ``fields`` are those of its manifest."""

    def details(self, metrics: Mapping[str, Any]) -> str:  # noqa: ARG002
        """What follows the scores in a model's card."""
        return ""


def mean_score(name: str, values: Sequence[float], shares: Sequence[float]) -> float:
    """The mean of a score over corpora with these ``shares``, which add up to 1. Of perplexities it is the geometric
    one: the perplexity of texts mixed by these shares of words.
    """
    if name == "perplexity":
        return math.exp(sum(share * math.log(value) for value, share in zip(values, shares, strict=True)))
    return sum(share * value for value, share in zip(values, shares, strict=True))


def objective_of(task: TaskSpec) -> Objective:
    """The objective of a task."""
    objective: Objective = importlib.import_module(task.objective).OBJECTIVE
    return objective


def base_summary(base: Mapping[str, Any]) -> str:
    """A clause about the model that another goes on from."""
    known = "; texts that it was trained on may be among the test texts" if base.get("may_know_test_texts") else ""
    return f"`{base['name']}`, a model that fills blanks (manifest sha256 `{base['sha256']}`{known})"


def encoder_summary(fields: Mapping[str, Any]) -> str:
    """A clause about the network's recurrent layers."""
    model = fields["model"]
    layers = "1 layer" if model["layers"] == 1 else f"{model['layers']} layers"
    return f"one {model['cell'].upper()} reads each side ({model['hidden_size']} units, {layers} per direction)"
