"""Metrics of a model that was trained on several corpora: of each, and their mean by the corpora's shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tiankong.corpus.mix import CorpusMix
from tiankong.evaluation.reliability import Reliability
from tiankong.objective.base import mean_score

_SUMS = ("sentences", "targets", "oov_targets", "seconds")


def mixed_metrics(mix: CorpusMix, results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The metrics by split. ``results`` has those of each corpus.

    Of several corpora, a split's scores are means by the corpora's shares and its counts are sums; ``corpora`` has each
    corpus's share and its own metrics.
    """
    if not mix.is_several:
        return dict(results[0])
    shares = [part.share for part in mix.parts]
    mean = {split: _mean([result[split] for result in results], shares) for split in results[0]}
    each = {part.name: {"share": part.share, **result} for part, result in zip(mix.parts, results, strict=True)}
    return {**mean, "corpora": each}


def _mean(results: Sequence[Mapping[str, Any]], shares: Sequence[float]) -> dict[str, Any]:
    """The metrics of one split of all corpora."""
    reliability = _joined([result["reliability"] for result in results], shares)
    mean: dict[str, Any] = {}
    for name in results[0]:
        values = [result[name] for result in results]
        if name in _SUMS:
            mean[name] = sum(values)
        elif name == "reliability":
            mean[name] = reliability.table()
        elif name == "calibration_error":
            mean[name] = reliability.error
        elif name == "targets_per_second":
            mean[name] = mean["targets"] / max(mean["seconds"], 1e-9)
        else:
            mean[name] = mean_score(name, values, shares)
    return mean


def _joined(tables: Sequence[list[list[float]]], shares: Sequence[float]) -> Reliability:
    """The best answers of all corpora, weighted so that each has its share of them."""
    counts = [sum(answers for _, _, answers in table) for table in tables]
    reliability = Reliability()
    for table, share, count in zip(tables, shares, counts, strict=True):
        reliability.add_table(table, share * sum(counts) / count)
    return reliability
