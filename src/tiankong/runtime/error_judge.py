"""Judges the parts of texts: how probable it is that each is an error, and from which probability it is flagged."""

from __future__ import annotations

import math
import operator
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tiankong.artifact.built_in import model_path
from tiankong.artifact.error_detection import BrokenWords, ErrorDetection, Threshold, TypedWords, read_error_detection
from tiankong.errors import OptionError
from tiankong.runtime.parts import MOST_SURPRISE, Evidence

_STAND_IN = "reviews-zh"
"""The built-in model whose judgement of broken words models without one of their own borrow, whichever the default
model is: those models were made when it was the only one, and their words are judged as ever.
"""

_LOWEST_LOGIT = -700.0
"""Lower ones overflow."""


class _Weights(NamedTuple):
    """Of a part's evidence, in its order, and the bias."""

    evidence: Evidence
    bias: float


def _broken_words(detection: ErrorDetection) -> BrokenWords:
    """How parts that are no words of the vocabulary are judged. Folders of version 0.2 and earlier say nothing of them:
    theirs are judged as those of :data:`_STAND_IN`, by its weights and thresholds, since the evidence is in nats.
    """
    return detection.broken or _of_stand_in()


@cache
def _of_stand_in() -> BrokenWords:
    detection = read_error_detection(model_path(_STAND_IN))
    assert detection is not None
    assert detection.broken is not None
    return detection.broken


def _word_weights(judgement: ErrorDetection | TypedWords) -> _Weights:
    return _Weights(
        Evidence(
            surprise=judgement.surprise,
            entropy=-judgement.entropy,
            frequency=judgement.frequency,
            alike=judgement.alike if isinstance(judgement, TypedWords) else 0.0,
            near=0.0,
            context=judgement.context,
        ),
        judgement.bias,
    )


def _weights(detection: ErrorDetection) -> tuple[list[_Weights], list[_Weights]]:
    """Those of words of the vocabulary and of other parts. The largest sum counts: a word is wrong if it
    does not fit at all, or if a similar one fits better.
    """
    broken = _broken_words(detection)
    return (
        [_word_weights(detection), *([_word_weights(detection.typed)] if detection.typed else [])],
        [
            _Weights(
                Evidence(
                    surprise=broken.surprise,
                    entropy=-broken.entropy,
                    frequency=0.0,
                    alike=broken.alike,
                    near=broken.near,
                    context=broken.context,
                ),
                broken.bias,
            )
        ],
    )


def error_probability(
    evidence: NDArray[np.float64], known: NDArray[np.bool_], detection: ErrorDetection
) -> NDArray[np.float64]:
    """The probability (N,) that parts with the :class:`~tiankong.runtime.parts.Evidence` (N, 6) are errors; ``known``
    (N,) are words of the vocabulary.
    """
    of_known, of_broken = (
        np.max([evidence @ np.array(weights) + bias for weights, bias in judgements], axis=0)
        for judgements in _weights(detection)
    )
    return np.asarray(1 / (1 + np.exp(-np.where(known, of_known, of_broken))))


def lowest_thresholds(detection: ErrorDetection, precision: float) -> tuple[float, float]:
    """The ``misfit`` from which words of the vocabulary and other parts are flagged; infinity if the precision is not
    reached.
    """

    def lowest(thresholds: list[Threshold]) -> float:
        precise = [threshold.misfit for threshold in thresholds if threshold.precision >= precision]
        return min(precise, default=math.inf)

    return lowest(detection.thresholds), lowest(_broken_words(detection).thresholds)


class Judge:
    """Judges the parts of texts at a precision."""

    def __init__(self, detection: ErrorDetection, precision: float) -> None:
        """:raises OptionError: ``precision`` is unusable or not reached."""
        if isinstance(precision, bool) or not isinstance(precision, int | float) or not 0 < precision < 1:
            raise OptionError(f"`precision` must be a number between 0 and 1, not {precision!r}")
        self._weights = _weights(detection)
        self._thresholds = lowest_thresholds(detection, precision)
        if min(self._thresholds) == math.inf:
            reached = [*detection.thresholds, *_broken_words(detection).thresholds]
            highest = max((threshold.precision for threshold in reached), default=0.0)
            raise OptionError(f"this model reaches a precision of at most {highest:.2f}, not {precision}: request less")

    def misfit(self, evidence: Evidence, known: bool) -> float:
        """The probability that a part is an error."""
        judgements = self._weights[0 if known else 1]
        logit = max(bias + sum(map(operator.mul, weights, evidence)) for weights, bias in judgements)
        return 1 / (1 + math.exp(-max(logit, _LOWEST_LOGIT)))

    def flags(self, evidence: Evidence, known: bool) -> bool:
        """Whether a part is flagged."""
        return self.misfit(evidence, known) >= self._thresholds[0 if known else 1]

    def may_flag(self, evidence: Evidence, known: bool) -> bool:
        """Whether a part is flagged in some text."""
        return any(self.flags(evidence._replace(context=surprise), known) for surprise in (0.0, MOST_SURPRISE))
