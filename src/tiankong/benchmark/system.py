"""The interface of the systems in the benchmark."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tiankong.benchmark.task import Floats
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.evaluation.measure import Text


@dataclass(frozen=True)
class Budget:
    """What a system may use: processor seconds of training for peers without an end of their own, threads, a seed.

    ``epochs`` is the number of epochs of our own systems (0: their preset's). ``quick`` chooses the smallest sizes, to
    check that everything works.
    """

    processor_seconds: float
    threads: int
    seed: int
    epochs: int = 0
    quick: bool = False


@dataclass(frozen=True)
class Training:
    """The cost of a training. ``tokens`` counts every token read, without padding; it is 0 for systems that only count.
    ``processor_seconds`` are those of all threads, where they are known.
    """

    seconds: float
    tokens: int
    note: str = ""
    processor_seconds: float = 0.0


class System(ABC):
    """A system whose training is timed."""

    label: str
    needs_codes = False

    def __init__(self, corpus: PreparedCorpus, budget: Budget, folder: Path) -> None:
        """``folder`` is the system's own, for what it keeps on disk."""
        self.corpus = corpus
        self.budget = budget
        self.folder = folder

    @abstractmethod
    def train(self) -> Training:
        """Learns from the training split."""


class RankingSystem(System):
    """One way to rank the vocabulary for a blank. Sizes: predictions N, vocabulary V."""

    gives_probabilities = False

    @abstractmethod
    def scores(self, texts: Sequence[Text]) -> Floats:
        """Scores (N, V) of every word for each target of ``texts``; natural log probabilities up to a constant
        where :attr:`gives_probabilities`."""

    @abstractmethod
    def size(self) -> int:
        """Bytes of everything needed to answer."""

    def bit_accuracy(self) -> float | None:
        """Of systems that predict word codes."""
        return None
