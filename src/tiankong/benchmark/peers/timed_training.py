"""Training for a given time of processors: AdamW, warm-up, and a rate that falls to nothing when the time is up.

Processor seconds, because those pass equally fast whatever else the machine is doing.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from tiankong.benchmark.system import Budget, Training
from tiankong.training.precision import resolve_precision

Step = Callable[[], tuple[Tensor, int]]
"""One step's loss and the tokens it read."""

_WARMUP = 0.03


def train_for(network: nn.Module, steps: Iterator[Step], budget: Budget, learning_rate: float) -> Training:
    """Takes steps until ``budget.processor_seconds`` are over; bf16 where our own training would use it."""
    optimiser = torch.optim.AdamW(network.parameters(), learning_rate, weight_decay=0.01, fused=True)
    bf16 = resolve_precision("auto", "cpu") == "bf16"
    network.train()
    start, processor_start = time.perf_counter(), time.process_time()
    tokens = 0
    for step in steps:
        done = (time.process_time() - processor_start) / budget.processor_seconds
        if done >= 1:
            break
        for group in optimiser.param_groups:
            group["lr"] = learning_rate * min(done / _WARMUP, 0.5 * (1 + math.cos(math.pi * done)))
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            loss, read = step()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad()
        tokens += read
    network.eval()
    spent = time.process_time() - processor_start
    return Training(time.perf_counter() - start, tokens, processor_seconds=spent)
