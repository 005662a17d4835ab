"""Numbers in 8 bits with a scale for each row or column."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def eight_bits(values: Floats, axis: int, most: int = 127) -> tuple[NDArray[np.int8], Floats]:
    """Numbers from -``most`` to ``most`` and the scale of each index along ``axis``."""
    others = tuple(number for number in range(values.ndim) if number != axis)
    highest = np.abs(values).max(axis=others, keepdims=True)
    scale = np.where(highest > 0, highest / most, 1).astype(np.float32)
    numbers = np.rint(values / scale).astype(np.int8)
    return numbers, scale.reshape(-1)
