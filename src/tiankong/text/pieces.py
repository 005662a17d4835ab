"""Splits long texts into pieces, and puts a piece between two blanks, whose states have read all of it.

::

    <BEG> <BLANK>  w1  w2  w3  <BLANK> <EOF>
    forward          ->  ->  ->  the second blank's forward state has read it all
            <-  <-  <-           and so has the first one's backward state

To predict words of a long text, each piece is read with the pieces around it::

    piece 1 | piece 2 | piece 3 | piece 4 | piece 5 | piece 6
             [ context           targets   context ]
"""

from __future__ import annotations

import numpy as np

from tiankong.text.network_input import Ints, Window
from tiankong.text.vocabulary import BEGIN, BLANK, END, Vocabulary

LONGEST_PIECE = 192
"""The most tokens of a text that are read at once to classify it."""

LONGEST_WHOLE = 4096
"""The most tokens of a text that is read whole to predict its words."""

MOST_TARGETS = 256
"""The most tokens of a piece of a longer text."""

PIECES_AROUND = 2
"""Pieces on each side of a target's own that are read as its context: together at least :data:`MOST_TARGETS` tokens."""

_SENTENCE_ENDS = "。！？!?.…"


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


def sentence_ends(vocabulary: Vocabulary) -> Ints:
    """The ids of the tokens that end a sentence: those of full stops, question and exclamation marks alone."""
    return np.array([number for number, word in enumerate(vocabulary.words) if not word.strip(_SENTENCE_ENDS)])


def windows_in_pieces(ids: Ints, targets: Ints, ends: Ints) -> list[Window]:
    """What is read of a long text (``ids`` with <BEG> and <EOF>) to predict its ``targets``, which are in order: each
    piece that has targets, and :data:`PIECES_AROUND` pieces on each side of it.

    A piece ends after the last of the ids ``ends`` in its second half, if there is one.
    """
    edges = _edges_at_sentences(ids, ends)
    piece_of = np.searchsorted(edges, targets, side="right") - 1
    windows = []
    for group in np.split(np.arange(len(targets)), 1 + np.flatnonzero(np.diff(piece_of))) if len(targets) else []:
        piece = int(piece_of[group[0]])
        start = edges[max(0, piece - PIECES_AROUND)]
        stop = edges[min(len(edges) - 1, piece + 1 + PIECES_AROUND)]
        windows.append(Window(ids, start, stop, targets[group]))
    return windows


def _edges_at_sentences(ids: Ints, ends: Ints) -> list[int]:
    """Edges of pieces of at most :data:`MOST_TARGETS` tokens, and of more than half as many but for the last."""
    edges, last = [1], len(ids) - 1
    after_sentences = 1 + np.flatnonzero(np.isin(ids, ends))
    while last - edges[-1] > MOST_TARGETS:
        latest = edges[-1] + MOST_TARGETS
        before = int(np.searchsorted(after_sentences, latest, side="right"))
        edge = int(after_sentences[before - 1]) if before else 0
        edges.append(edge if edge > edges[-1] + MOST_TARGETS // 2 else latest)
    return [*edges, last]
