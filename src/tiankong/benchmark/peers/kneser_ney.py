"""An n-gram model with modified Kneser-Ney smoothing, estimated here and written as an ARPA file for KenLM.

KenLM's own estimator needs the Boost libraries, which package registries don't carry; its query engine builds
everywhere. The estimate is the interpolated one of Chen & Goodman (1998), section 3, with three discounts an order,
unpruned, as KenLM's (Heafield et al. 2013) is by default.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_NEVER = -99.0  # log10 of what can't be predicted: the begin of a sentence


@dataclass(frozen=True)
class _Order:
    """The distinct n-grams of one order, sorted by context, then last word.

    ``context`` numbers the (n-1)-gram without the last word, ``suffix`` the one without the first; ``count`` is how
    often the n-gram occurs; ``at`` is a position in the text where it begins.
    """

    context: Ints
    word: Ints
    suffix: Ints
    count: Ints
    at: Ints


def write_arpa(file: Path, texts: Sequence[Ints], words: Sequence[str], begin: int, order: int) -> None:
    """Estimates from ``texts``, rows of word numbers that start with ``begin`` and stop with the end's number.

    ``words`` are the written forms by number, without spaces; among them ``<s>`` at ``begin`` and ``</s>``.
    Every word but ``begin`` gets a probability, also those that never occur.
    """
    orders = _distinct(texts, len(words), order)
    starts_text = _starting(orders, begin)
    probability: list[Floats] = []
    backoff: list[Floats] = []
    for number, grams in enumerate(orders):
        counts = grams.count
        if number + 1 < order:
            # All but the longest n-grams count the distinct words before them; nothing stands before <s>.
            before = np.bincount(orders[number + 1].suffix, minlength=len(counts))
            counts = np.where(starts_text[number], counts, before)
        if number == 0:
            counts[begin] = 0
        discounted, left_over, totals = _discounted(counts, grams.context)
        if number == 0:
            predicted = len(words) - 1
            lower = np.full(len(words), 1 / predicted)
            lower[begin] = 0.0
        else:
            lower = probability[-1][grams.suffix]
        weight = left_over / np.maximum(totals, 1)
        probability.append(discounted / np.maximum(totals, 1)[grams.context] + weight[grams.context] * lower)
        backoff.append(weight)
    _write(file, orders, words, probability, backoff[1:], begin)


def _distinct(texts: Sequence[Ints], size: int, order: int) -> list[_Order]:
    tokens = np.concatenate(texts)
    ends = np.cumsum([len(text) for text in texts])
    room = np.repeat(ends, [len(text) for text in texts]) - np.arange(len(tokens))  # tokens left in the text
    words = np.arange(size)
    at = np.full(size, -1)
    at[tokens[::-1]] = np.arange(len(tokens))[::-1]
    counts = np.bincount(tokens, minlength=size)
    orders = [_Order(np.zeros(size, dtype=np.int64), words, np.zeros(size, dtype=np.int64), counts, at)]
    numbers = tokens.astype(np.int64)  # of the n-gram that begins at each position
    for length in range(2, order + 1):
        positions = np.flatnonzero(room >= length)
        keys = numbers[positions] * size + tokens[positions + length - 1]
        distinct, first, inverse, count = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
        where = positions[first]
        orders.append(_Order(distinct // size, distinct % size, numbers[where + 1], count, where))
        numbers = np.full(len(tokens), -1)
        numbers[positions] = inverse
    return orders


def _starting(orders: Sequence[_Order], begin: int) -> list[NDArray[np.bool_]]:
    """Which n-grams begin with the begin of a text."""
    begins = [orders[0].word == begin]
    for grams in orders[1:]:
        begins.append(begins[-1][grams.context])
    return begins


def _discounted(counts: Ints, context: Ints) -> tuple[Floats, Floats, Floats]:
    """Counts less their discount; by context the sum of the discounts and of the counts."""
    discounts = np.concatenate([[0.0], _discounts(counts)])
    taken = discounts[np.minimum(counts, 3)]
    size = int(context.max()) + 1 if len(context) else 0
    left_over = np.bincount(context, weights=taken, minlength=size).astype(np.float64)
    totals = np.bincount(context, weights=counts, minlength=size).astype(np.float64)
    return counts - taken, left_over, totals


def _discounts(counts: Ints) -> Floats:
    """For counts of 1, 2, 3 and more; half a count where the text is too small to estimate them."""
    n = [int((counts == times).sum()) for times in range(1, 5)]
    if min(n) == 0:
        return np.array([0.5, 0.5, 0.5])
    base = n[0] / (n[0] + 2 * n[1])
    estimates = [times - (times + 1) * base * n[times] / n[times - 1] for times in (1, 2, 3)]
    return np.clip(estimates, 0.0, [1.0, 2.0, 3.0])


def _write(
    file: Path,
    orders: Sequence[_Order],
    words: Sequence[str],
    probability: Sequence[Floats],
    backoff: Sequence[Floats],
    begin: int,
) -> None:
    with file.open("w", encoding="utf-8", newline="\n") as out:
        out.write("\\data\\\n")
        out.writelines(f"ngram {number}={len(grams.word)}\n" for number, grams in enumerate(orders, start=1))
        written: list[str] = list(words)
        for number, grams in enumerate(orders, start=1):
            if number > 1:
                pairs = zip(grams.context.tolist(), grams.word.tolist(), strict=True)
                written = [f"{written[context]} {words[word]}" for context, word in pairs]
            logs = np.log10(np.maximum(probability[number - 1], 1e-99))
            if number == 1:
                logs[begin] = _NEVER
            out.write(f"\n\\{number}-grams:\n")
            if number == len(orders):
                out.writelines(f"{log:.6f}\t{text}\n" for log, text in zip(logs.tolist(), written, strict=True))
                continue
            # An n-gram that is no context leaves everything to the shorter ones: weight 1, log 0.
            weights = np.ones(len(written))
            weights[: len(backoff[number - 1])] = backoff[number - 1]
            is_context = np.bincount(orders[number].context, minlength=len(written)) > 0
            logs_back = np.where(is_context, np.log10(np.maximum(weights, 1e-99)), 0.0)
            rows = zip(logs.tolist(), written, logs_back.tolist(), strict=True)
            out.writelines(f"{log:.6f}\t{text}\t{back:.6f}\n" for log, text, back in rows)
        out.write("\n\\end\\\n")
