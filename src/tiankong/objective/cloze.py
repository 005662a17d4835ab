"""Filling blanks: every word of a text is predicted from the words around it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from tiankong.objective.base import Curve, Objective, Row, base_summary, encoder_summary
from tiankong.text.vocabulary import SPECIAL_TOKENS

_TOP10, _BITS = Curve("top10", "top-10 accuracy"), Curve("bit_accuracy", "share of equal bits")
_PERPLEXITY = Curve("perplexity", "perplexity", "log")


class ClozeObjective(Objective):
    """Ranks the vocabulary for every blank."""

    pipeline_tag = "fill-mask"
    scores: ClassVar[tuple[str, ...]] = (
        *("top1", "top5", "top10", "mrr", "perplexity", "calibration_error"),
        *("bit_accuracy", "distance_top1", "distance_top10"),
    )
    texts = "sentences"
    before_training = "before training"

    def epoch_parts(self, row: Row) -> list[str]:
        """See :class:`Objective`."""
        parts = []
        if "validation_bit_accuracy" in row:
            bits = f"{row['train_bit_accuracy']:.4f} train, {row['validation_bit_accuracy']:.4f} validation"
            parts.append(f"bit accuracy {bits}")
        parts.append(
            f"validation top-1/top-10 {row['validation_top1']:.3f}/{row['validation_top10']:.3f}, "
            f"perplexity {row['validation_perplexity']:.1f}"
        )
        return parts

    def curves(self, row: Row) -> tuple[Curve, Curve]:
        """See :class:`Objective`."""
        return _BITS if "validation_bit_accuracy" in row else _TOP10, _PERPLEXITY

    def summary(self, name: str, fields: Mapping[str, Any]) -> str:
        """See :class:`Objective`."""
        base = fields.get("base")
        goes_on = f" It goes on from {base_summary(base)}." if base else ""
        return f"""Fills a missing word from both sides of its context: {encoder_summary(fields)}, a {fields["model"]["head"]} head
ranks {fields["words"] - len(SPECIAL_TOKENS):,} words.{goes_on}

    tiankong fill --model {name} "…__…\""""  # noqa: E501


OBJECTIVE = ClozeObjective()
