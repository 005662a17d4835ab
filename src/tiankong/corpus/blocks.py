"""A split read from disk block by block, so that a corpus of any size takes little memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from tiankong.corpus.prepared import PREPARED, PreparedCorpus
from tiankong.errors import FolderError
from tiankong.folder import readable_read_errors
from tiankong.text.network_input import Ints

BLOCK_TOKENS = 1 << 16
"""Tokens of a block, about: some 256 KiB that lie together on the disk."""

_TEXTS_AT_ONCE = 2048

_SPARSE = 16
"""Of fewer texts than one of so many, each is read on its own."""


@dataclass(frozen=True)
class Texts:
    """Texts in memory: text ``i`` is ``tokens[offsets[i]:offsets[i + 1]]``, <BEG> and <EOF> included; in its split it
    has the number ``numbers[i]``.
    """

    tokens: NDArray[np.int32]
    offsets: Ints
    numbers: Ints

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, index: int) -> Ints:
        """Lexicon ids of one text."""
        return self.tokens[self.offsets[index] : self.offsets[index + 1]].astype(np.int64)

    @property
    def lengths(self) -> Ints:
        """Tokens of each text (texts,), without <BEG> and <EOF>."""
        return np.diff(self.offsets) - 2

    def only(self, chosen: Ints) -> Texts:
        """The texts with these places."""
        parts = [self.tokens[self.offsets[place] : self.offsets[place + 1]] for place in chosen.tolist()]
        return _gathered(parts, self.numbers[chosen])


@dataclass(frozen=True)
class Renumbering:
    """Moves the ids from ``first`` on, those of words outside the vocabulary, up by ``shift``."""

    first: int
    shift: int

    def of(self, tokens: NDArray[np.int32]) -> NDArray[np.int32]:
        """``tokens`` themselves, renumbered."""
        if self.shift:
            tokens[tokens >= self.first] += self.shift
        return tokens


AS_THEY_ARE = Renumbering(0, 0)


class Blocks:
    """A split in blocks of consecutive texts, which are read one at a time.

    A block has about ``size`` tokens, more if its last text is longer. Where a block begins is looked up when it is
    read, so that nothing is read in advance; files are mapped only meanwhile, so that no page of them stays in memory.
    """

    def __init__(
        self,
        corpus: PreparedCorpus,
        split: str,
        *,
        chosen: Ints | None = None,
        renumbering: Renumbering = AS_THEY_ARE,
        size: int = BLOCK_TOKENS,
    ) -> None:
        """``chosen`` are the numbers of the texts to read, in rising order; ``None`` reads all.

        :raises FolderError: a file is missing or damaged.
        """
        self._size, self._chosen, self._renumbering = size, chosen, renumbering
        self._translated = corpus.translated
        self._files = corpus.shard_files(split)
        shapes = [(len(_mapped(tokens)), len(_mapped(offsets)) - 1) for tokens, offsets in self._files]
        self._first_texts = np.cumsum([0, *(texts for _, texts in shapes)])
        self._first_blocks = np.cumsum([0, *(max(1, -(-tokens // size)) for tokens, _ in shapes)])

    def __len__(self) -> int:
        return int(self._first_blocks[-1])

    def read(self, number: int) -> Texts:
        """The texts of a block; there may be none.

        :raises FolderError: a file was removed or cut short meanwhile.
        """
        shard = int(np.searchsorted(self._first_blocks, number, side="right")) - 1
        tokens, offsets = (_mapped(file) for file in self._files[shard])
        edges = self._size * (number - int(self._first_blocks[shard]) + np.arange(2))
        start, stop = np.searchsorted(offsets[:-1], edges).tolist()
        bounds = np.array(offsets[start : stop + 1], dtype=np.int64)
        numbers = np.arange(start, stop, dtype=np.int64) + self._first_texts[shard]
        if start == stop:
            return _gathered([], numbers)
        stored = np.array(tokens[bounds[0] : bounds[-1]], dtype=np.int32)
        ids = self._renumbering.of(self._translated(stored))
        texts = Texts(ids, bounds - bounds[0], numbers)
        if self._chosen is None:
            return texts
        low, high = np.searchsorted(self._chosen, [numbers[0], numbers[-1] + 1]).tolist()
        return texts.only(self._chosen[low:high] - numbers[0])

    def __iter__(self) -> Iterator[Texts]:
        return (self.read(number) for number in range(len(self)))


def read_texts(
    corpus: PreparedCorpus, split: str, chosen: Ints | None = None, renumbering: Renumbering = AS_THEY_ARE
) -> Texts:
    """The texts of a split with the numbers ``chosen``, in rising order; all of them by default.

    :raises FolderError: a file is missing or damaged.
    """
    if chosen is None:
        return joined(list(Blocks(corpus, split, renumbering=renumbering)))
    if len(chosen) * _SPARSE >= corpus.manifest.splits[split].texts:
        return joined(list(Blocks(corpus, split, chosen=chosen, renumbering=renumbering)))
    return _gathered([renumbering.of(part) for part in _one_by_one(corpus, split, chosen)], chosen)


def each_text(corpus: PreparedCorpus, split: str, chosen: Ints | None = None) -> Iterator[Ints]:
    """Lexicon ids of the texts of a split with the numbers ``chosen``, in rising order; of all of them by default.

    :raises FolderError: a file is missing or damaged.
    """
    if chosen is None:
        for block in Blocks(corpus, split):
            yield from map(block.__getitem__, range(len(block)))
        return
    for start in range(0, len(chosen), _TEXTS_AT_ONCE):
        for text in _one_by_one(corpus, split, chosen[start : start + _TEXTS_AT_ONCE]):
            yield text.astype(np.int64)


def _one_by_one(corpus: PreparedCorpus, split: str, chosen: Ints) -> list[NDArray[np.int32]]:
    """Texts with these numbers, each read on its own."""
    parts: list[NDArray[np.int32]] = []
    first = 0
    for files in corpus.shard_files(split):
        texts = len(_mapped(files[1])) - 1
        low, high = np.searchsorted(chosen, [first, first + texts]).tolist()
        parts += map(corpus.translated, _texts_at(*files, (chosen[low:high] - first).tolist()))
        first += texts
    return parts


def _texts_at(tokens: Path, offsets: Path, places: Sequence[int]) -> list[NDArray[np.int32]]:
    """The texts of a shard with these numbers, each read on its own: a map would have whole pages in memory."""
    with readable_read_errors(tokens), tokens.open("rb") as token_file, offsets.open("rb") as offset_file:
        starts = [_data_start(file) for file in (token_file, offset_file)]
        parts = []
        for place in places:
            offset_file.seek(starts[1] + 8 * place)
            start, stop = np.fromfile(offset_file, dtype=np.int64, count=2).tolist()
            token_file.seek(starts[0] + 4 * start)
            parts.append(np.fromfile(token_file, dtype=np.int32, count=stop - start))
    return parts


def _data_start(file: BinaryIO) -> int:
    """Where the numbers of a ``.npy`` file begin."""
    np.lib.format.read_magic(file)
    np.lib.format.read_array_header_1_0(file)
    return file.tell()


def joined(parts: Sequence[Texts]) -> Texts:
    """All texts of ``parts``, in their order."""
    shifts = np.cumsum([0, *(len(part.tokens) for part in parts)])
    offsets = [part.offsets[:-1] + shift for part, shift in zip(parts, shifts[:-1].tolist(), strict=True)]
    return Texts(
        np.concatenate([np.zeros(0, dtype=np.int32), *(part.tokens for part in parts)]),
        np.concatenate([*offsets, shifts[-1:]]).astype(np.int64),
        np.concatenate([np.zeros(0, dtype=np.int64), *(part.numbers for part in parts)]),
    )


def _gathered(parts: Sequence[NDArray[np.int32]], numbers: Ints) -> Texts:
    offsets = np.cumsum([0, *(len(part) for part in parts)], dtype=np.int64)
    return Texts(np.concatenate([np.zeros(0, dtype=np.int32), *parts]), offsets, numbers)


def _mapped(file: Path) -> NDArray[Any]:
    """A file's array, mapped for as long as the array lives."""
    try:
        mapped: NDArray[Any] = np.load(file, mmap_mode="r")
    except (OSError, ValueError) as error:
        again = f"make it again with `{PREPARED.command}`"
        raise FolderError(f"{file} was removed or changed while it was read ({str(error).lower()}): {again}") from None
    return np.asarray(mapped)
