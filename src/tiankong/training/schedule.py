"""The learning rate of each step, from the share of the training that is done."""

from __future__ import annotations

import bisect
import math

from tiankong.config import TrainingConfig

TIME_PARTS = 1000
"""Parts of the time that a training may take: the rate falls from one to the next."""

_WARM_UP = 0.1
"""The largest share of a training that the warm-up takes."""

_LOWEST = 0.05


class Schedule:
    """Linear warm-up, then a constant rate or a cosine down to a twentieth.

    The share that is done is that of the ``steps``, or that of the time where this is larger. What the clock said is
    kept as ``time``: the step before which each thousandth of the time was over. The rate depends on these numbers
    alone, so that a training that resumes with them continues exactly like an uninterrupted one.
    """

    def __init__(self, settings: TrainingConfig, steps: int) -> None:
        """``steps`` is the length of the whole training, 0 if the clock alone ends it."""
        self._settings = settings
        self.steps = steps
        self.time: list[int] | None = [] if settings.max_hours else None

    def share(self, step: int) -> float:
        """The share of the training that is done before that step."""
        by_steps = min(1.0, step / self.steps) if self.steps else 0.0
        return max(by_steps, self.time_share(step))

    def time_share(self, step: int) -> float:
        """The share of the time that was over before that step."""
        return bisect.bisect_right(self.time, step) / TIME_PARTS if self.time else 0.0

    def rate(self, step: int) -> float:
        """The share of the highest learning rate at ``step``."""
        if self.time is not None:
            return self._rate_by_share(step)
        warmup = self._warmup_steps()
        if step < warmup:
            return (step + 1) / warmup
        return self._fallen(min(1.0, (step - warmup) / max(1, self.steps - warmup)))

    def _rate_by_share(self, step: int) -> float:
        """As :meth:`rate`, where it is not known in advance how many steps there will be."""
        risen = self._warmup_steps()
        if self.time is not None and len(self.time) >= _WARM_UP * TIME_PARTS:
            risen = min(risen, self.time[int(_WARM_UP * TIME_PARTS) - 1])
        if step < risen:
            return max((step + 1) / self._warmup_steps(), self.share(step) / _WARM_UP)
        start = self.share(risen)
        return self._fallen((self.share(step) - start) / (1 - start) if start < 1 else 1.0)

    def _warmup_steps(self) -> int:
        longest = self._settings.warmup_steps
        return min(longest, max(1, self.steps // 10)) if longest and self.steps else longest

    def _fallen(self, done: float) -> float:
        """The rate when that share of the way from the end of the warm-up is done."""
        if self._settings.schedule == "constant":
            return 1.0
        return _LOWEST + (1 - _LOWEST) * 0.5 * (1 + math.cos(math.pi * done))
