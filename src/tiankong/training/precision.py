"""Measures which arithmetic trains faster here: a processor can have bf16 and still be slower with it."""

from __future__ import annotations

import time

import torch

from tiankong.config import TrainingConfig
from tiankong.errors import OptionError

_REPEATS = 8
_ROUNDS = 4
_WORTH_IT = 1.25


def on_gpu(device: str) -> bool:
    """Whether training on ``device`` is training on a GPU."""
    return device != "cpu" and torch.cuda.is_available()


def check_machine(config: TrainingConfig) -> None:
    """Refuses what this machine can't do.

    :raises OptionError: a GPU that isn't there, or bf16 on a processor without it.
    """
    gpu = on_gpu(config.device)
    if config.device == "gpu" and not gpu:
        raise OptionError("device gpu needs a GPU that torch can use, and there is none: use device auto or cpu")
    if config.precision == "bf16" and not gpu and not has_bf16():
        raise OptionError("precision bf16 needs a processor with bf16 arithmetic, not this one: use auto or fp32")


def has_bf16() -> bool:
    """Whether this processor trains in bf16 at all."""
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def resolve_precision(wanted: str, device: str = "auto") -> str:
    """``bf16`` or ``fp32``; ``auto`` takes bf16 on a GPU, or where its matrix product beats fp32's clearly."""
    if wanted != "auto":
        return wanted
    if on_gpu(device):
        return "bf16"
    if not has_bf16():
        return "fp32"
    half, full = torch.bfloat16, torch.float32
    best = {half: 0.0, full: 0.0}
    for _ in range(_ROUNDS):  # by turns, or something else on the machine could slow down one of them only
        for kind, rate in best.items():
            best[kind] = max(rate, matrix_product_rate(kind, torch.device("cpu")))
    return "bf16" if best[half] > _WORTH_IT * best[full] else "fp32"


def matrix_product_rate(kind: torch.dtype, device: torch.device, size: int = 1024) -> float:
    """FLOP/s of the product of two matrices (size, size), the best of a few."""
    left, right = (torch.rand(size, size, dtype=kind, device=device) for _ in range(2))
    shortest = float("inf")
    for _ in range(_REPEATS):
        start = time.perf_counter()
        product = torch.mm(left, right)
        float(product[0, 0])  # a GPU answers before it is done; a value makes it finish
        shortest = min(shortest, time.perf_counter() - start)
    return 2 * size**3 / shortest
