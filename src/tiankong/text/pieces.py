"""Texts that are read whole: in pieces if they are long, each between two blanks if all of it is to be judged.

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
"""Tokens of a text that are read at once."""


def piece_edges(start: int, stop: int, longest: int = LONGEST_PIECE) -> list[int]:
    """Where the pieces of the tokens ``start`` to ``stop`` begin and end: as few as have ``longest`` at most."""
    pieces = -(-(stop - start) // longest)
    if pieces <= 1:
        return [start, stop]
    edges: list[int] = np.linspace(start, stop, pieces + 1).round().astype(int).tolist()
    return edges


def between_blanks(words: Ints) -> Window:
    """The window of a piece's ``words``, ids without <BEG> and <EOF>, asked about a blank on either side of it."""
    ids = np.concatenate([[BEGIN, BLANK], words, [BLANK, END]])
    return Window(ids, 1, len(ids) - 1, np.array([1, len(ids) - 2]))
