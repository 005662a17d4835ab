"""The tutorial's training procedure as it is, for its speed: the baseline of every training rate in the benchmark.

What makes it slow is kept on purpose: blocks of 2,000 texts padded to the longest among them, packed sequences, the
loss over all padding, accuracy in a Python loop over sentences.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

from tiankong.corpus.prepared import PreparedCorpus
from tiankong.corpus.word_codes import usual_bits, word_codes

_BLOCK = 2000
_BATCH = 100
_EMBEDDING, _HIDDEN, _MLP = 100, 500, (600, 300)


class _TutorialNetwork(nn.Module):
    """Bidirectional LSTM → shifted states → MLP → bits. Sizes: texts B, tokens T, hidden H."""

    def __init__(self, words: int, bits: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, _EMBEDDING)
        self.rnn = nn.LSTM(_EMBEDDING, _HIDDEN, batch_first=True, bidirectional=True)
        sizes = [2 * _HIDDEN, *_MLP, bits]
        layers: list[nn.Module] = []
        for size, following in itertools.pairwise(sizes):
            layers += [nn.Linear(size, following), nn.ReLU()]
        self.mlp = nn.Sequential(*layers[:-1], nn.Sigmoid())

    def forward(self, words: Tensor, lengths: Tensor) -> Tensor:
        """Bit probabilities (B, longest of the batch, bits)."""
        packed = nn.utils.rnn.pack_padded_sequence(
            self.embedding(words), lengths, batch_first=True, enforce_sorted=False
        )
        states, _ = nn.utils.rnn.pad_packed_sequence(self.rnn(packed)[0], batch_first=True)
        edge = torch.zeros(len(states), 1, _HIDDEN)
        before = torch.cat((edge, states[:, :, :_HIDDEN]), dim=1)[:, :-1]
        after = torch.cat((states[:, :, _HIDDEN:], edge), dim=1)[:, 1:]
        bits: Tensor = self.mlp(torch.cat((before, after), dim=2))
        return bits


def measure_rate(corpus: PreparedCorpus, batches: int, seed: int) -> tuple[float, int]:
    """Seconds of ``batches`` training steps and the real tokens in them, after one step to warm up.

    :raises FolderError: codes must be made, and can't be kept beside the corpus.
    """
    torch.manual_seed(seed)
    codes = torch.from_numpy(word_codes(corpus, usual_bits(corpus))).float()
    network = _TutorialNetwork(*codes.shape)
    optimiser = torch.optim.Adam(network.parameters())
    loss_function = nn.BCELoss()
    tokens, start = 0, 0.0
    for number, (words, lengths, bits) in enumerate(_batches(corpus, codes, seed)):
        if number == 1:
            tokens, start = 0, time.perf_counter()
        if number > batches:
            break
        predicted = network(words, lengths)
        actual = bits[:, : predicted.shape[1]]
        mask = torch.ones(predicted.shape)
        for row, length in enumerate(lengths.tolist()):
            mask[row, 0] = 0
            mask[row, length - 1 :] = 0
        loss = loss_function(predicted * mask, actual * mask)
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        with torch.no_grad():
            _accuracy(actual, predicted, lengths)
        tokens += int((lengths - 2).sum())
    return time.perf_counter() - start, tokens


def _batches(corpus: PreparedCorpus, codes: Tensor, seed: int) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Batches of 100 texts as padded words, lengths and padded bits, again from the start when all are done."""
    split = corpus.split("train")
    generator = np.random.default_rng(seed)
    while True:
        order = generator.permutation(len(split))
        for first in range(0, len(order), _BLOCK):
            texts = [torch.from_numpy(split[int(number)]) for number in order[first : first + _BLOCK]]
            texts = [text.clamp(max=len(codes) - 1) for text in texts]
            lengths = torch.tensor([len(text) for text in texts])
            words = nn.utils.rnn.pad_sequence(texts, batch_first=True)
            bits = codes[words]
            for row in range(0, len(texts), _BATCH):
                part = slice(row, row + _BATCH)
                yield words[part], lengths[part], bits[part]


def _accuracy(actual: Tensor, predicted: Tensor, lengths: Tensor) -> float:
    total = 0.0
    for row, length in enumerate(lengths.tolist()):
        right = (predicted[row][1 : length - 1] > 0.5).int() == actual[row][1 : length - 1].int()
        total += right.sum().item() / right.numel()
    return total / len(lengths)
