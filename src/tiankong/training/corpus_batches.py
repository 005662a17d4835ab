"""The splits of corpora as batches: in memory where they fit, else as a stream."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Generic, TypeVar

from tiankong.config import TrainingConfig
from tiankong.corpus.blocks import BLOCK_TOKENS, Blocks, Texts, joined, read_texts
from tiankong.corpus.mix import MixPart
from tiankong.text.network_input import Ints
from tiankong.training.batches import Batches, ByLength, MakeItems, Streamed
from tiankong.training.stream import Capacity, TextStream

B = TypeVar("B")

_BLOCKS_OF_A_MIX = 64
"""The fewest blocks of an epoch in which corpora are mixed."""


def training_batches(
    parts: Sequence[MixPart],
    make: MakeItems[B],
    config: TrainingConfig,
    capacity: Capacity,
    chosen: Ints | None = None,
) -> Batches[B]:
    """The batches of the training splits, or of their texts ``chosen``.

    One corpus that fits is in memory whole; larger ones, and several, are streams.

    :raises FolderError: a corpus is damaged.
    """
    if chosen is not None and len(chosen) == parts[0].corpus.manifest.splits["train"].texts:
        chosen = None
    tokens = sum(_tokens(part, "train", chosen) for part in parts)
    texts = sum(part.corpus.manifest.splits["train"].texts if chosen is None else len(chosen) for part in parts)
    if len(parts) == 1 and capacity.holds(tokens + 2 * texts, texts):
        return ByLength(make(read_texts(parts[0].corpus, "train", chosen)), config)
    block = BLOCK_TOKENS
    if len(parts) > 1:  # of small ones no window need hold more than an epoch
        all_tokens = tokens + 2 * texts
        capacity = Capacity(min(capacity.tokens, all_tokens), capacity.items, capacity.longest)
        block = min(block, max(1, all_tokens // _BLOCKS_OF_A_MIX))
    splits = [Blocks(part.corpus, "train", chosen=chosen, renumbering=part.renumbering, size=block) for part in parts]
    stream = TextStream(splits, [part.share for part in parts], config.seed, capacity)
    return Streamed(stream, make, config, tokens)


class MeasuredBatches(Generic[B]):
    """Texts of a split to measure: the same batches each time, in memory if they fit."""

    def __init__(
        self,
        part: MixPart,
        split: str,
        make: MakeItems[B],
        config: TrainingConfig,
        capacity: Capacity,
        chosen: Ints | None,
    ) -> None:
        """``chosen`` are the numbers of the texts, in rising order; ``None`` measures all.

        :raises FolderError: the corpus is damaged.
        """
        self._part, self._split, self._make, self._config = part, split, make, config
        self._capacity, self._chosen = capacity, chosen
        tokens = _tokens(part, split, chosen)
        texts = part.corpus.manifest.splits[split].texts if chosen is None else len(chosen)
        self._in_memory: ByLength[B] | None = None
        if capacity.holds(tokens + 2 * texts, texts):
            all_texts = read_texts(part.corpus, split, chosen, part.renumbering)
            self._in_memory = ByLength(make(all_texts), config)

    def in_order(self) -> Iterator[B]:
        """Every batch once, by length within what fits in memory."""
        windows = self._windows() if self._in_memory is None else iter([self._in_memory])
        for window in windows:
            yield from window.in_order()

    def __iter__(self) -> Iterator[B]:
        return self.in_order()

    def _windows(self) -> Iterator[ByLength[B]]:
        for texts in self._texts():
            yield ByLength(self._make(texts), self._config)

    def _texts(self) -> Iterator[Texts]:
        part = self._part
        if self._chosen is None:
            blocks: Iterable[Texts] = Blocks(part.corpus, self._split, renumbering=part.renumbering)
            yield from _windows_of(blocks, self._capacity)
            return
        counts = part.corpus.manifest.splits[self._split]
        by_text = 2 + counts.tokens / max(1, counts.texts)
        count = int(max(1, min(self._capacity.items, self._capacity.tokens / by_text)))
        for start in range(0, len(self._chosen), count):
            yield read_texts(part.corpus, self._split, self._chosen[start : start + count], part.renumbering)


def _tokens(part: MixPart, split: str, chosen: Ints | None) -> int:
    """Tokens of a split, or about those of the texts ``chosen``."""
    counts = part.corpus.manifest.splits[split]
    return counts.tokens if chosen is None else round(counts.tokens * len(chosen) / max(1, counts.texts))


def _windows_of(blocks: Iterable[Texts], capacity: Capacity) -> Iterator[Texts]:
    """Blocks in their order, as many together as fit in memory."""
    held: list[Texts] = []
    for block in blocks:
        held.append(block)
        tokens, texts = sum(len(part.tokens) for part in held), sum(map(len, held))
        if not capacity.holds(tokens, texts):
            yield joined(held)
            held = []
    if held:
        yield joined(held)
