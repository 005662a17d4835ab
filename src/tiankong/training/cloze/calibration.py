"""Calibrates a trained network's probabilities on validation texts; the result is folded into the weights.

Training with dropout and sampled negatives leaves the network too sure of itself and rare words a little too
likely; a hundred bits trained one by one are far too sure together. Two numbers put that right: logits become
``scale · logits + prior · log p(word)``, as temperature scaling (Guo et al. 2017, section 4.2) with a share of the
words' unconditional probability. The loss is convex in both, so Newton's method finds them.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from tiankong.network.cloze import ClozeNetwork
from tiankong.network.heads.base import Head
from tiankong.training.cloze.batches import Batch
from tiankong.training.cloze.rows import rows_at_once, rows_in_all

_MOST_TARGETS = 16384
_ROWS_AT_ONCE = 256
_STEPS = 8
_PASSES = 16
"""Over a very large vocabulary, for which fewer targets are measured: a step takes as long as with 16,384 targets of
65,536 words.
"""


@dataclass(frozen=True)
class Calibration:
    """``scale · logits + prior · log p(word)``; 1 and 0 change nothing."""

    scale: float
    prior: float


def calibrate(
    network: ClozeNetwork, corpora: Sequence[Iterable[Batch]], shares: Sequence[float] = (1.0,)
) -> Calibration:
    """Fits on the targets of the validation texts of each of ``corpora``, which count by the ``shares`` that the
    corpora have in training, and changes ``network`` accordingly.
    """
    head = copy.deepcopy(network.head)
    head.fold()  # else it would compose every output vector again for every few rows
    parts = [_predictions(network, batches, share) for batches, share in zip(corpora, shares, strict=True)]
    predictions = _Predictions(*(torch.cat(tensors) for tensors in zip(*parts, strict=True)))
    factors = torch.tensor([1.0, 0.0], dtype=torch.double)
    loss, gradient, curvature = _measure(head, predictions, factors)
    for _ in range(_STEPS):
        step = torch.linalg.solve(curvature + 1e-6 * torch.eye(2, dtype=torch.double), gradient)
        if float(gradient @ step) < 1e-8:
            break
        measured = _measure(head, predictions, factors - step)
        while measured[0] > loss and float(step.abs().max()) > 1e-6:
            step = step / 2
            measured = _measure(head, predictions, factors - step)
        if measured[0] > loss:
            break
        factors, (loss, gradient, curvature) = factors - step, measured
    scale, prior = (float(value) for value in factors)
    if scale <= 0:  # so little was learned that the words' frequency says it all: leave the network as it is
        return Calibration(1.0, 0.0)
    network.rescale(scale, prior)
    return Calibration(scale, prior)


class _Predictions(NamedTuple):
    """Contexts (N, E), the words that stand there (N,), and how much each counts (N,); all together count 1."""

    context: Tensor
    targets: Tensor
    weights: Tensor


@torch.no_grad()
def _predictions(network: ClozeNetwork, batches: Iterable[Batch], share: float) -> _Predictions:
    """Those of a corpus, evenly chosen if there are many."""
    batch_predictions = [(network.context(*inputs).float(), targets) for inputs, targets, _ in batches]
    context, targets = (torch.cat(parts) for parts in zip(*batch_predictions, strict=True))
    most = math.ceil(share * rows_in_all(_MOST_TARGETS, len(network.head.log_prior), _PASSES))
    if len(targets) > most:
        chosen = torch.linspace(0, len(targets) - 1, most).long()
        context, targets = context[chosen], targets[chosen]
    return _Predictions(context, targets, torch.full((len(targets),), share / len(targets), dtype=torch.double))


@torch.no_grad()
def _measure(head: Head, predictions: _Predictions, factors: Tensor) -> tuple[float, Tensor, Tensor]:
    """The mean cross-entropy at ``factors`` (2,), its gradient (2,) and its second derivatives (2, 2)."""
    loss, gradient, curvature = 0.0, torch.zeros(2, dtype=torch.double), torch.zeros(2, 2, dtype=torch.double)
    prior = head.log_prior[head.candidate]
    number = torch.cumsum(head.candidate, 0) - 1  # of each candidate among the candidates
    rows_together = rows_at_once(_ROWS_AT_ONCE, len(prior))
    for start in range(0, len(predictions.targets), rows_together):
        context, targets, weights = (tensor[start : start + rows_together] for tensor in predictions)
        logits = head.word_logits(head.scores(context))[:, head.candidate]
        target_places = number[targets, None]
        log_probabilities = torch.log_softmax(factors[0] * logits + factors[1] * prior, dim=1)
        loss -= float(weights @ log_probabilities.gather(1, target_places)[:, 0].double())
        shares = log_probabilities.exp()
        mean = torch.stack(((shares * logits).sum(dim=1), shares @ prior), dim=1).double()  # (rows, 2)
        actual = torch.stack((logits.gather(1, target_places)[:, 0], prior[target_places[:, 0]]), dim=1).double()
        gradient += weights @ (mean - actual)
        weighted = shares * logits
        squares = torch.stack(((weighted * logits).sum(dim=1), weighted @ prior, shares @ prior.square()), 1).double()
        second = squares[:, [0, 1, 1, 2]].view(-1, 2, 2) - mean[:, :, None] * mean[:, None, :]
        curvature += (weights[:, None, None] * second).sum(dim=0)
    return loss, gradient, curvature
