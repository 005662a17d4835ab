"""An n-gram model with modified Kneser-Ney smoothing, estimated here and written as an ARPA file for KenLM.

KenLM's own estimator needs the Boost libraries, which package registries don't carry; its query engine builds
everywhere. The estimate is the interpolated one of Chen & Goodman (1998), section 3, with three discounts an order,
unpruned, as KenLM's (Heafield et al. 2013) is by default.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Numbers = NDArray[np.int32]
Floats = NDArray[np.float64]

_NEVER = -99.0  # log10 of what can't be predicted: the begin of a sentence
_LINES = 1 << 18
"""N-grams that are written at once."""


@dataclass(frozen=True)
class _Order:
    """The distinct n-grams of one order, sorted by context, then last word.

    ``context`` numbers the (n-1)-gram without the last word, ``suffix`` the one without the first; ``count`` is how
    often the n-gram occurs; ``at`` is a position in the text where it begins.
    """

    context: Numbers
    word: Numbers
    suffix: Numbers
    count: Numbers
    at: Numbers


class _Discounted(NamedTuple):
    """Counts less their discount; by context the sum of the discounts and of the counts."""

    counts: Floats
    left_over: Floats
    totals: Floats


def write_arpa(file: Path, texts: Iterable[Ints], words: Sequence[str], begin: int, order: int) -> None:
    """Estimates from ``texts``, rows of word numbers that start with ``begin`` and stop with the end's number.

    ``words`` are the written forms by number, without spaces; among them ``<s>`` at ``begin`` and ``</s>``.
    Every word but ``begin`` gets a probability, also those that never occur.
    """
    tokens, lengths = _tokens(texts)
    orders = _distinct(tokens, lengths, len(words), order)
    starts_text = _starting(orders, begin)

    def discounted(number: int) -> _Discounted:
        grams = orders[number]
        counts = grams.count
        if number + 1 < order:
            # All but the longest n-grams count the distinct words before them; nothing stands before <s>.
            before = np.bincount(orders[number + 1].suffix, minlength=len(counts))
            counts = np.where(starts_text[number], counts, before)
        if number == 0:
            counts[begin] = 0
        return _discounted(counts, grams.context)

    lower = np.full(len(words), 1 / (len(words) - 1))
    lower[begin] = 0.0
    this = discounted(0)
    with file.open("w", encoding="utf-8", newline="\n") as out:
        out.write("\\data\\\n")
        out.writelines(f"ngram {number}={len(grams.word)}\n" for number, grams in enumerate(orders, start=1))
        for number, grams in enumerate(orders):
            if number:
                lower = lower[grams.suffix]
            totals = np.maximum(this.totals, 1)
            lower *= (this.left_over / totals)[grams.context]
            lower += this.counts / totals[grams.context]
            logs = np.log10(np.maximum(lower, 1e-99))
            logs_back = None
            if number + 1 < order:
                this = discounted(number + 1)
                # An n-gram that is no context leaves everything to the shorter ones: weight 1, log 0.
                weights = np.ones(len(lower))
                weights[: len(this.totals)] = this.left_over / np.maximum(this.totals, 1)
                is_context = np.bincount(orders[number + 1].context, minlength=len(lower)) > 0
                logs_back = np.where(is_context, np.log10(np.maximum(weights, 1e-99)), 0.0)
            if number == 0:
                logs[begin] = _NEVER
            out.write(f"\n\\{number + 1}-grams:\n")
            for start in range(0, len(logs), _LINES):
                block = slice(start, start + _LINES)
                ids = grams.word[block, None] if number == 0 else tokens[grams.at[block, None] + np.arange(number + 1)]
                out.writelines(_lines(ids, words, logs[block], None if logs_back is None else logs_back[block]))
        out.write("\n\\end\\\n")


def _lines(ids: Numbers, words: Sequence[str], logs: Floats, logs_back: Floats | None) -> Iterator[str]:
    """The lines of n-grams with these words ``ids`` (N, n)."""
    written = (" ".join([words[word] for word in gram]) for gram in ids.tolist())
    if logs_back is None:
        return (f"{log:.6f}\t{text}\n" for log, text in zip(logs.tolist(), written, strict=True))
    rows = zip(logs.tolist(), written, logs_back.tolist(), strict=True)
    return (f"{log:.6f}\t{text}\t{back:.6f}\n" for log, text, back in rows)


def _tokens(texts: Iterable[Ints]) -> tuple[Numbers, Ints]:
    """All words one after the other, and the length of each text."""
    parts = [text.astype(np.int32) for text in texts]
    return np.concatenate(parts), np.array([len(part) for part in parts])


def _distinct(tokens: Numbers, lengths: Ints, size: int, order: int) -> list[_Order]:
    room = np.repeat(np.cumsum(lengths), lengths) - np.arange(len(tokens))  # tokens left in the text
    words = np.arange(size, dtype=np.int32)
    at = np.full(size, -1, dtype=np.int32)
    at[tokens[::-1]] = np.arange(len(tokens), dtype=np.int32)[::-1]
    none = np.zeros(size, dtype=np.int32)
    orders = [_Order(none, words, none, np.bincount(tokens, minlength=size).astype(np.int32), at)]
    numbers = tokens  # of the n-gram that begins at each position
    for length in range(2, order + 1):
        positions = np.flatnonzero(room >= length)
        keys = numbers[positions].astype(np.int64) * size + tokens[positions + length - 1]
        distinct, first, inverse, count = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
        where = positions[first]
        columns = (distinct // size, distinct % size, numbers[where + 1], count, where)
        orders.append(_Order(*(column.astype(np.int32) for column in columns)))
        numbers = np.full(len(tokens), -1, dtype=np.int32)
        numbers[positions] = inverse
    return orders


def _starting(orders: Sequence[_Order], begin: int) -> list[NDArray[np.bool_]]:
    """Which n-grams begin with the begin of a text."""
    begins = [orders[0].word == begin]
    for grams in orders[1:]:
        begins.append(begins[-1][grams.context])
    return begins


def _discounted(counts: NDArray[np.integer[Any]], context: Numbers) -> _Discounted:
    discounts = np.concatenate([[0.0], _discounts(counts)])
    taken = discounts[np.minimum(counts, 3)]
    size = int(context.max()) + 1 if len(context) else 0
    left_over = np.bincount(context, weights=taken, minlength=size).astype(np.float64)
    totals = np.bincount(context, weights=counts, minlength=size).astype(np.float64)
    return _Discounted(counts - taken, left_over, totals)


def _discounts(counts: NDArray[np.integer[Any]]) -> Floats:
    """For counts of 1, 2, 3 and more; half a count where the text is too small to estimate them."""
    n = [int((counts == times).sum()) for times in range(1, 5)]
    if min(n) == 0:
        return np.array([0.5, 0.5, 0.5])
    base = n[0] / (n[0] + 2 * n[1])
    estimates = [times - (times + 1) * base * n[times] / n[times - 1] for times in (1, 2, 3)]
    return np.clip(estimates, 0.0, [1.0, 2.0, 3.0])
