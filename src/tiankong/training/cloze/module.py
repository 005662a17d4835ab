"""The Lightning module of a network that fills blanks: loss, and exact validation."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

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
        self.ranks = [RankScores() for _ in range(len(parts) * len(VALIDATION_SETS))]
        self.scores += self.ranks
        self._measuring = ExitStack()

    def loss(self, batch: Batch) -> Tensor:
        """The mean over the batch's targets."""
        inputs, targets, _ = batch
        context = self.network.context(*inputs)
        if not len(targets):  # texts without a known word: nothing to learn
            return context.sum() * 0.0
        loss: Tensor = self.network.head.loss(context, targets)
        return loss

    def decays(self, parameter: torch.nn.Parameter) -> bool:
        """As for any, but for what the head excepts."""
        return parameter is not self.network.head.undecayed and super().decays(parameter)

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
