"""The words of a chunk that are not typed in lower case."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class TypedTokens(NamedTuple):
    """Where tokens are typed in another case than they are read: ``places`` (typed,), rising, among all tokens of the
    chunk, and the ``numbers`` (typed,) of their forms among ``forms``.
    """

    places: NDArray[np.int32]
    numbers: NDArray[np.int32]
    forms: list[str]


class TypedPieces:
    """Collects the texts that have capital letters, and finds the pieces with them."""

    def __init__(self) -> None:
        self._texts: list[int] = []
        self._counts: list[int] = []
        self._widths: list[NDArray[np.int64]] = []
        self._normalised: list[str] = []
        self._typed: list[str] = []

    def add(self, number: int, normalised: str, typed: str, pieces: Sequence[str]) -> None:
        """Adds text ``number``, cut into ``pieces`` that leave out white space at most."""
        widths = np.fromiter(map(len, pieces), dtype=np.int64, count=len(pieces))
        end = int(widths.sum())
        if end != len(normalised):
            end = 0
            for place, piece in enumerate(pieces):
                stop = normalised.index(piece, end) + len(piece)
                widths[place] = stop - end
                end = stop
        self._texts.append(number)
        self._counts.append(len(pieces))
        self._widths.append(widths)
        self._normalised.append(normalised[:end])
        self._typed.append(typed[:end])

    def tokens(self, ends: NDArray[np.int64], is_token: NDArray[np.bool_]) -> TypedTokens:
        """The tokens with capital letters. ``ends`` (texts + 1,) are the numbers of pieces before each text of the
        chunk, ``is_token`` (pieces,) says which are tokens.
        """
        if not self._texts:
            return TypedTokens(np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int32), [])
        typed = "".join(self._typed)
        differs = np.flatnonzero(_codes("".join(self._normalised)) != _codes(typed))
        stops = np.cumsum(np.concatenate(self._widths))
        within = np.searchsorted(stops, differs, side="right")
        within = within[np.diff(within, prepend=-1) > 0]  # each piece once
        firsts = ends[self._texts]  # the number of the first piece of each text
        before = np.cumsum([0, *self._counts])
        shift = np.repeat(firsts - before[:-1], self._counts)
        pieces = within + shift[within]
        within, pieces = within[is_token[pieces]], pieces[is_token[pieces]]
        starts = np.concatenate([[0], stops])
        number_of: dict[str, int] = {}
        edges = zip(starts[within].tolist(), stops[within].tolist(), strict=True)
        numbers = [number_of.setdefault(typed[start:stop].strip(), len(number_of)) for start, stop in edges]
        places = np.cumsum(is_token)[pieces] - 1
        return TypedTokens(places.astype(np.int32), np.array(numbers, dtype=np.int32), list(number_of))


def _codes(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)
