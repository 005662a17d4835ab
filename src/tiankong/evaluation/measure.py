"""Metrics of a model that fills blanks, over a prepared split or any texts: exact ranks, perplexity, bit accuracy."""

from __future__ import annotations

import itertools
import math
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from tiankong.corpus.blocks import each_text
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.errors import FolderError, SourceError
from tiankong.evaluation.reliability import Reliability
from tiankong.runtime.batching import MEASURING
from tiankong.runtime.decoding import ranks
from tiankong.runtime.predictor import Predictor
from tiankong.runtime.reading import TextIds
from tiankong.text.network_input import CharacterIds, Ints
from tiankong.text.script import AUTO, Script
from tiankong.text.vocabulary import is_target

_TEXTS_TOGETHER = 2048
"""Texts that are sorted by length before they are batched."""

_ROWS_AT_ONCE = 16
"""Predictions whose scores of the whole vocabulary stay in the processor's cache."""

Item = TypeVar("Item")

Floats = NDArray[np.float32]
Metrics = dict[str, Any]
"""Figures by name; ``reliability`` is a table, see :class:`Reliability`."""


class Text(NamedTuple):
    """One text: ids with <BEG> and <EOF>, positions of the targets in the vocabulary, number of the other targets."""

    ids: Ints
    targets: Ints
    unknown_targets: int


class _Block(NamedTuple):
    """Texts that are batched together, and the characters of the words outside the vocabulary that they have."""

    texts: list[Text]
    oov_characters: CharacterIds | None


def measure_split(
    predictor: Predictor,
    corpus: PreparedCorpus,
    split: str,
    *,
    texts: int = 0,
    on_text: Callable[[int], None] = lambda _: None,
) -> Metrics:
    """Metrics over a split, or over ``texts`` of its texts spread evenly. ``on_text`` is called with the number of
    texts measured since the last call.

    :raises FolderError: the model was trained on another vocabulary.
    """
    check_vocabulary(predictor, corpus)
    characters = corpus.lexicon.character_ids[len(corpus.vocabulary) :]
    if corpus.characters.characters != predictor.folder.characters.characters:  # of a vocabulary that was taken over
        characters = predictor.folder.characters.ids(corpus.other_words)
    blocks = (_Block(block, characters) for block in _blocks(split_texts(corpus, split, texts)))
    return _measure(predictor, blocks, on_text)


def check_vocabulary(predictor: Predictor, corpus: PreparedCorpus) -> None:
    """Verifies that ids mean the same to both.

    :raises FolderError: they don't.
    """
    if corpus.vocabulary.words != predictor.folder.vocabulary.words:
        raise FolderError(f"{corpus.path} has another vocabulary than the model: give the corpus it was trained on")


def check_targets(corpus: PreparedCorpus, split: str, texts: int = 0) -> None:
    """Verifies that the texts of :func:`split_texts` can be measured.

    :raises FolderError: none of them has a known word.
    """
    is_target_id = corpus.vocabulary.targets()
    known = len(is_target_id)
    if not any(is_target_id[ids[ids < known]].any() for ids in each_text(corpus, split, _chosen(corpus, split, texts))):
        raise FolderError(
            f"the {split} split of {corpus.path} has no known word to predict in the texts to measure: prepare more "
            "text, or measure more of it"
        )


def split_texts(corpus: PreparedCorpus, split: str, texts: int = 0) -> Iterator[Text]:
    """The texts of a split with their targets, or ``texts`` of them spread evenly."""
    for ids in each_text(corpus, split, _chosen(corpus, split, texts)):
        words = corpus.is_word[ids]
        targets = np.flatnonzero(words & (ids < len(corpus.vocabulary)))
        yield Text(ids, targets, int(words.sum()) - len(targets))


def _chosen(corpus: PreparedCorpus, split: str, texts: int) -> Ints | None:
    """The numbers of ``texts`` texts, spread evenly over the split; ``None`` stands for all."""
    size = corpus.manifest.splits[split].texts
    return np.linspace(0, size - 1, texts).astype(np.int64) if 0 < texts < size else None


def measure_texts(
    predictor: Predictor,
    texts: Iterable[str],
    *,
    limit: int = 0,
    script: Script = AUTO,
    on_text: Callable[[int], None] = lambda _: None,
) -> Metrics:
    """Metrics over texts that are segmented whole, each target blanked in turn; over the first ``limit`` if not 0.
    Texts are read as ``script`` says.

    :raises SourceError: there is no word to predict.
    """
    is_word = predictor.folder.vocabulary.targets()

    def blocks() -> Iterator[_Block]:
        for block in _blocks(itertools.islice(texts, min(limit, sys.maxsize) or None)):
            reading = TextIds(predictor)
            read = []
            for text in block:
                tokens = predictor.reader(script, text).tokenizer.tokens(text)
                ids = reading.ids(tokens)
                targets = np.flatnonzero((ids < len(is_word)) & is_word[np.minimum(ids, len(is_word) - 1)])
                read.append(Text(ids, targets, sum(map(is_target, tokens)) - len(targets)))
            yield _Block(read, reading.oov_characters)

    return _measure(predictor, blocks(), on_text)


def _blocks(texts: Iterable[Item]) -> Iterator[list[Item]]:
    remaining = iter(texts)
    while block := list(itertools.islice(remaining, _TEXTS_TOGETHER)):
        yield block


