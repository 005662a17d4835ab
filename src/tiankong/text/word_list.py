"""Very many words in little memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload

import numpy as np

_TAB, _LINE_FEED = b"\t\n"
_BLOCK = 1 << 16


class WordList(Sequence[str]):
    """The words of a table, kept as the bytes of its file: a twentieth of what Python's strings take."""

    def __init__(self, table: bytes, name: str) -> None:
        """``table`` has lines ``word<TAB>count`` in UTF-8; ``name`` is what it is called.

        :raises ValueError: a line is not of that form.
        """
        codes = np.frombuffer(table, dtype=np.uint8)
        ends = np.flatnonzero(codes == _LINE_FEED)
        tabs = np.flatnonzero(codes == _TAB)
        starts = np.concatenate([[0], ends[:-1] + 1]) if len(ends) else ends
        whole = len(ends) == len(tabs) and (not len(codes) or bool(codes[-1] == _LINE_FEED))
        if not whole or bool((tabs <= starts).any()) or bool((tabs >= ends - 1).any()):
            raise ValueError(f"a line of {name} is not a word, a tab and a count")
        self._table = table
        kind = np.int32 if len(table) < 1 << 31 else np.int64
        self._starts, self._ends = starts.astype(kind), tabs.astype(kind)

    def __len__(self) -> int:
        return len(self._starts)

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> list[str]: ...

    def __getitem__(self, index: int | slice) -> str | list[str]:
        """A word, or a list of words."""
        if isinstance(index, slice):
            edges = zip(self._starts[index].tolist(), self._ends[index].tolist(), strict=True)
            return [self._table[start:end].decode() for start, end in edges]
        return self._table[int(self._starts[index]) : int(self._ends[index])].decode()

    def __iter__(self) -> Iterator[str]:
        for first in range(0, len(self), _BLOCK):
            yield from self[first : first + _BLOCK]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and len(self) == len(other) and all(map(str.__eq__, self, other))

    __hash__ = None  # type: ignore[assignment]

    def __radd__(self, words: list[str]) -> list[str]:
        """``words``, and these as strings behind them."""
        return [*words, *self]
