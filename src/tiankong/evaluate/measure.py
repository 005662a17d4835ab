"""Scores of a model over a prepared split or over text files: exact ranks, perplexity, bit accuracy."""

from __future__ import annotations

import itertools
import math
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tiankong.corpus.prepared import PreparedCorpus
from tiankong.corpus.reader import read_texts
from tiankong.errors import FolderError, SourceError
from tiankong.evaluate.reliability import Reliability
from tiankong.runtime.decoding import CodesDecoder, ranks
from tiankong.runtime.predictor import Predictor, Reading
from tiankong.text.network_input import Ints, Window, network_input
from tiankong.text.pieces import piece_edges
from tiankong.text.vocabulary import SPECIAL_TOKENS, is_target

_PREDICTIONS_AT_ONCE = 1024
_TEXTS_TOGETHER = 2048  # of which those of similar length are read in one run
_LONGEST = 4096
"""Tokens of a text that are read at once: every text that can be filled is read whole."""

_ROWS_AT_ONCE = 16  # whose scores of the whole vocabulary stay in the processor's cache


class Text(NamedTuple):
    """One text: lexicon ids with <BEG> and <EOF>, positions of known targets, number of unknown ones."""

    ids: Ints
    targets: Ints
    unknown_targets: int
    unknown: list[str]


class _Part(NamedTuple):
    """Some targets of text number ``number``, with the part of it that is read for them."""

    number: int
    text: Text
    window: Window
    begins: bool  # the text's first


Scorer = Callable[[Sequence[_Part]], NDArray[np.float32]]
Metrics = dict[str, Any]
"""Scores by name; ``reliability`` is a table, see :class:`Reliability`."""


def measure_split(
    predictor: Predictor,
    corpus: PreparedCorpus,
    split: str,
    *,
    texts: int = 0,
    on_text: Callable[[int], None] = lambda _: None,
) -> Metrics:
    """Scores over a split, or over ``texts`` of its texts spread evenly.

    :raises FolderError: the model was trained on another vocabulary.
    """
    check_vocabulary(predictor, corpus)

    def scorer(batch: Sequence[_Part]) -> NDArray[np.float32]:
        return predictor.session.scores(network_input([part.window for part in batch], corpus.lexicon))

    return _measure(predictor, split_texts(corpus, split, texts), scorer, on_text)


def check_vocabulary(predictor: Predictor, corpus: PreparedCorpus) -> None:
    """Makes sure that ids mean the same to both.

    :raises FolderError: they don't.
    """
    if corpus.vocabulary.words != predictor.folder.vocabulary.words:
        raise FolderError(f"{corpus.folder} has another vocabulary than the model: give the corpus it was trained on")


def check_targets(corpus: PreparedCorpus, split: str, texts: int = 0) -> None:
    """Makes sure that those texts of a split, as for :func:`split_texts`, can be measured.

    :raises FolderError: none of them has a known word.
    """
    if not any(len(text.targets) for text in split_texts(corpus, split, texts)):
        raise FolderError(
            f"the {split} split of {corpus.folder} has no known word to predict in what is to be measured: prepare "
            "more text, or measure more of it"
        )


def split_texts(corpus: PreparedCorpus, split: str, texts: int = 0) -> Iterator[Text]:
    """The texts of a split with their targets, or ``texts`` of them spread evenly."""
    rows = corpus.split(split)
    count = min(texts, len(rows)) if texts else len(rows)
    forms = corpus.vocabulary.words + corpus.other_words
    target = np.array([is_target(word) for word in forms])
    target[: len(SPECIAL_TOKENS)] = False
    for number in np.linspace(0, len(rows) - 1, count).astype(int).tolist():
        ids = rows[number]
        wanted = target[ids]
        positions = np.flatnonzero(wanted & (ids < len(corpus.vocabulary)))
        yield Text(ids, positions, int(wanted.sum()) - len(positions), [])


def measure_files(
    predictor: Predictor,
    paths: Sequence[Path],
    *,
    column: str | None = None,
    encoding: str | None = None,
    texts: int = 0,
    on_text: Callable[[int], None] = lambda _: None,
) -> Metrics:
    """Scores over texts that are segmented whole, each target blanked in turn; over the first ``texts`` if not 0.

    :raises SourceError: a file can't be read, or holds no word to predict.
    """
    vocabulary = predictor.folder.vocabulary
    last = min(texts, sys.maxsize) or None

    def read() -> Iterator[Text]:
        for text in itertools.islice(read_texts(paths, column=column, encoding=encoding), last):
            tokens = predictor.tokenizer.tokens(text.text)
            reading = Reading(predictor)
            ids = reading.ids(tokens)
            wanted = sum(is_target(token) for token in tokens)
            inner = [number < len(vocabulary) and is_target(vocabulary.words[number]) for number in ids[1:-1].tolist()]
            positions = 1 + np.flatnonzero(inner)
            yield Text(ids, positions, wanted - len(positions), list(reading.unknown))

    def scorer(batch: Sequence[_Part]) -> NDArray[np.float32]:
        # Ids behind the lexicon's are each text's own: number them through the batch.
        size, shift, windows = len(predictor.lexicon.word_ids), 0, []
        for part in batch:
            ids = part.window.ids
            windows.append(part.window._replace(ids=np.where(ids >= size, ids + shift, ids)))
            shift += len(part.text.unknown)
        others = predictor.folder.characters.ids(word for part in batch for word in part.text.unknown)
        return predictor.session.scores(network_input(windows, predictor.lexicon, others))

    return _measure(predictor, read(), scorer, on_text)


