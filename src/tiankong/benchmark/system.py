"""What the benchmark asks of every system."""

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
    """What a system may use: processor seconds of training for those that could go on for ever, threads, a seed.

    ``epochs`` is how many our own systems train (0: their preset's). ``quick`` asks for the smallest form of
    everything, to see that it works.
    """

    processor_seconds: float
    threads: int
    seed: int
    epochs: int = 0
    quick: bool = False


@dataclass(frozen=True)
class Training:
    """How a training went. ``tokens`` counts every token read, without padding, 0 where nothing is iterated.
    ``processor_seconds`` of all threads are known of what is trained by the clock, or sets it.
    """

    seconds: float
    tokens: int
    note: str = ""
    processor_seconds: float = 0.0


class System(ABC):
    """Something that is trained, and timed while it is."""

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
        """Bytes that have to be kept to answer."""

    def bit_accuracy(self) -> float | None:
        """Of systems that predict word codes."""
        return None
