"""Pieces of long texts: every target once, with enough context on both sides."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tiankong.model import load
from tiankong.text.pieces import LONGEST_WHOLE, MOST_TARGETS, PIECES_AROUND, sentence_ends, windows_in_pieces
from tiankong.text.vocabulary import BEGIN, END

STOP, WORD = 4, 5


@st.composite
def texts(draw):
    """Ids of a long text with full stops here and there, and the places to predict."""
    length = draw(st.integers(LONGEST_WHOLE + 1, 3 * LONGEST_WHOLE))
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    stops = generator.random(length) < draw(st.sampled_from([0.0, 0.001, 0.01, 0.1, 1.0]))
    targets = 1 + np.flatnonzero(generator.random(length) < draw(st.sampled_from([0.0, 0.001, 0.5, 1.0])))
    return np.concatenate([[BEGIN], np.where(stops, STOP, WORD), [END]]), targets


@given(texts())
def test_every_target_is_read_once_with_its_context(text):
    ids, targets = text
    windows = windows_in_pieces(ids, targets, np.array([STOP]))
    assert [target for window in windows for target in window.targets.tolist()] == targets.tolist()
    last = len(ids) - 1
    for window in windows:
        assert window.ids is ids
        assert 1 <= len(window.targets) <= MOST_TARGETS
        assert window.stop - window.start <= (2 * PIECES_AROUND + 1) * MOST_TARGETS
        assert window.start == 1 or window.targets[0] - window.start >= MOST_TARGETS
        assert window.stop == last or window.stop - 1 - window.targets[-1] >= MOST_TARGETS


def test_a_piece_ends_with_a_sentence_where_it_can():
    ids = np.full(LONGEST_WHOLE * 2, WORD)
    ids[100::100] = STOP
    for window in windows_in_pieces(ids, np.arange(1, len(ids) - 1), np.array([STOP])):
        assert window.start == 1 or ids[window.start - 1] == STOP
        assert window.stop == len(ids) - 1 or ids[window.stop - 1] == STOP
        assert window.targets[0] == 1 or ids[window.targets[0] - 1] == STOP


def test_a_cut_out_window_reads_the_same():
    ids = np.arange(2 * LONGEST_WHOLE)
    (window,) = windows_in_pieces(ids, np.array([LONGEST_WHOLE]), np.zeros(0, dtype=np.int64))
    alone = window.cut_out()
    assert alone.ids[alone.targets].tolist() == [LONGEST_WHOLE]
    np.testing.assert_array_equal(alone.ids, ids[window.start - 1 : window.stop + 1])
    np.testing.assert_array_equal(alone.ids[alone.start : alone.stop], ids[window.start : window.stop])


def test_the_marks_that_end_a_sentence():
    vocabulary = load(threads=1).folder.vocabulary
    ends = {vocabulary.words[number] for number in sentence_ends(vocabulary)}
    assert {"。", "!", "?"} <= ends
    assert not any(any(map(str.isalnum, word)) for word in ends)
    assert "，" not in ends
