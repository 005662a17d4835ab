"""What a network must know of the words that it is made for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class WordTables:
    """Words V: their counts (V,), which can fill a blank (V,), codes (V, bits) or none, the number of characters, and
    the characters of each word (V, K).
    """

    counts: NDArray[np.int64]
    candidate: NDArray[np.bool_]
    codes: NDArray[np.uint8] | None
    characters: int
    spelling: NDArray[np.int32]

    @property
    def bits(self) -> int:
        """The length of a code."""
        return 0 if self.codes is None else self.codes.shape[1]
