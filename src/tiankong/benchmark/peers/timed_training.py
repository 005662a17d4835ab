"""Training for a given time of processors: AdamW, warm-up, and a rate that falls to nothing when the time is up.

Processor seconds, because those pass equally fast whatever else the machine is doing. A training that was stopped goes
on from its last checkpoint: what a general model of ours takes is more than a machine may be had for at a time.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from tiankong.benchmark.system import Budget, Training
from tiankong.training.checkpoints import SafetensorsCheckpoints, read_checkpoint
from tiankong.training.precision import resolve_precision

Step = Callable[[], tuple[Tensor, int]]
"""One step's loss and the tokens it read."""

CHECKPOINT_FILE = "training.safetensors"

_WARMUP = 0.03
_SECONDS_BETWEEN_CHECKPOINTS = 300.0


@dataclass
class _Spent:
    """What a training has taken so far."""

    steps: int = 0
    tokens: int = 0
    seconds: float = 0.0
    processor_seconds: float = 0.0


def train_for(network: nn.Module, steps: Iterator[Step], budget: Budget, learning_rate: float, place: Path) -> Training:
    """Takes steps until ``budget.processor_seconds`` are over; bf16 where our own training would use it.

    Checkpoints are kept in ``place`` until then. The same seed gives the same ``steps`` again.

    :raises FolderError: the checkpoint there is damaged, or can't be written.
    """
    optimiser = torch.optim.AdamW(network.parameters(), learning_rate, weight_decay=0.01, fused=True)
    bf16 = resolve_precision("auto", "cpu") == "bf16"
    file, checkpoints = place / CHECKPOINT_FILE, SafetensorsCheckpoints()
    spent = _resumed(network, optimiser, file) if file.exists() else _Spent()
    for _ in itertools.islice(steps, spent.steps):
        pass
    network.train()
    start, processor_start, saved = time.perf_counter(), time.process_time(), time.perf_counter()
    before = _Spent(**vars(spent))
    for step in steps:
        spent.seconds = before.seconds + time.perf_counter() - start
        spent.processor_seconds = before.processor_seconds + time.process_time() - processor_start
        if time.perf_counter() - saved > _SECONDS_BETWEEN_CHECKPOINTS:
            checkpoints.save_checkpoint(_state(network, optimiser, spent), file)
            saved = time.perf_counter()
        done = spent.processor_seconds / budget.processor_seconds
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
        spent.tokens += read
        spent.steps += 1
    network.eval()
    checkpoints.remove_checkpoint(file)
    return Training(spent.seconds, spent.tokens, processor_seconds=spent.processor_seconds)


def _state(network: nn.Module, optimiser: torch.optim.Optimizer, spent: _Spent) -> dict[str, object]:
    return {
        "network": network.state_dict(),
        "optimiser": optimiser.state_dict(),
        "random": torch.get_rng_state(),
        "spent": vars(spent),
    }


def _resumed(network: nn.Module, optimiser: torch.optim.Optimizer, file: Path) -> _Spent:
    """Puts the training back to where its checkpoint was."""
    state = read_checkpoint(file)
    network.load_state_dict(state["network"])
    optimiser.load_state_dict(state["optimiser"])
    torch.set_rng_state(state["random"])
    return _Spent(**state["spent"])
