"""From a context vector to words: one interface, three heads.

``scores`` is what the exported network gives out and ``word_logits`` what those say of every word;
``log_probabilities`` ranks the whole vocabulary exactly; ``loss`` is what training minimises.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from tiankong.network.embedding import WordEmbedding
from tiankong.network.sampled_softmax import SampledSoftmaxLoss, draw, inclusion_probabilities
from tiankong.network.word_codes import WordCodes
from tiankong.text.vocabulary import SPECIAL_TOKENS

_COMPOSED_SCALE = 0.1
"""Character vectors are long beside word vectors: without it, a step changes every output vector by too much."""


@dataclass(frozen=True)
class WordStatistics:
    """What a head must know of the vocabulary V: ``counts`` (V,) in the training split; ``candidate`` (V,) marks
    the words that can fill a blank, ``trained`` (V,) those that training predicts: the candidates, or every token.
    """

    counts: Tensor
    candidate: Tensor
    trained: Tensor


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

    def __init__(self, statistics: WordStatistics, negatives: int, power: float) -> None:
        """``negatives`` words are drawn by count to ``power`` (0: the exact softmax)."""
        super().__init__()
        trained = statistics.trained
        weights = statistics.counts.double().clamp(min=1) * trained
        log_prior = torch.log(weights.clamp(min=1) / weights.sum()).float()
        self.bias = nn.Parameter(log_prior.clone())
        self.negatives = negatives if negatives < int(trained.sum()) else 0
        self.register_buffer("candidate", statistics.candidate, persistent=False)
        self.register_buffer("trained", trained, persistent=False)
        self.register_buffer("log_prior", log_prior, persistent=False)
        inclusion = inclusion_probabilities(weights**power * trained, self.negatives or int(trained.sum()))
        self.register_buffer("inclusion", inclusion, persistent=False)

    @abstractmethod
    def scores(self, context: Tensor) -> Tensor:
        """What the exported network answers with, (N, ·)."""

    @abstractmethod
    def word_logits(self, scores: Tensor) -> Tensor:
        """Logits (N, V) from :meth:`scores`."""

    @abstractmethod
    def vectors(self, words: Tensor) -> Tensor:
        """Output vectors (R, D) of ``words`` (R,)."""

    def fold(self) -> None:
        """Puts whatever word vectors are composed of into them, for a network that is trained no more."""

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


class SoftmaxHead(Head):
    """Softmax over the vocabulary, tied to the input word vectors (Press & Wolf 2017; Inan et al. 2017).

    With ``spelling`` (V, K), the characters of every word, an output vector has a part composed of the same
    character vectors as the input's, by a matrix of its own (Takase et al. 2019, section 4).
    """

    spelling: Tensor

    def __init__(
        self,
        embedding: WordEmbedding,
        spelling: Tensor | None,
        statistics: WordStatistics,
        negatives: int,
        power: float,
    ) -> None:
        super().__init__(statistics, negatives, power)
        self._embedding = (embedding,)  # in a tuple: its weights are the network's, not this module's
        self.compose: nn.Linear | None = None
        if spelling is not None:
            self.compose = nn.Linear(embedding.compose.in_features, embedding.words.embedding_dim, bias=False)
            nn.init.zeros_(self.compose.weight)
            self.register_buffer("spelling", spelling.long(), persistent=False)

    def scores(self, context: Tensor) -> Tensor:
        """Word logits (N, V)."""
        table = self._embedding[0].words.weight
        if self.compose is not None:
            table = table + self._composed(self.spelling)
        logits: Tensor = functional.linear(context, table, self.bias)
        return logits

    def word_logits(self, scores: Tensor) -> Tensor:
        """The scores themselves."""
        return scores

    def vectors(self, words: Tensor) -> Tensor:
        """See :class:`Head`."""
        own = functional.embedding(words, self._embedding[0].words.weight)
        return own if self.compose is None else own + self._composed(self.spelling[words])

    @torch.no_grad()
    def fold(self) -> None:
        """See :class:`Head`: the part made of characters."""
        if self.compose is not None:
            self.compose.weight.mul_(_COMPOSED_SCALE)
            self._embedding[0].put_in(self.compose(self._embedding[0].features(self.spelling)), self.compose)
            self.compose = None

    def spelled(self, spelling: Tensor) -> Tensor:
        """Output vectors (R, E) of words outside the vocabulary, of which only the characters (R, K) are known."""
        taken_out = self._embedding[0].taken_out
        if taken_out is None:
            return self._composed(spelling)
        vectors: Tensor = taken_out(self._embedding[0].features(spelling))
        return vectors

    def _composed(self, spelling: Tensor) -> Tensor:
        """Composed parts (R, E) of words with characters (R, K)."""
        assert self.compose is not None
        composed: Tensor = self.compose(self._embedding[0].features(spelling))
        return _COMPOSED_SCALE * composed


class CodedHead(Head):
    """One whose rarer words, or all, have codes for output vectors: those of the ids from ``first_coded`` on."""

    def __init__(
        self, codes: WordCodes, first_coded: int, statistics: WordStatistics, negatives: int, power: float
    ) -> None:
        super().__init__(statistics, negatives, power)
        self.codes = codes
        self.first_coded = first_coded


class CodesHead(CodedHead):
    """Binary word codes: the network gives a logit for each bit, and a word is as likely as its bits.

    With independent bits ``log p(code) = code · logits + Σ log σ(-logits)`` (Oda et al. 2017, P17-1079, section 3),
    so over the words that have a code, likelihood is a softmax whose output vectors are the codes. Loss ``bits``
    trains each bit on its own, as the tutorial does; ``words`` trains that softmax; ``both`` adds the two.
    """

    def __init__(
        self, codes: WordCodes, statistics: WordStatistics, negatives: int, power: float, code_loss: str
    ) -> None:
        super().__init__(codes, len(SPECIAL_TOKENS), statistics, negatives, power)
        self.code_loss = code_loss
        if code_loss == "bits":
            nn.init.zeros_(self.bias)
            self.bias.requires_grad_(False)

    def scores(self, context: Tensor) -> Tensor:
        """Bit logits (N, bits)."""
        return context

    def word_logits(self, scores: Tensor) -> Tensor:
        """See :class:`Head`."""
        return functional.linear(scores.float(), self.codes.from_id(0), self.bias)

    def vectors(self, words: Tensor) -> Tensor:
        """The codes."""
        return self.codes.of(words)

    def loss(self, context: Tensor, targets: Tensor) -> Tensor:
        """Binary cross-entropy, the mean over bits and targets; cross-entropy of words; or their sum."""
        if self.code_loss == "words":
            return super().loss(context, targets)
        bits = functional.binary_cross_entropy_with_logits(context.float(), self.codes.of(targets).detach())
        return bits if self.code_loss == "bits" else bits + super().loss(context, targets)

    def bit_accuracy(self, context: Tensor, targets: Tensor) -> Tensor:
        """Share of bits on the right side of 0.5 for each target, (N,)."""
        return ((context > 0) == (self.codes.of(targets) > 0)).float().mean(dim=1)


class HybridHead(CodedHead):
    """Softmax for the most frequent words, codes for the rest, in one distribution.

    The idea is Oda et al. 2017 (P17-1079, section 3); there the codes stand behind an extra class "other", here
    a rare word's output vector is its code times a learned matrix and all words share one normaliser.
    """

    def __init__(
        self,
        words: nn.Embedding,
        codes: WordCodes,
        frequent: int,
        statistics: WordStatistics,
        negatives: int,
        power: float,
    ) -> None:
        """The first ``frequent`` ids are read from ``words``, the others from ``codes``."""
        super().__init__(codes, frequent, statistics, negatives, power)
        self._words = (words,)  # in a tuple: its weights are the network's, not this module's
        self.frequent = frequent
        self.bits = nn.Linear(words.embedding_dim, codes.bits, bias=False)

    def scores(self, context: Tensor) -> Tensor:
        """Logits of the frequent words, then bit logits, (N, frequent + bits)."""
        frequent = functional.linear(context, self._words[0].weight[: self.frequent], self.bias[: self.frequent])
        return torch.cat((frequent, self.bits(context)), dim=1)

    def word_logits(self, scores: Tensor) -> Tensor:
        """See :class:`Head`."""
        rest = functional.linear(
            scores[:, self.frequent :].float(), self.codes.from_id(self.frequent), self.bias[self.frequent :]
        )
        return torch.cat((scores[:, : self.frequent].float(), rest), dim=1)

    def vectors(self, words: Tensor) -> Tensor:
        """See :class:`Head`."""
        frequent = words < self.frequent
        own = functional.embedding(words.clamp(max=self.frequent - 1), self._words[0].weight)
        return torch.where(frequent[:, None], own, self.codes.of(words) @ self.bits.weight)
