"""Scores of held-out texts while training: exact ranks, perplexity, bit accuracy; of labels, accuracy and loss."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional


class LabelScores:
    """Adds up batches of labelled texts."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forgets everything."""
        self._texts, self._right, self._loss = 0, 0, 0.0

    def add(self, logits: Tensor, labels: Tensor) -> None:
        """Adds texts with logits (B, L) and labels (B,)."""
        self._texts += len(labels)
        self._right += int((logits.argmax(dim=1) == labels).sum())
        self._loss += float(functional.cross_entropy(logits.double(), labels, reduction="sum"))

    def result(self) -> dict[str, float]:
        """``accuracy`` and ``log_loss``, in nats a text."""
        return {"accuracy": self._right / self._texts, "log_loss": self._loss / self._texts}


class RunningScores:
    """Adds up batches; ties are broken by word rank, as they are where answers are listed."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forgets everything."""
        self._ranks: list[Tensor] = []
        self._log_probabilities: list[Tensor] = []
        self._bits: list[Tensor] = []

    def add_ranks(self, log_probabilities: Tensor, targets: Tensor) -> None:
        """Adds predictions (N, V) of ``targets`` (N,)."""
        own = log_probabilities.gather(1, targets[:, None])
        ahead = (log_probabilities > own).sum(dim=1)
        earlier = torch.arange(log_probabilities.shape[1], device=targets.device) < targets[:, None]
        tied = ((log_probabilities == own) & earlier).sum(dim=1)
        self._ranks.append((1 + ahead + tied).cpu())
        self._log_probabilities.append(own[:, 0].cpu())

    def add_bits(self, shares: Tensor, rows: Tensor) -> None:
        """Adds shares of right bits (N,) of predictions in texts ``rows`` (N,): the mean of a text's means."""
        sums = torch.zeros(int(rows.max()) + 1, device=rows.device).index_add_(0, rows, shares)
        counts = torch.bincount(rows, minlength=len(sums))
        self._bits.append((sums / counts)[counts > 0].cpu())

    def result(self) -> dict[str, float]:
        """``top1``, ``top5``, ``top10``, ``mrr``, ``perplexity`` and, for codes, ``bit_accuracy``."""
        ranks = torch.cat(self._ranks).double()
        scores = {f"top{k}": float((ranks <= k).double().mean()) for k in (1, 5, 10)}
        scores["mrr"] = float((1 / ranks).mean())
        mean = float(torch.cat(self._log_probabilities).double().mean())
        scores["perplexity"] = math.exp(min(-mean, 700.0))
        if self._bits:
            scores["bit_accuracy"] = float(torch.cat(self._bits).double().mean())
        return scores