def _measure(predictor: Predictor, texts: Iterable[Text], scorer: Scorer, on_text: Callable[[int], None]) -> Metrics:
    start = time.monotonic()
    # numpy's loops over a vocabulary leave the interpreter free.
    with ThreadPoolExecutor(predictor.session.threads) as workers:
        totals = _Totals(predictor, workers)
        numbered = enumerate(texts)
        while stretch := list(itertools.islice(numbered, _TEXTS_TOGETHER)):
            on_text(totals.count([text for _, text in stretch]))
            for batch in _batches([part for number, text in stretch for part in _parts(number, text)]):
                totals.add(batch, scorer)
                on_text(sum(part.begins for part in batch))
    return totals.result(time.monotonic() - start)


def _parts(number: int, text: Text) -> Iterator[_Part]:
    """The targets of a text, in one part unless it is very long."""
    begins = True
    for start, stop in itertools.pairwise(piece_edges(1, len(text.ids) - 1, _LONGEST)):
        own = text.targets[(text.targets >= start) & (text.targets < stop)]
        for first in range(0, len(own), _PREDICTIONS_AT_ONCE):
            window = Window(text.ids, start, stop, own[first : first + _PREDICTIONS_AT_ONCE])
            yield _Part(number, text, window, begins)
            begins = False


def _batches(stretch: list[_Part]) -> Iterator[list[_Part]]:
    """Parts of similar length with about :data:`_PREDICTIONS_AT_ONCE` predictions together."""
    batch: list[_Part] = []
    predictions = 0
    for part in sorted(stretch, key=lambda part: part.window.stop - part.window.start):
        if batch and predictions + len(part.window.targets) > _PREDICTIONS_AT_ONCE:
            yield batch
            batch, predictions = [], 0
        batch.append(part)
        predictions += len(part.window.targets)
    if batch:
        yield batch


class _Ranked(NamedTuple):
    """What is kept of some targets (N,): ranks, log probabilities of the target and of the best answer (N,), and
    ranks by distance where there are any."""

    ranks: Ints
    own: NDArray[np.float32]
    best: NDArray[np.float32]
    by_distance: Ints | None


class _Totals:
    """What is added up over the batches. Unknown targets count as misses in top-k and MRR."""

    def __init__(self, predictor: Predictor, workers: ThreadPoolExecutor) -> None:
        self._decoder = predictor.decoder
        self._workers = workers
        self.sentences = self.unknown = 0
        self._ranks: list[NDArray[np.int64]] = []
        self._distance_ranks: list[NDArray[np.int64]] = []
        self._log_probability = 0.0
        self._right_bits: defaultdict[int, list[float]] = defaultdict(list)  # by text, the share of each target
        self._reliability = Reliability()

    def count(self, texts: Sequence[Text]) -> int:
        """Takes note of texts, and returns how many of them have nothing to score."""
        self.sentences += sum(1 for text in texts if len(text.targets) or text.unknown_targets)
        self.unknown += sum(text.unknown_targets for text in texts)
        return sum(1 for text in texts if not len(text.targets))

    def add(self, batch: Sequence[_Part], scorer: Scorer) -> None:
        """Scores one batch."""
        targets = np.concatenate([part.text.ids[part.window.targets] for part in batch])
        scores = scorer(batch)
        parts = [slice(start, start + _ROWS_AT_ONCE) for start in range(0, len(targets), _ROWS_AT_ONCE)]
        for ranked in self._workers.map(lambda part: self._ranked(scores[part], targets[part]), parts):
            self._ranks.append(ranked.ranks)
            self._reliability.add(np.exp(ranked.best), ranked.ranks == 1)
            self._log_probability += float(ranked.own.sum(dtype=np.float64))
            if ranked.by_distance is not None:
                self._distance_ranks.append(ranked.by_distance)
        if isinstance(self._decoder, CodesDecoder) and self._decoder.has_distances:
            right = self._decoder.bit_accuracy(scores, targets)
            edges = np.cumsum([len(part.window.targets) for part in batch])[:-1]
            for part, shares in zip(batch, np.split(right, edges), strict=True):
                self._right_bits[part.number] += shares.tolist()

    def _ranked(self, scores: NDArray[np.float32], targets: Ints) -> _Ranked:
        log_probabilities = self._decoder.log_probabilities(scores)
        by_distance = None
        if isinstance(self._decoder, CodesDecoder) and self._decoder.has_distances:
            by_distance = ranks(self._decoder.agreements(scores), targets)
        own = log_probabilities[np.arange(len(targets)), targets]
        return _Ranked(ranks(log_probabilities, targets), own, log_probabilities.max(axis=1), by_distance)

    def result(self, seconds: float) -> Metrics:
        """The metrics.

        :raises SourceError: there was no known word to predict.
        """
        if not self._ranks:
            raise SourceError("there is no word to predict that the model knows: bring more text, or a fitting model")
        found = np.concatenate(self._ranks)
        targets = len(found) + self.unknown
        metrics: Metrics = {"sentences": self.sentences, "targets": targets, "oov_targets": self.unknown}
        metrics |= {f"top{k}": float((found <= k).sum() / targets) for k in (1, 5, 10)}
        metrics["mrr"] = float((1 / found).sum() / targets)
        metrics["perplexity"] = math.exp(min(-self._log_probability / len(found), 700.0))
        if self._right_bits:
            near = np.concatenate(self._distance_ranks)
            metrics["bit_accuracy"] = float(np.mean([np.mean(shares) for shares in self._right_bits.values()]))
            metrics |= {f"distance_top{k}": float((near <= k).sum() / targets) for k in (1, 5, 10)}
        metrics["calibration_error"] = self._reliability.error
        metrics["reliability"] = self._reliability.table()
        metrics["seconds"] = seconds
        metrics["targets_per_second"] = targets / max(seconds, 1e-9)
        return metrics
