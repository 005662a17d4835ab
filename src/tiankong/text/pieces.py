"""Splits long texts into pieces, and puts a piece between two blanks, whose states have read all of it.

::

    <BEG> <BLANK>  w1  w2  w3  <BLANK> <EOF>
    forward          ->  ->  ->  the second blank's forward state has read it all
            <-  <-  <-           and so has the first one's backward state
"""

from __future__ import annotations

import numpy as np

from tiankong.text.network_input import Ints, Window
from tiankong.text.vocabulary import BEGIN, BLANK, END

LONGEST_PIECE = 192
"""The most tokens of a text that are read at once."""


def piece_edges(start: int, stop: int, longest: int = LONGEST_PIECE) -> list[int]:
    """Edges of the fewest pieces of the tokens ``start`` to ``stop`` with at most ``longest`` tokens each."""
    pieces = -(-(stop - start) // longest)
    if pieces <= 1:
        return [start, stop]
    edges: list[int] = np.linspace(start, stop, pieces + 1).round().astype(int).tolist()
    return edges


def between_blanks(words: Ints) -> Window:
    """The window of a piece's ``words`` (ids without <BEG> and <EOF>) that predicts a blank on either side of it."""
    ids = np.concatenate([[BEGIN, BLANK], words, [BLANK, END]])
    return Window(ids, 1, len(ids) - 1, np.array([1, len(ids) - 2]))
