"""The Lightning module of a network that fills blanks: loss, and exact validation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor

from tiankong.config import ModelConfig, TrainingConfig
from tiankong.network.cloze import ClozeNetwork
from tiankong.network.word_tables import WordTables
from tiankong.training.cloze.batches import Batch
from tiankong.training.cloze.flops import network_flops
from tiankong.training.cloze.rows import rows_at_once
from tiankong.training.cloze.scores import RankScores
from tiankong.training.module import ALONE, VALIDATION_SETS, MeasuredPart, TrainedModule

_ROWS_AT_ONCE = 2048


class ClozeModule(TrainedModule):
    """Trains a :class:`ClozeNetwork`."""

    def __init__(
        self,
        model: ModelConfig,
        training: TrainingConfig,
        tables: WordTables,
        steps: int,
        parts: Sequence[MeasuredPart] = ALONE,
    ) -> None:
        """``steps`` and ``parts`` as for any :class:`TrainedModule`."""
        super().__init__(training, steps, parts)
        torch.manual_seed(training.seed)
        self.network: ClozeNetwork = ClozeNetwork(model, tables, training)
        self.anchor: list[Tensor] = []
        self.pull = 0.0
        self.ranks = [RankScores() for _ in range(len(parts) * len(VALIDATION_SETS))]
        self.scores += self.ranks
        self._measuring = ExitStack()

    def go_on_from_here(self, present: Tensor, batches: int) -> None:
        """Makes the weights as they are now what training goes on from: it moves them less the deeper they lie, and
        draws them back by ``base_decay`` over the ``batches`` of an epoch: the more there is to learn from, the less at
        each step. The vectors and biases of words that are not ``present`` (V,) stay: all that could be learned of them
        is what they are not, in every step.
        """
        self.anchor = [parameter.detach().clone() for parameter in self.parameters()]
        self.pull = self.settings.base_decay / batches
        moves = present.float()
        # torch has no types for register_hook.
        words, biases = self.network.embedding.words.weight, self.network.head.bias
        words.register_hook(lambda gradient: gradient * moves.to(gradient)[:, None])  # type: ignore[no-untyped-call]
        biases.register_hook(lambda gradient: gradient * moves.to(gradient))  # type: ignore[no-untyped-call]

    def on_train_start(self) -> None:
        """Moves what the weights are drawn back to beside them."""
        self.anchor = [start.to(self.device) for start in self.anchor]

    @torch.no_grad()
    def return_to_start(self) -> None:
        """Gives the network the weights that it went on from."""
        for parameter, start in zip(self.parameters(), self.anchor, strict=True):
            parameter.copy_(start)

    def parts(self) -> list[tuple[list[torch.nn.Parameter], float]]:
        """See :class:`TrainedModule`; of a network that goes on from a base, what decides on words, the encoder, and
        the vectors, each at a share of the rate of the one before.
        """
        if not self.anchor:
            return super().parts()
        encoder, vectors = (set(part.parameters()) for part in (self.network.encoder, self.network.embedding))
        above = [parameter for parameter in self.parameters() if parameter not in encoder | vectors]
        rate = self.settings.layer_rate
        return [
            (above, 1.0),
            (list(self.network.encoder.parameters()), rate),
            (list(self.network.embedding.parameters()), rate**2),
        ]

    def optimizer_step(
        self, epoch: int, batch_idx: int, optimizer: Any, optimizer_closure: Callable[[], Any] | None = None
    ) -> None:
        """After the step, draws the weights back to where they began (L2-SP: Li et al. 2018, section 3; decoupled from
        the gradient as AdamW's decay is).
        """
        super().optimizer_step(epoch, batch_idx, optimizer, optimizer_closure)
        if not self.pull:
            return
        rates = {parameter: group["lr"] for group in optimizer.param_groups for parameter in group["params"]}
        with torch.no_grad():
            for parameter, start in zip(self.parameters(), self.anchor, strict=True):
                parameter.lerp_(start, min(1.0, rates[parameter] * self.pull))

    def loss(self, batch: Batch) -> Tensor:
        """The mean over the batch's targets."""
        inputs, targets, _ = batch
        context = self.network.context(*inputs)
        if not len(targets):  # texts without a known word: nothing to learn
            return context.sum() * 0.0
        loss: Tensor = self.network.head.loss(context, targets)
        return loss

    def decays(self, parameter: torch.nn.Parameter) -> bool:
        """As for any, but for what the head excepts; what goes on from a base has a decay of its own."""
        return not self.anchor and parameter is not self.network.head.undecayed and super().decays(parameter)

    def arithmetic(self, batch: Batch) -> tuple[int, float]:
        """See :class:`TrainedModule`."""
        inputs, targets, _ = batch
        read = sum(int((words != 0).sum()) for words in inputs[2:4])
        return read // 2, network_flops(self.network, read, len(targets))

    def on_validation_epoch_start(self) -> None:
        """Until the end of the evaluation, nothing is learned."""
        self._measuring.enter_context(self.network.unchanged())

    def on_validation_epoch_end(self) -> None:
        """See :class:`TrainedModule`."""
        self._measuring.close()
        super().on_validation_epoch_end()

    def validation_step(self, batch: Batch, batch_idx: int, dataloader_idx: int = 0) -> None:  # noqa: ARG002
        """Ranks every target exactly, in fp32 from the context vector on."""
        inputs, targets, rows = batch
        context = self.network.context(*inputs).float()
        head = self.network.head
        scores = self.ranks[dataloader_idx]
        with torch.autocast(context.device.type, enabled=False):
            rows_together = rows_at_once(_ROWS_AT_ONCE, len(head.log_prior))
            for start in range(0, len(targets), rows_together):
                part = slice(start, start + rows_together)
                scores.add_ranks(head.log_probabilities(context[part]), targets[part])
            for name, shares in head.shares_right(context, targets).items() if len(targets) else ():
                scores.add_shares(name, shares, rows)
