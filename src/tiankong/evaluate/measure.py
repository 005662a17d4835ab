"""Scores of a model over a prepared split or over text files: exact ranks, perplexity, bit accuracy."""

from __future__ import annotations

import itertools
import math
import time
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
from tiankong.inference.decoding import CodesDecoder, ranks
from tiankong.inference.predictor import Predictor, Reading
from tiankong.text.network_input import Ints, Window, network_input
from tiankong.text.vocabulary import SPECIAL_TOKENS, is_target

_PREDICTIONS_AT_ONCE = 1024
_ROWS_AT_ONCE = 16  # whose scores of the whole vocabulary stay in the processor's cache


class Text(NamedTuple):
    """One text: lexicon ids with <BEG> and <EOF>, positions of known targets, number of unknown ones."""

    ids: Ints
    targets: Ints
    unknown_targets: int
    unknown: list[str]


Scorer = Callable[[Sequence[Text]], NDArray[np.float32]]
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

    def scorer(batch: Sequence[Text]) -> NDArray[np.float32]:
        return predictor.session.scores(network_input([_window(text) for text in batch], corpus.lexicon))

    return _measure(predictor, split_texts(corpus, split, texts), scorer, on_text)


def check_vocabulary(predictor: Predictor, corpus: PreparedCorpus) -> None:
    """Makes sure that ids mean the same to both.

    :raises FolderError: they don't.
    """
    if corpus.vocabulary.words != predictor.folder.vocabulary.words:
        raise FolderError(f"{corpus.folder} has another vocabulary than the model: give the corpus it was trained on")


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

    def read() -> Iterator[Text]:
        for text in itertools.islice(read_texts(paths, column=column, encoding=encoding), texts or None):
            tokens = predictor.tokenizer.tokens(text.text)
            reading = Reading(predictor)
            ids = reading.ids(tokens)
            wanted = sum(is_target(token) for token in tokens)
            inner = [number < len(vocabulary) and is_target(vocabulary.words[number]) for number in ids[1:-1].tolist()]
            positions = 1 + np.flatnonzero(inner)
            yield Text(ids, positions, wanted - len(positions), list(reading.unknown))

    def scorer(batch: Sequence[Text]) -> NDArray[np.float32]:
        # Ids behind the lexicon's are each text's own: number them through the batch.
        size, shift, windows = len(predictor.lexicon.word_ids), 0, []
        for text in batch:
            ids = np.where(text.ids >= size, text.ids + shift, text.ids)
            windows.append(_window(text._replace(ids=ids)))
            shift += len(text.unknown)
        others = predictor.folder.characters.ids(word for text in batch for word in text.unknown)
        return predictor.session.scores(network_input(windows, predictor.lexicon, others))

    return _measure(predictor, read(), scorer, on_text)


def _window(text: Text) -> Window:
    return Window(text.ids, 1, len(text.ids) - 1, text.targets)


def _measure(predictor: Predictor, texts: Iterable[Text], scorer: Scorer, on_text: Callable[[int], None]) -> Metrics:
    start = time.monotonic()
    # numpy's loops over a vocabulary leave the interpreter free.
    with ThreadPoolExecutor(predictor.session.threads) as workers:
        totals = _Totals(predictor, workers)
        for batch in _batches(texts):
            totals.add(batch, scorer)
            on_text(len(batch))
    return totals.result(time.monotonic() - start)


def _batches(texts: Iterable[Text]) -> Iterator[list[Text]]:
    """Texts with about :data:`_PREDICTIONS_AT_ONCE` predictions together, of similar length within a stretch."""
    stretch: list[Text] = []
    for text in texts:
        stretch.append(text)
        if len(stretch) == 2048:
            yield from _grouped(stretch)
            stretch = []
    yield from _grouped(stretch)


def _grouped(stretch: list[Text]) -> Iterator[list[Text]]:
    batch: list[Text] = []
    predictions = 0
    for text in sorted(stretch, key=lambda text: len(text.ids)):
        if batch and predictions + len(text.targets) > _PREDICTIONS_AT_ONCE:
            yield batch
            batch, predictions = [], 0
        batch.append(text)
        predictions += len(text.targets)
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
        self._bits: list[float] = []
        self._reliability = Reliability()

    def add(self, batch: Sequence[Text], scorer: Scorer) -> None:
        """Scores one batch."""
        self.sentences += sum(1 for text in batch if len(text.targets) or text.unknown_targets)
        self.unknown += sum(text.unknown_targets for text in batch)
        batch = [text for text in batch if len(text.targets)]
        if not batch:
            return
        targets = np.concatenate([text.ids[text.targets] for text in batch])
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
            edges = np.cumsum([len(text.targets) for text in batch])[:-1]
            self._bits += [float(share.mean()) for share in np.split(right, edges)]

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
        if self._bits:
            near = np.concatenate(self._distance_ranks)
            metrics["bit_accuracy"] = float(np.mean(self._bits))
            metrics |= {f"distance_top{k}": float((near <= k).sum() / targets) for k in (1, 5, 10)}
        metrics["calibration_error"] = self._reliability.error
        metrics["reliability"] = self._reliability.table()
        metrics["seconds"] = seconds
        metrics["targets_per_second"] = targets / max(seconds, 1e-9)
        return metrics
