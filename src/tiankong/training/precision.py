"""Which arithmetic trains faster here: measured, since a processor can have bf16 and still be slower with it."""

from __future__ import annotations

import time

import torch

_SIZE = 1024
_REPEATS = 8
_WORTH_IT = 1.25


def resolve_precision(wanted: str) -> str:
    """``bf16`` or ``fp32``; ``auto`` takes bf16 on a GPU, or where its matrix product beats fp32's clearly."""
    if wanted != "auto":
        return wanted
    if torch.cuda.is_available():
        return "bf16"
    if not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return "fp32"
    return "bf16" if _seconds(torch.float32) > _WORTH_IT * _seconds(torch.bfloat16) else "fp32"


def _seconds(kind: torch.dtype) -> float:
    """The shortest time of a square matrix product."""
    left, right = torch.ones(_SIZE, _SIZE, dtype=kind), torch.ones(_SIZE, _SIZE, dtype=kind)
    shortest = float("inf")
    for _ in range(_REPEATS):
        start = time.perf_counter()
        torch.mm(left, right)
        shortest = min(shortest, time.perf_counter() - start)
    return shortest
