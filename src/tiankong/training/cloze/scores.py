"""Scores of held-out texts while training: exact ranks, perplexity, and what a head adds to them."""

from __future__ import annotations

import math

import torch
from torch import Tensor


class RankScores:
    """Adds up batches; ties are broken by word rank, as they are where answers are listed."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forgets everything."""
        self._ranks: list[Tensor] = []
        self._log_probabilities: list[Tensor] = []
        self._shares: dict[str, list[Tensor]] = {}

    def add_ranks(self, log_probabilities: Tensor, targets: Tensor) -> None:
        """Adds predictions (N, V) of ``targets`` (N,)."""
        target_log_probabilities = log_probabilities.gather(1, targets[:, None])
        ahead = (log_probabilities > target_log_probabilities).sum(dim=1)
        earlier = torch.arange(log_probabilities.shape[1], device=targets.device) < targets[:, None]
        tied = ((log_probabilities == target_log_probabilities) & earlier).sum(dim=1)
        self._ranks.append((1 + ahead + tied).cpu())
        self._log_probabilities.append(target_log_probabilities[:, 0].cpu())

    def add_shares(self, name: str, shares: Tensor, rows: Tensor) -> None:
        """Adds a score between 0 and 1 of predictions (N,) in texts ``rows`` (N,): the result is the mean of the texts'
        means.
        """
        sums = torch.zeros(int(rows.max()) + 1, device=rows.device).index_add_(0, rows, shares)
        counts = torch.bincount(rows, minlength=len(sums))
        self._shares.setdefault(name, []).append((sums / counts)[counts > 0].cpu())

    def result(self) -> dict[str, float]:
        """``top1``, ``top5``, ``top10``, ``mrr``, ``perplexity``, and what :meth:`add_shares` was given."""
        ranks = torch.cat(self._ranks).double()
        scores = {f"top{k}": float((ranks <= k).double().mean()) for k in (1, 5, 10)}
        scores["mrr"] = float((1 / ranks).mean())
        mean = float(torch.cat(self._log_probabilities).double().mean())
        scores["perplexity"] = math.exp(min(-mean, 700.0))
        for name, shares in self._shares.items():
            scores[name] = float(torch.cat(shares).double().mean())
        return scores
