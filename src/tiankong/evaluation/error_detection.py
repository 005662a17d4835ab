"""Learning to detect errors from texts with one error each."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tiankong.artifact.error_detection import BrokenWords, ErrorDetection, Threshold, TypedWords
from tiankong.config import SPACED
from tiankong.corpus.mix import CorpusMix
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.evaluation.measure import check_vocabulary, split_texts
from tiankong.evaluation.typing_errors import Exchange, any_mistake, any_word
from tiankong.runtime.error_judge import error_probability
from tiankong.runtime.parts import Evidence, parts_of
from tiankong.runtime.predictor import Predictor
from tiankong.text.network_input import Ints

MOST_TEXTS = 3000
"""The most validation texts that are read, half of them with each kind of error."""

_MANY_WORDS, _FEWEST_OF_MANY = 1 << 17, 300
"""A larger vocabulary is fitted on fewer texts: each place in a text is compared with every word."""

_FEWEST_WORDS = 4
_FEWEST_TEXTS = 20
_FEWEST_BROKEN = 100
_FEWEST_FLAGGED = 50
_STEPS = 30
_PRECISIONS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
_WORD_FEATURES = ("surprise", "entropy", "frequency", "context")
_TYPED_FEATURES = ("surprise", "entropy", "frequency", "alike", "context")
_BROKEN_FEATURES = ("surprise", "entropy", "alike", "near", "context")


class Judged(NamedTuple):
    """N parts of texts with one error each: the evidence (N, 6), which are words of the vocabulary (N,), which are
    errors (N,), and the text's number (N,).
    """

    evidence: NDArray[np.float64]
    known: NDArray[np.bool_]
    wrong: NDArray[np.bool_]
    text: Ints

    def only(self, rows: NDArray[np.bool_]) -> Judged:
        """Some of the parts."""
        return Judged(self.evidence[rows], self.known[rows], self.wrong[rows], self.text[rows])


def fit_error_detection(
    predictor: Predictor, mix: CorpusMix, seed: int, on_text: Callable[[int], None] = lambda _: None
) -> ErrorDetection | None:
    """Weights by logistic regression on every other validation text, thresholds from the rest; ``None`` if there are
    too few texts. Of several corpora, each has its share of the texts.

    Words of the vocabulary have two judgements, learned from texts where any other word stands in a word's place and
    from texts with typing errors; their thresholds hold for both together, where the error is a word of the vocabulary.
    ``broken`` is learned from typing errors, ``None`` if there are too few other parts. ``on_text`` is called with the
    number of texts read since the last call.
    """

    texts = most_texts(len(mix.first.vocabulary)) // 2

    def judge(exchange_of: Callable[[PreparedCorpus], Exchange]) -> Judged:
        parts: list[Judged] = []
        for first, part in zip(itertools.count(step=texts), mix.parts, strict=False):
            exchange, share = exchange_of(part.corpus), max(1, round(part.share * texts))
            judged = judge_typing_errors(predictor, part.corpus, "validation", exchange, share, seed, on_text)
            parts.append(judged._replace(text=judged.text + first))
        return _joined(parts)

    mistyped, replaced = judge(any_mistake), judge(any_word)
    if min(len(np.unique(judged.text)) for judged in (mistyped, replaced)) < _FEWEST_TEXTS:
        return None
    of_words = _logistic(replaced.only(replaced.known & (replaced.text % 2 == 0)), _WORD_FEATURES)
    typed = TypedWords(**_logistic(mistyped.only(mistyped.known & (mistyped.text % 2 == 0)), _TYPED_FEATURES))
    broken = None
    parts = mistyped.only(~mistyped.known)
    if min(parts.wrong.sum(), (~parts.wrong).sum()) >= _FEWEST_BROKEN:
        of_broken = _logistic(parts.only(parts.text % 2 == 0), _BROKEN_FEATURES)
        broken = BrokenWords(**of_broken, thresholds=[])
    detection = ErrorDetection(**of_words, thresholds=[], typed=typed, broken=broken)
    if broken is not None:
        broken = BrokenWords(**of_broken, thresholds=_thresholds(parts.only(parts.text % 2 == 1), detection))
    rest = [_wrong_words(judged.only(judged.text % 2 == 1)) for judged in (replaced, mistyped)]
    return ErrorDetection(**of_words, thresholds=_thresholds(_joined(rest), detection), typed=typed, broken=broken)


def most_texts(words: int) -> int:
    """The most validation texts that are read to fit a model with a vocabulary of so many ``words``."""
    return MOST_TEXTS if words <= _MANY_WORDS else max(_FEWEST_OF_MANY, MOST_TEXTS * _MANY_WORDS // words)


def _joined(parts: Sequence[Judged]) -> Judged:
    return Judged(*map(np.concatenate, zip(*parts, strict=True)))


def _wrong_words(judged: Judged) -> Judged:
    """The words of the vocabulary in texts where the error is one."""
    return judged.only(judged.known & np.isin(judged.text, judged.text[judged.known & judged.wrong]))


def judge_typing_errors(
    predictor: Predictor,
    corpus: PreparedCorpus,
    split: str,
    exchange: Exchange,
    texts: int,
    seed: int,
    on_text: Callable[[int], None] = lambda _: None,
) -> Judged:
    """Evidence for every part of ``texts`` texts of a split, in each of which one known word has an error. The texts
    are segmented again, since an error changes more than the word that it is in.

    :raises FolderError: the model has another vocabulary.
    """
    check_vocabulary(predictor, corpus)
    generator = np.random.default_rng(seed)
    rows: list[Evidence] = []
    known: list[bool] = []
    wrong: list[bool] = []
    numbers: list[int] = []
    for number, (text, start, stop) in enumerate(_with_errors(corpus, split, exchange, texts, generator)):
        tokens = predictor.tokenizer.located_tokens(text)
        for part in parts_of(tokens, predictor):
            rows.append(part.evidence)
            known.append(part.known)
            wrong.append(tokens[part.first].start < stop and start < tokens[part.stop - 1].end)
            numbers.append(number)
        on_text(1)
    evidence = np.array(rows, dtype=np.float64).reshape(-1, len(Evidence._fields))
    return Judged(evidence, np.array(known, dtype=bool), np.array(wrong, dtype=bool), np.array(numbers, dtype=np.int64))


def curve(scores: NDArray[np.float64], wrong: NDArray[np.bool_]) -> list[Threshold]:
    """Precision and recall at every distinct score (N,), from the highest down."""
    order = np.argsort(-scores, kind="stable")
    right = np.cumsum(wrong[order])
    last = np.append(np.diff(scores[order]) != 0, True)  # of several words with one score
    flagged = np.arange(1, len(order) + 1)
    return [
        Threshold(
            float(right[place] / flagged[place]), float(right[place] / max(1, right[-1])), float(scores[order[place]])
        )
        for place in np.flatnonzero(last).tolist()
    ]


def _thresholds(judged: Judged, detection: ErrorDetection) -> list[Threshold]:
    """The lowest threshold for each precision that is reached, behind one that flags everything."""
    points = curve(error_probability(judged.evidence, judged.known, detection), judged.wrong)
    if not points:
        return []
    lowest = [_lowest_threshold(points, precision) for precision in _PRECISIONS]
    return [points[-1], *(threshold for threshold in lowest if threshold)]


def _lowest_threshold(thresholds: list[Threshold], precision: float) -> Threshold | None:
    """The lowest threshold with that precision that flags enough words."""
    precise = [threshold for threshold in thresholds[_FEWEST_FLAGGED:] if threshold.precision >= precision]
    return precise[-1] if precise else None


class _Wrong(NamedTuple):
    """A text, and which of its characters, ``start`` to ``stop`` (exclusive), are wrong."""

    text: str
    start: int
    stop: int


def _with_errors(
    corpus: PreparedCorpus, split: str, exchange: Exchange, texts: int, generator: np.random.Generator
) -> Iterator[_Wrong]:
    """Texts with an error in one word."""
    for text in split_texts(corpus, split, texts):
        if len(text.targets) < _FEWEST_WORDS:
            continue
        place = int(generator.choice(text.targets))
        mistake = exchange(corpus.form(int(text.ids[place])), generator)
        if mistake is None:
            continue
        words = list(map(corpus.form, text.ids[1:-1].tolist()))
        spaced = corpus.manifest.config.segmenter in SPACED
        before = _written(words[: place - 1], spaced=spaced)
        start = len(before) + (1 if _needs_space(before[-1:], mistake.typed[:1], spaced=spaced) else 0)
        words[place - 1] = mistake.typed
        yield _Wrong(_written(words, spaced=spaced), start + mistake.start, start + mistake.stop)


def _written(words: list[str], *, spaced: bool) -> str:
    """The words as a text, with spaces where they would run together."""
    pieces: list[str] = []
    for word in words:
        if pieces and _needs_space(pieces[-1][-1:], word[:1], spaced=spaced):
            pieces.append(" ")
        pieces.append(word)
    return "".join(pieces)


def _needs_space(left: str, right: str, *, spaced: bool) -> bool:
    return bool(left) and (spaced or (f"{left}{right}".isascii() and left.isalnum() and right.isalnum()))


def _logistic(judged: Judged, features: tuple[str, ...]) -> dict[str, float]:
    """Weights of ``features`` and bias of logistic regression by Newton's method, with weak weight decay. The weight of
    the entropy has the other sign.
    """
    columns = [Evidence._fields.index(name) for name in features]
    inputs = np.column_stack((judged.evidence[:, columns], np.ones(len(judged.evidence))))
    weights = np.zeros(inputs.shape[1])
    decay = 1e-3 * np.eye(len(weights))
    for _ in range(_STEPS):
        shares = 1 / (1 + np.exp(-inputs @ weights))
        gradient = inputs.T @ (shares - judged.wrong) / len(inputs) + decay @ weights
        curvature = (inputs * (shares * (1 - shares))[:, None]).T @ inputs / len(inputs) + decay
        weights -= np.linalg.solve(curvature, gradient)
    fitted = dict(zip((*features, "bias"), weights.tolist(), strict=True))
    fitted["entropy"] *= -1
    return fitted
