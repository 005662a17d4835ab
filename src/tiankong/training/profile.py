"""Where a training step's time goes, and how much of the machine's matrix-product rate the network reaches."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import lightning.pytorch as pl
import torch
from torch import Tensor

from tiankong.training.module import TrainedModule
from tiankong.training.precision import matrix_product_rate

PARTS = ("data", "encoder", "head", "optimiser")
"""Data: waiting for the next batch. Encoder: all that makes the context vectors, from embedding to MLP. Head: the
loss. Both with their backward passes. Optimiser: clipping and the step."""


@dataclass(frozen=True)
class Profile:
    """What the steps of an epoch took, or those from one evaluation to the next.

    ``flops`` are of the matrix products that the real tokens need, forward and backward, padding not counted;
    ``rate`` is those a second, ``matrix_rate`` that of a large square matrix product on the same machine, the best
    measured so far.
    ``shares`` of the time by part add up to 1.
    """

    tokens: int
    flops: float
    seconds: float
    matrix_rate: float
    shares: dict[str, float]

    @property
    def rate(self) -> float:
        """FLOP/s."""
        return self.flops / self.seconds

    @property
    def utilisation(self) -> float:
        """Share of the matrix-product rate."""
        return self.rate / self.matrix_rate

    def __str__(self) -> str:
        """One line for people."""
        shares = ", ".join(f"{part} {share:.1%}" for part, share in self.shares.items())
        return (
            f"profile | {self.flops / self.tokens / 1e6:.1f} MFLOP per token, {self.rate / 1e9:,.0f} GFLOP/s = "
            f"{self.utilisation:.2f} of a matrix product's {self.matrix_rate / 1e9:,.0f} | {shares}"
        )


class Profiler(pl.Callback):
    """Times the parts of every step and reports at each evaluation."""

    def __init__(self, on_profile: Callable[[Profile], None]) -> None:
        self._report = on_profile
        self._matrix_rate = 0.0
        self._hooks: list[Any] = []
        self._seconds = dict.fromkeys(PARTS, 0.0)
        self._tokens, self._flops = 0, 0.0
        self._since = 0.0

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:  # noqa: ARG002
        """Watches the context vectors, where encoder and head meet."""
        self._hooks = [_trained(pl_module).network.mlp.register_forward_hook(self._context_made)]

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:  # noqa: ARG002
        """Stops watching."""
        for hook in self._hooks:
            hook.remove()

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:  # noqa: ARG002
        """Starts the clock."""
        self._start_over()

    def on_train_batch_start(
        self,
        trainer: pl.Trainer,  # noqa: ARG002 - Lightning's signature
        pl_module: pl.LightningModule,
        batch: Any,
        batch_idx: int,  # noqa: ARG002
    ) -> None:
        """The batch has arrived: the time before was spent waiting for it."""
        self._lap("data")
        tokens, flops = _trained(pl_module).arithmetic(batch)
        self._tokens += tokens
        self._flops += flops

    def on_before_backward(self, *_: Any) -> None:
        """The loss is computed."""
        self._lap("head")

    def on_after_backward(self, *_: Any) -> None:
        """The gradients are computed."""
        self._lap("encoder")

    def on_train_batch_end(self, *_: Any, **__: Any) -> None:
        """The step is done."""
        self._lap("optimiser")

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Measures the matrix product and reports the steps since the last evaluation."""
        seconds = sum(self._seconds.values())
        if self._tokens and seconds:
            half = str(trainer.precision).startswith("bf16")
            # A GPU is done with the smaller one before it is at work.
            size = 2048 if pl_module.device.type == "cpu" else 8192
            rate = matrix_product_rate(torch.bfloat16 if half else torch.float32, pl_module.device, size)
            # The best of all epochs: something else may have run just now.
            self._matrix_rate = max(self._matrix_rate, rate)
            shares = {part: self._seconds[part] / seconds for part in PARTS}
            self._report(Profile(self._tokens, self._flops, seconds, self._matrix_rate, shares))

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:  # noqa: ARG002
        """Starts the clock again."""
        self._start_over()

    def _start_over(self) -> None:
        self._seconds = dict.fromkeys(PARTS, 0.0)
        self._tokens, self._flops = 0, 0.0
        self._since = time.perf_counter()

    def _context_made(self, _: Any, __: Any, context: Tensor) -> None:
        if context.requires_grad:
            self._lap("encoder")
            context.register_hook(lambda _: self._lap("head"))  # type: ignore[no-untyped-call]

    def _lap(self, part: str) -> None:
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        now = time.perf_counter()
        self._seconds[part] += now - self._since
        self._since = now


def _trained(module: pl.LightningModule) -> TrainedModule:
    if not isinstance(module, TrainedModule):
        raise TypeError("only a TrainedModule can be profiled")
    return module
