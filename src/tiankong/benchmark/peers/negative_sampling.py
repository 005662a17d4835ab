"""context2vec's objective on our encoder (Melamud et al. 2016, section 3): which of ten drawn words is the real one."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Sequence
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional

from tiankong.benchmark.peers.timed_training import Step, train_for
from tiankong.benchmark.system import RankingSystem, Training
from tiankong.benchmark.task import Floats
from tiankong.config import load_preset
from tiankong.evaluation.measure import Text
from tiankong.network.cloze import ClozeNetwork
from tiankong.network.context import tensors
from tiankong.text.network_input import Window, network_input
from tiankong.text.vocabulary import SPECIAL_TOKENS
from tiankong.training.cloze.batches import WindowBatches
from tiankong.training.cloze.trainer import word_tables

_NEGATIVES, _POWER = 10, 0.75


class NegativeSampling(RankingSystem):
    """Ranks by the score plus the log of the words' share in the draw, which is what the score leaves out
    (Levy & Goldberg 2014, section 3.1); without it, rare words would come first."""

    label = "context2vec-style"
    gives_probabilities = True

    def train(self) -> Training:
        """Trains for the budget's time."""
        preset = load_preset("default")
        self._settings = dataclasses.replace(preset.training, seed=self.budget.seed)
        torch.manual_seed(self.budget.seed)
        self._network = ClozeNetwork(preset.model, word_tables(self.corpus, preset.model), self._settings)
        counts = torch.from_numpy(self.corpus.vocabulary.counts).double()
        self._weights = torch.where(torch.from_numpy(self.corpus.vocabulary.targets()), counts**_POWER, 0.0)
        return train_for(self._network, self._steps(), self.budget, self._settings.learning_rate, self.folder)

    def _steps(self) -> Iterator[Step]:
        batches = WindowBatches(self.corpus, "train", None, self._settings)
        for epoch in itertools.count():
            for inputs, targets, _ in batches.epoch(epoch):
                yield partial(self._loss, inputs, targets)

    def _loss(self, inputs: list[Tensor], targets: Tensor) -> tuple[Tensor, int]:
        context = self._network.context(*inputs).float()
        drawn = torch.multinomial(self._weights, len(targets) * _NEGATIVES, replacement=True)
        table = self._network.embedding.words
        real = (context * table(targets)).sum(dim=1)
        drawn_scores = (table(drawn).view(len(targets), _NEGATIVES, -1) @ context[:, :, None]).squeeze(2)
        losses = -functional.logsigmoid(real) - functional.logsigmoid(-drawn_scores).sum(dim=1)
        return losses.mean(), int((inputs[2] >= len(SPECIAL_TOKENS)).sum())

    @torch.no_grad()
    def scores(self, texts: Sequence[Text]) -> Floats:
        """See :class:`System`."""
        windows = [Window(text.ids, 1, len(text.ids) - 1, text.targets) for text in texts]
        context = self._network.context(*tensors(network_input(windows, self.corpus.lexicon)))
        logits = context @ self._network.embedding.words.weight.T + torch.log(self._weights).float()
        return logits.numpy()

    def size(self) -> int:
        """The weights in fp32."""
        return sum(value.numel() * value.element_size() for value in self._network.parameters())
