"""A BERT-style masked language model of words, trained from scratch with transformers in the time ours takes.

Devlin et al. 2019, section 3.1, with 20 % of the words chosen: most become the mask, some another word, some stay. The
network is ModernBERT's (Warner et al. 2024, section 2.1), because BERT's own, which normalises after each layer and not
before it, had learned little more than word frequencies in the same time: docs/lab/0006-masked-lm.md.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor

from tiankong.benchmark.peers.timed_training import Step, train_for
from tiankong.benchmark.system import RankingSystem, Training
from tiankong.benchmark.task import Floats, Ints, queries
from tiankong.errors import MissingPackageError
from tiankong.evaluation.measure import Text
from tiankong.text.vocabulary import BLANK, SPECIAL_TOKENS, UNKNOWN

_WIDTH, _LAYERS, _LONGEST = 256, 4, 192
_LEARNING_RATE = 1e-3
_CHOSEN, _MASKED, _SWAPPED = 0.2, 0.8, 0.1
_BATCH_TOKENS = 1024
_IGNORED = 0  # what fills a row up: <BEG> never stands at the end


class MaskedLM(RankingSystem):
    """Sizes: texts B, tokens T, vocabulary V."""

    label = "masked LM (BERT-style)"
    gives_probabilities = True

    def train(self) -> Training:
        """Trains for the budget's time.

        :raises MissingPackageError: transformers is not installed.
        """
        try:
            from transformers import ModernBertConfig, ModernBertForMaskedLM  # noqa: PLC0415 - optional
        except ModuleNotFoundError:
            raise MissingPackageError("the masked LM peer", "benchmark") from None
        torch.manual_seed(self.budget.seed)
        self._size = len(self.corpus.vocabulary)
        config = ModernBertConfig(
            vocab_size=self._size,
            hidden_size=_WIDTH,
            num_hidden_layers=_LAYERS,
            num_attention_heads=_WIDTH // 64,
            intermediate_size=2 * _WIDTH,
            max_position_embeddings=_LONGEST,
            global_attn_every_n_layers=1,
            pad_token_id=_IGNORED,
            **dict.fromkeys(("bos_token_id", "eos_token_id", "cls_token_id", "sep_token_id")),
        )
        self._model = ModernBertForMaskedLM(config)
        return train_for(self._model, self._steps(), self.budget, _LEARNING_RATE, self.folder)

    def _steps(self) -> Iterator[Step]:
        generator = np.random.default_rng(self.budget.seed)
        split = self.corpus.split("train")
        lengths = np.minimum(split.lengths() + 2, _LONGEST)
        for _ in itertools.count():
            shuffled = generator.permutation(len(split))
            order = shuffled[np.argsort(lengths[shuffled], kind="stable")]
            rows = lengths[order]
            # The longest text of a batch is its last: cut where another one would be too much.
            bounds = [0]
            for number, length in enumerate(rows.tolist()):
                if (number + 1 - bounds[-1]) * length > _BATCH_TOKENS and number > bounds[-1]:
                    bounds.append(number)
            bounds.append(len(order))
            for batch in generator.permutation(len(bounds) - 1):
                texts = [self._piece(split[int(i)], generator) for i in order[bounds[batch] : bounds[batch + 1]]]
                yield partial(self._loss, self._padded(texts))

    def _piece(self, ids: Ints, generator: np.random.Generator) -> Ints:
        """A text, or a random piece of a long one."""
        start = int(generator.integers(max(1, len(ids) - _LONGEST + 1)))
        piece = ids[start : start + _LONGEST]
        return np.where(piece < self._size, piece, UNKNOWN)

    @staticmethod
    def _padded(texts: Sequence[Ints]) -> Tensor:
        rows = [torch.from_numpy(text) for text in texts]
        return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=-1)  # (B, T)

    def _loss(self, words: Tensor) -> tuple[Tensor, int]:
        present = words >= 0
        words = words.clamp(min=0)
        ordinary = words >= len(SPECIAL_TOKENS)
        chosen = ordinary & (torch.rand(words.shape) < _CHOSEN)
        chance = torch.rand(words.shape)
        read = words.masked_fill(chosen & (chance < _MASKED), BLANK)
        others = torch.randint(len(SPECIAL_TOKENS), self._size, words.shape)
        read = torch.where(chosen & (chance >= _MASKED) & (chance < _MASKED + _SWAPPED), others, read)
        logits = self._logits(read, present, chosen)
        return torch.nn.functional.cross_entropy(logits.float(), words[chosen]), int(ordinary.sum())

    def _logits(self, words: Tensor, present: Tensor, wanted: Tensor) -> Tensor:
        """Word logits (N, V) for the N positions ``wanted`` (B, T) only: the vocabulary is what costs."""
        states = self._model.model(input_ids=words, attention_mask=present.long()).last_hidden_state
        logits: Tensor = self._model.decoder(self._model.head(states[wanted]))
        return logits

    @torch.no_grad()
    def scores(self, texts: Sequence[Text]) -> Floats:
        """See :class:`System`: each blank in a copy of its text."""
        logits = []
        pieces, places = [], []
        for ids, position in queries(list(texts)):
            start = max(0, min(position - _LONGEST // 2, len(ids) - _LONGEST))
            piece = np.where(ids < self._size, ids, UNKNOWN)[start : start + _LONGEST].copy()
            piece[position - start] = BLANK
            pieces.append(piece)
            places.append(position - start)
        for first in range(0, len(pieces), 64):
            words = self._padded(pieces[first : first + 64])
            wanted = torch.zeros(words.shape, dtype=torch.bool)
            wanted[torch.arange(len(words)), places[first : first + 64]] = True
            logits.append(self._logits(words.clamp(min=0), words >= 0, wanted).float())
        return torch.cat(logits).numpy()

    def size(self) -> int:
        """The weights in fp32."""
        return sum(value.numel() * value.element_size() for value in self._model.parameters())