def _measure(predictor: Predictor, blocks: Iterable[_Block], on_text: Callable[[int], None]) -> Metrics:
    start = time.monotonic()
    # NumPy's loops over a vocabulary release the interpreter lock.
    with ThreadPoolExecutor(predictor.session.threads) as workers:
        totals = _Totals(predictor, workers)
        for block in blocks:
            totals.add(block, on_text)
    return totals.result(time.monotonic() - start)


class _Ranked(NamedTuple):
    """Of N targets: ranks, log probabilities of the target and of the best answer (N,), and ranks by distance if the
    model has distances.
    """

    ranks: Ints
    target: Floats
    best: Floats
    by_distance: Ints | None


class _Totals:
    """Sums over all targets. Unknown targets count as misses in top-k and MRR."""

    def __init__(self, predictor: Predictor, workers: ThreadPoolExecutor) -> None:
        self._predictor = predictor
        self._workers = workers
        self._sentences = self._unknown = 0
        self._ranks: list[Ints] = []
        self._distance_ranks: list[Ints] = []
        self._log_probability = 0.0
        self._bit_accuracy: list[NDArray[np.float64]] = []  # of each text
        self._reliability = Reliability()

    def add(self, block: _Block, on_text: Callable[[int], None]) -> None:
        """Measures the texts of a block."""
        self._sentences += sum(1 for text in block.texts if len(text.targets) or text.unknown_targets)
        self._unknown += sum(text.unknown_targets for text in block.texts)
        on_text(sum(1 for text in block.texts if not len(text.targets)))
        windows = [
            (window, number)
            for number, text in enumerate(block.texts)
            if len(text.targets)
            for window in self._predictor.windows(text.ids, text.targets)
        ]
        windows.sort(key=lambda entry: entry[0].stop - entry[0].start)
        if not windows:
            return
        targets = np.concatenate([window.ids[window.targets] for window, _ in windows])
        texts = np.repeat([number for _, number in windows], [len(window.targets) for window, _ in windows])
        _, first = np.unique(texts, return_index=True)
        right_bits = np.zeros(len(block.texts))
        start = 0
        limits = MEASURING.for_vocabulary(len(self._predictor.folder.vocabulary))
        for outputs in self._predictor.run([window for window, _ in windows], block.oov_characters, limits):
            scores = outputs["scores"]
            rows = slice(start, start := start + len(scores))
            self._rank(scores, targets[rows])
            if self._predictor.codes_decoder is not None:
                accuracy = self._predictor.codes_decoder.bit_accuracy(scores, targets[rows])
                right_bits += np.bincount(texts[rows], accuracy, len(right_bits))
            on_text(int(np.count_nonzero((first >= rows.start) & (first < rows.stop))))
        if self._predictor.codes_decoder is not None:
            counts = np.bincount(texts, minlength=len(right_bits))
            self._bit_accuracy.append(right_bits[counts > 0] / counts[counts > 0])

    def _rank(self, scores: Floats, targets: Ints) -> None:
        """Ranks the targets (N,) by their scores (N, V or bits)."""
        parts = [slice(start, start + _ROWS_AT_ONCE) for start in range(0, len(targets), _ROWS_AT_ONCE)]
        for ranked in self._workers.map(lambda part: self._ranked(scores[part], targets[part]), parts):
            self._ranks.append(ranked.ranks)
            self._reliability.add(np.exp(ranked.best), ranked.ranks == 1)
            self._log_probability += float(ranked.target.sum(dtype=np.float64))
            if ranked.by_distance is not None:
                self._distance_ranks.append(ranked.by_distance)

    def _ranked(self, scores: Floats, targets: Ints) -> _Ranked:
        log_probabilities = self._predictor.decoder.log_probabilities(scores)
        codes = self._predictor.codes_decoder
        by_distance = None if codes is None else ranks(codes.agreements(scores), targets)
        of_targets = log_probabilities[np.arange(len(targets)), targets]
        return _Ranked(ranks(log_probabilities, targets), of_targets, log_probabilities.max(axis=1), by_distance)

    def result(self, seconds: float) -> Metrics:
        """The metrics.

        :raises SourceError: there was no known word to predict.
        """
        if not self._ranks:
            raise SourceError("there is no word to predict that the model knows: give more text, or another model")
        all_ranks = np.concatenate(self._ranks)
        targets = len(all_ranks) + self._unknown
        metrics: Metrics = {"sentences": self._sentences, "targets": targets, "oov_targets": self._unknown}
        metrics |= {f"top{k}": float((all_ranks <= k).sum() / targets) for k in (1, 5, 10)}
        metrics["mrr"] = float((1 / all_ranks).sum() / targets)
        metrics["perplexity"] = math.exp(min(-self._log_probability / len(all_ranks), 700.0))
        if self._distance_ranks:
            by_distance = np.concatenate(self._distance_ranks)
            metrics["bit_accuracy"] = float(np.mean(np.concatenate(self._bit_accuracy)))
            metrics |= {f"distance_top{k}": float((by_distance <= k).sum() / targets) for k in (1, 5, 10)}
        metrics["calibration_error"] = self._reliability.error
        metrics["reliability"] = self._reliability.table()
        metrics["seconds"] = seconds
        metrics["targets_per_second"] = targets / max(seconds, 1e-9)
        return metrics
