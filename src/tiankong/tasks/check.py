"""``check``: words that do not fit their context, with suggestions."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Collection, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tiankong.artifact.built_in import model_path
from tiankong.artifact.error_detection import BrokenWords, ErrorDetection, TypedWords, read_error_detection
from tiankong.config import DEFAULT_MODEL
from tiankong.errors import OptionError, SentenceError
from tiankong.request.answers import MOST_ANSWERS, CheckedWord, Suggestion
from tiankong.request.ignored_words import IgnoredWords, parse_ignored
from tiankong.request.options import is_whole
from tiankong.request.texts import RAISE, OnError, each
from tiankong.runtime.parts import MOST_SURPRISE, Evidence, Part, parts_of
from tiankong.runtime.predictor import Predictor
from tiankong.text.blanks import check_text
from tiankong.text.conversion import NEIGHBOURS
from tiankong.text.script import AUTO

DEFAULT_PRECISION = 0.8
"""The share of flagged words that are errors, unless another is requested."""


_LOWEST_LOGIT = -700.0
"""Lower ones overflow."""


class _Weights(NamedTuple):
    """Of a part's evidence, in its order, and the bias."""

    evidence: Evidence
    bias: float


def _broken_words(detection: ErrorDetection) -> BrokenWords:
    """How parts that are no words of the vocabulary are judged. Folders of version 0.2 and earlier say nothing of them:
    theirs are judged as the built-in model's, since the evidence is in nats.
    """
    return detection.broken or _built_in()


@cache
def _built_in() -> BrokenWords:
    detection = read_error_detection(model_path(DEFAULT_MODEL))
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


def check(
    predictor: Predictor,
    texts: str | Sequence[str],
    precision: float = DEFAULT_PRECISION,
    suggestions: int = 3,
    ignore: Collection[str] = (),
    script: str = AUTO,
    on_read: Callable[[int], None] = lambda _: None,
    on_error: OnError = RAISE,
) -> list[list[CheckedWord] | SentenceError]:
    """Every word of each text; with ``on_error="return"``, what is wrong with a text stands for them. ``on_read`` is
    called with the number of characters checked since the last call.

    :raises SentenceError: as :func:`~tiankong.text.blanks.check_text`.
    :raises OptionError: ``precision``, ``suggestions`` or ``ignore``; the model can't detect errors, or not that
        precisely.
    """
    if not is_whole(suggestions) or not 0 <= suggestions <= MOST_ANSWERS:
        raise OptionError(f"suggestions must be a whole number from 0 to {MOST_ANSWERS:,}, not {suggestions!r}")
    ignored = parse_ignored(ignore, predictor.folder.manifest.prepare)
    detection = predictor.folder.error_detection
    if detection is None:
        raise OptionError(f"{predictor.folder.path} was made without what check needs: train or export it again")
    judge = _Judge(detection, precision)

    def checked(text: str) -> list[CheckedWord]:
        reader = predictor.reader(script, text)
        return _checked(reader, text, judge, suggestions, ignored, on_read)

    return each(texts, checked, on_error=on_error)


def lowest_thresholds(detection: ErrorDetection, precision: float) -> tuple[float, float]:
    """The ``misfit`` from which words of the vocabulary and other parts are flagged; infinity if the precision is not
    reached.
    """
    found = []
    for thresholds in (detection.thresholds, (_broken_words(detection)).thresholds):
        precise = [threshold.misfit for threshold in thresholds if threshold.precision >= precision]
        found.append(min(precise, default=math.inf))
    return found[0], found[1]


class _Judge:
    """Judges the parts of texts at a precision."""

    def __init__(self, detection: ErrorDetection, precision: float) -> None:
        """:raises OptionError: ``precision`` is unusable or not reached."""
        if isinstance(precision, bool) or not isinstance(precision, int | float) or not 0 < precision < 1:
            raise OptionError(f"precision must be a number between 0 and 1, not {precision!r}")
        self._weights = _weights(detection)
        self._thresholds = lowest_thresholds(detection, precision)
        if min(self._thresholds) == math.inf:
            reached = [*detection.thresholds, *(_broken_words(detection)).thresholds]
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


def _checked(
    predictor: Predictor,
    text: str,
    judge: _Judge,
    suggestions: int,
    ignored: IgnoredWords,
    on_read: Callable[[int], None],
) -> list[CheckedWord]:
    check_text(text)
    tokens = predictor.tokenizer.located_tokens(text)
    places = ignored.places(text, predictor.tokenizer.converted)
    words: list[CheckedWord] = []
    read = 0

    def advance(number: int) -> None:
        nonlocal read
        on_read(tokens[number].end - read)
        read = tokens[number].end

    def wanted(evidence: Evidence, known: bool) -> int:
        return suggestions if judge.may_flag(evidence, known) else 0

    for part in parts_of(tokens, predictor, wanted, advance):
        misfit, flagged = judge.misfit(part.evidence, part.known), judge.flags(part.evidence, part.known)
        covered = tokens[part.first : part.stop]
        if flagged and any(places.cover(token.start, token.end, known=part.known) for token in covered):
            flagged = False
        start, end = covered[0].start, covered[-1].end
        suggested = _suggestions(
            part, predictor, text[max(0, start - NEIGHBOURS) : start], text[end : end + NEIGHBOURS]
        )
        # What is not flagged stands word by word.
        reported = [(start, end, sum(part.words))]
        if not flagged:
            reported = [(token.start, token.end, word) for token, word in zip(covered, part.words, strict=True)]
        for start, end, log_probability in reported:
            words.append(
                {
                    "word": text[start:end],
                    "start": start,
                    "end": end,
                    "score": float(np.exp(log_probability)),
                    "misfit": misfit,
                    "fits": not flagged,
                    "suggestions": suggested if flagged else [],
                }
            )
    return words


def _suggestions(part: Part, predictor: Predictor, before: str, after: str) -> list[Suggestion]:
    """In the script of the text, which stands ``before`` and ``after`` the part."""
    words = predictor.written([better.text for better in part.better], before, after) if part.better else []
    return [
        {"token_str": word, "score": float(np.exp(better.log_probability))}
        for word, better in zip(words, part.better, strict=True)
    ]
