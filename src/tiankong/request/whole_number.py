"""What counts as a whole number among options, of Python or of NumPy."""

from __future__ import annotations

from numbers import Integral


def is_whole(number: object) -> bool:
    """Whether ``number`` is a whole one; true and false are none."""
    return isinstance(number, Integral) and not isinstance(number, bool)
