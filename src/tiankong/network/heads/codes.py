"""The codes head: every word is a binary code."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from tiankong.network.heads.base import HeadInput
from tiankong.network.heads.coded import CodedHead


class CodesHead(CodedHead):
    """Binary word codes: the network gives a logit for each bit, and a word is as likely as its bits.

    With independent bits ``log p(code) = code · logits + Σ log σ(-logits)`` (Oda et al. 2017, P17-1079, section 3),
    so over the words that have a code, likelihood is a softmax whose output vectors are the codes. Loss ``bits``
    trains each bit on its own, as the tutorial does; ``words`` trains that softmax; ``both`` adds the two.
    """

    def __init__(self, given: HeadInput) -> None:
        super().__init__(given)
        self.output_axes = {"scores": "predictions"}
        self.code_loss = given.training.code_loss
        if self.code_loss == "bits":
            nn.init.zeros_(self.bias)
            self.bias.requires_grad_(False)

    @property
    def monitored(self) -> tuple[str, str]:
        """See :class:`Head`; where only bits are trained, their accuracy."""
        return ("bit_accuracy", "max") if self.code_loss == "bits" else super().monitored

    @property
    def weights_by_target(self) -> int:
        """See :class:`Head`: none where only bits are trained."""
        vector = 0 if self.code_loss == "bits" else self.codes.bits
        return (self.negatives or len(self.log_prior)) * vector

    def outputs(self, context: Tensor, character_ids: Tensor) -> tuple[Tensor, ...]:  # noqa: ARG002
        """The scores alone, which are the context vectors."""
        return (self.scores(context),)

    def shares_right(self, context: Tensor, targets: Tensor) -> dict[str, Tensor]:
        """The share of bits on the right side of 0.5."""
        right = ((context > 0) == (self.codes.of(targets) > 0)).float().mean(dim=1)
        return {"bit_accuracy": right}

    def scores(self, context: Tensor) -> Tensor:
        """Bit logits (N, bits)."""
        return context

    def word_logits(self, scores: Tensor) -> Tensor:
        """See :class:`Head`."""
        return self.codes.logits(scores.float(), 0, self.bias)

    def vectors(self, words: Tensor) -> Tensor:
        """The codes."""
        return self.codes.of(words)

    def loss(self, context: Tensor, targets: Tensor) -> Tensor:
        """Binary cross-entropy, the mean over bits and targets; cross-entropy of words; or their sum."""
        if self.code_loss == "words":
            return super().loss(context, targets)
        bits = functional.binary_cross_entropy_with_logits(context.float(), self.codes.of(targets).detach())
        return bits if self.code_loss == "bits" else bits + super().loss(context, targets)


HEAD = CodesHead
