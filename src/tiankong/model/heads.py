"""From a context vector to words: one interface, two heads.

``scores`` is what the exported network gives out; ``log_probabilities`` ranks the whole vocabulary exactly;
``loss`` is what training minimises.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from tiankong.model.sampled_softmax import SampledSoftmaxLoss, draw, inclusion_probabilities


class Head(Protocol):
    """Sizes: predictions N, vocabulary V, width D of what the head reads."""

    def scores(self, context: Tensor) -> Tensor:
        """What the exported network answers with: (N, V) word logits or (N, bits) bit logits."""

    def log_probabilities(self, context: Tensor) -> Tensor:
        """Natural log probabilities (N, V); words that can't fill a blank have ``-inf``."""

    def loss(self, context: Tensor, targets: Tensor) -> Tensor:
        """Mean training loss of ``targets`` (N,), vocabulary ids."""


class SoftmaxHead(nn.Module):
    """Softmax over the vocabulary, tied to the input word vectors (Press & Wolf 2017; Inan et al. 2017).

    Trained exactly, or against a sample of words that a batch shares; see :mod:`tiankong.model.sampled_softmax`.
    """

    log_prior: Tensor
    candidate: Tensor
    trained: Tensor
    inclusion: Tensor

    def __init__(
        self, words: nn.Embedding, counts: Tensor, candidate: Tensor, trained: Tensor, negatives: int, power: float
    ) -> None:
        """``counts`` (V,) in the training split; ``candidate`` (V,) marks the words that can fill a blank,
        ``trained`` (V,) those that training predicts: the candidates, or every token.
        """
        super().__init__()
        self.words = words
        weights = counts.double().clamp(min=1) * trained
        log_prior = torch.log(weights.clamp(min=1) / weights.sum()).float()
        self.bias = nn.Parameter(log_prior.clone())
        self.negatives = negatives if negatives < int(trained.sum()) else 0
        self.register_buffer("log_prior", log_prior, persistent=False)
        self.register_buffer("candidate", candidate, persistent=False)
        self.register_buffer("trained", trained, persistent=False)
        inclusion = inclusion_probabilities(weights**power * trained, self.negatives or int(trained.sum()))
        self.register_buffer("inclusion", inclusion, persistent=False)

    def scores(self, context: Tensor) -> Tensor:
        """Word logits (N, V)."""
        logits: Tensor = functional.linear(context, self.words.weight, self.bias)
        return logits

    def log_probabilities(self, context: Tensor) -> Tensor:
        """See :class:`Head`."""
        logits = self.scores(context).float().masked_fill(~self.candidate, -torch.inf)
        return torch.log_softmax(logits, dim=1)

    def loss(self, context: Tensor, targets: Tensor) -> Tensor:
        """Cross-entropy, over the whole vocabulary or a sample."""
        if not self.negatives:
            logits = self.scores(context).float().masked_fill(~self.trained, -torch.inf)
            return functional.cross_entropy(logits, targets)
        return self._sampled_loss(context, targets)

    def _sampled_loss(self, context: Tensor, targets: Tensor) -> Tensor:
        sample = draw(self.inclusion)  # (S,)
        log_weights = -torch.log(self.inclusion[sample]).float()
        if torch.is_autocast_enabled(context.device.type):
            context = context.to(torch.get_autocast_dtype(context.device.type))
        loss: Tensor = SampledSoftmaxLoss.apply(  # type: ignore[no-untyped-call]
            context, self.words.weight, self.bias, targets, sample, log_weights
        )
        return loss


class CodesHead(nn.Module):
    """Binary word codes: each bit is predicted on its own, the words are decoded from the bits.

    ``log_probabilities`` decodes by likelihood: ``log p(code) = code · logits + Σ log σ(-logits)``, normalised
    over the vocabulary. Codes as in Oda et al. 2017 (P17-1079), section 3, but from word2vec's signs.
    """

    candidate: Tensor
    codes: Tensor

    def __init__(self, codes: Tensor, candidate: Tensor) -> None:
        """``codes`` (V, bits) of 0 and 1."""
        super().__init__()
        self.register_buffer("codes", codes.float(), persistent=False)
        self.register_buffer("candidate", candidate, persistent=False)

    def scores(self, context: Tensor) -> Tensor:
        """Bit logits (N, bits)."""
        return context

    def log_probabilities(self, context: Tensor) -> Tensor:
        """See :class:`Head`."""
        logits = functional.linear(context.float(), self.codes).masked_fill(~self.candidate, -torch.inf)
        return torch.log_softmax(logits, dim=1)

    def loss(self, context: Tensor, targets: Tensor) -> Tensor:
        """Binary cross-entropy, the mean over bits and targets."""
        return functional.binary_cross_entropy_with_logits(context.float(), self.codes[targets])

    def bit_accuracy(self, context: Tensor, targets: Tensor) -> Tensor:
        """Share of bits on the right side of 0.5 for each target, (N,)."""
        return ((context > 0) == (self.codes[targets] > 0.5)).float().mean(dim=1)
