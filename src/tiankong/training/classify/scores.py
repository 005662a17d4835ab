"""Scores of labels while training: accuracy and loss."""

from __future__ import annotations

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
        """``accuracy`` and ``log_loss``, in nats per text."""
        return {"accuracy": self._right / self._texts, "log_loss": self._loss / self._texts}
