"""Which arithmetic trains faster here: measured, since a processor can have bf16 and still be slower with it."""

from __future__ import annotations

import time

import torch

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
    processor = torch.device("cpu")
    half, full = (matrix_product_rate(kind, processor) for kind in (torch.bfloat16, torch.float32))
    return "bf16" if half > _WORTH_IT * full else "fp32"


def matrix_product_rate(kind: torch.dtype, device: torch.device, size: int = 1024) -> float:
    """FLOP/s of the product of two matrices (size, size), the best of a few."""
    left, right = (torch.ones(size, size, dtype=kind, device=device) for _ in range(2))
    shortest = float("inf")
    for _ in range(_REPEATS):
        start = time.perf_counter()
        product = torch.mm(left, right)
        float(product[0, 0])  # a GPU answers before it is done; a value makes it finish
        shortest = min(shortest, time.perf_counter() - start)
    return 2 * size**3 / shortest
