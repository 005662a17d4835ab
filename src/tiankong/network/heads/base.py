"""The interface of all heads.

``scores`` is the output of the exported network, and ``word_logits`` gives the logits of all words from it;
``log_probabilities`` ranks the whole vocabulary exactly; ``loss`` is what training minimises. A new head needs
``scores``, ``word_logits`` and ``vectors``; the rest has a default.
"""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from tiankong.config import ModelConfig, TrainingConfig
from tiankong.network.embedding import WordEmbedding
from tiankong.network.sampled_softmax import SampledSoftmaxLoss, draw, inclusion_probabilities
from tiankong.network.word_tables import WordTables
from tiankong.text.vocabulary import SPECIAL_TOKENS


@dataclass(frozen=True)
class HeadInput:
    """What a head is made from: the settings, the words, and the network's input vectors, which it may share."""

    config: ModelConfig
    training: TrainingConfig
    tables: WordTables
    embedding: WordEmbedding


class Head(nn.Module, ABC):
    """Sizes: predictions N, vocabulary V, width D of what the head reads.

    Word w's logit is ``context · vector(w) + bias(w)``; the heads differ in what a word's output vector is made
    of. Trained exactly, or against a sample of words that a batch shares (see
    :mod:`tiankong.network.sampled_softmax`).
    """

    candidate: Tensor
    trained: Tensor
    log_prior: Tensor
    inclusion: Tensor

    output_axes: dict[str, str]
    """Names of what :meth:`outputs` gives, in its order, and of the first axis of each."""

    def __init__(self, given: HeadInput) -> None:
        super().__init__()
        self.output_axes = {"scores": "predictions", "context": "predictions"}
        tables, training = given.tables, given.training
        words = len(tables.counts)
        candidate = torch.from_numpy(tables.candidate)
        trained = candidate if training.loss_tokens == "targets" else torch.arange(words) >= len(SPECIAL_TOKENS)
        weights = torch.from_numpy(tables.counts).double().clamp(min=1) * trained
        log_prior = torch.log(weights.clamp(min=1) / weights.sum()).float()
        self.embedding_size = given.config.embedding_size
        self.bias = nn.Parameter(log_prior.clone())
        self.negatives = training.negatives if training.negatives < int(trained.sum()) else 0
        self.register_buffer("candidate", candidate, persistent=False)
        self.register_buffer("trained", trained, persistent=False)
        self.register_buffer("log_prior", log_prior, persistent=False)
        sampled = weights**training.negative_power * trained
        inclusion = inclusion_probabilities(sampled, self.negatives or int(trained.sum()))
        self.register_buffer("inclusion", inclusion, persistent=False)

    @classmethod
    def parameter_count(cls, config: ModelConfig, training: TrainingConfig, tables: WordTables) -> int:  # noqa: ARG003
        """Trained numbers of such a head, known before it is made: those of the bias."""
        return len(tables.counts)

    @abstractmethod
    def scores(self, context: Tensor) -> Tensor:
        """What the exported network answers with, (N, ·)."""

    @abstractmethod
    def word_logits(self, scores: Tensor) -> Tensor:
        """Logits (N, V) from :meth:`scores`."""

    @abstractmethod
    def vectors(self, words: Tensor) -> Tensor:
        """Output vectors (R, D) of ``words`` (R,)."""

    def outputs(self, context: Tensor, character_ids: Tensor) -> tuple[Tensor, ...]:  # noqa: ARG002
        """What the exported network gives out, by :attr:`output_axes`: the scores and the context vectors behind them.

        ``character_ids`` (W, K) are those of the words fed.
        """
        return self.scores(context), context

    @property
    def monitored(self) -> tuple[str, str]:
        """The validation score that decides which epoch is best, and whether it should fall (``min``) or rise
        (``max``).
        """
        return "perplexity", "min"

    @property
    def weights_by_target(self) -> int:
        """Weights that are multiplied for a prediction in training."""
        return (self.negatives or len(self.log_prior)) * self.embedding_size

    @property
    def undecayed(self) -> nn.Parameter | None:
        """A matrix that weight decay would spoil."""
        return None

    def shares_right(self, context: Tensor, targets: Tensor) -> dict[str, Tensor]:  # noqa: ARG002
        """More scores of predictions than those of ranks, each (N,) and between 0 and 1."""
        return {}

    def unchanged(self) -> AbstractContextManager[None]:
        """While it lasts, the weights do not change: what is made of them for every word may be kept."""
        return nullcontext()

    def settle(self) -> None:
        """Fixes whatever training has left open."""

    def fold(self) -> None:
        """Puts whatever word vectors are composed of into them, for a network that is trained no more."""

    def stored(self) -> dict[str, NDArray[Any]]:
        """What answering needs of the head beside the exported network."""
        return {}

    def metrics(self, tables: WordTables) -> dict[str, Any]:  # noqa: ARG002
        """What training made of the ``tables`` that the head was made from."""
        return {}

    def log_probabilities(self, context: Tensor) -> Tensor:
        """Natural log probabilities (N, V); words that can't fill a blank have ``-inf``."""
        logits = self.word_logits(self.scores(context)).float().masked_fill(~self.candidate, -torch.inf)
        return torch.log_softmax(logits, dim=1)

    def loss(self, context: Tensor, targets: Tensor) -> Tensor:
        """Mean cross-entropy of ``targets`` (N,), over the whole vocabulary or a sample."""
        if not self.negatives:
            logits = self.word_logits(self.scores(context)).float().masked_fill(~self.trained, -torch.inf)
            return functional.cross_entropy(logits, targets)
        sample = draw(self.inclusion)  # (S,)
        log_weights = -torch.log(self.inclusion[sample]).float()
        words, rows = torch.unique(torch.cat((sample, targets)), return_inverse=True)
        if torch.is_autocast_enabled(context.device.type):
            context = context.to(torch.get_autocast_dtype(context.device.type))
        loss: Tensor = SampledSoftmaxLoss.apply(  # type: ignore[no-untyped-call]
            context,
            self.vectors(words).float(),
            self.bias[words],
            rows[len(sample) :],
            rows[: len(sample)],
            log_weights,
        )
        return loss


def head_class(config: ModelConfig) -> type[Head]:
    """The class of the head that a network of this shape has."""
    head: type[Head] = importlib.import_module(config.head_spec.module).HEAD
    return head
