"""Which states meet at a prediction: the one before it from the left, the one after it from the right."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.networks import CHARACTERS, FIRST, LAST, LEXICON, build, text_ids, whole
from tiankong.network.context import tensors
from tiankong.text.network_input import Window, network_input
from tiankong.text.vocabulary import BEGIN, END

WORD = st.integers(FIRST, LAST - 1)


@settings(deadline=None)
@given(words=st.lists(WORD, min_size=1, max_size=15), data=st.data())
def test_forward_and_backward_positions(words, data):
    ids = text_ids(words)
    place = data.draw(st.integers(1, len(words)))
    batch = network_input([Window(ids, 1, len(ids) - 1, np.array([place]))], LEXICON)
    forms = {number: tuple(row) for number, row in enumerate(batch.character_ids)}
    left = batch.forward_words.ravel()[: int(batch.forward_index[0]) + 1]
    right = batch.backward_words.ravel()[: int(batch.backward_index[0]) + 1]

    def expected(part):
        rows = LEXICON.character_ids[part][:, : batch.character_ids.shape[1]]
        return [(int(LEXICON.word_ids[number]), tuple(row)) for number, row in zip(part, rows, strict=True)]

    assert [(int(batch.word_ids[row]), forms[row]) for row in left] == expected(ids[:place])
    assert [(int(batch.word_ids[row]), forms[row]) for row in right] == expected(ids[:place:-1])
    # One blank costs one pass over its left and one over its right context, and nothing more.
    assert batch.forward_words.size == place
    assert batch.backward_words.size == len(ids) - place - 1


def test_a_window_reads_its_real_neighbours():
    words = [FIRST + number for number in range(8)]
    ids = text_ids(words)
    network = build()
    with torch.no_grad():
        full = network(*tensors(network_input([whole(ids)], LEXICON)))
        piece = network(*tensors(network_input([Window(ids, 3, 6, np.array([3, 4, 5]))], LEXICON)))
    assert piece.shape == (3, full.shape[1])
    assert batch_words(Window(ids, 3, 6, np.array([3, 4, 5]))) == ([ids[2], ids[3], ids[4]], [ids[6], ids[5], ids[4]])


def batch_words(window):
    batch = network_input([window], LEXICON)
    return tuple(batch.word_ids[row].ravel().tolist() for row in (batch.forward_words, batch.backward_words))


def test_the_ends_are_marked():
    assert batch_words(whole(text_ids([FIRST]))) == ([BEGIN], [END])


def test_unknown_words_are_read_by_their_characters():
    first, second = FIRST + len(LEXICON.word_ids), FIRST + len(LEXICON.word_ids) + 1
    others = CHARACTERS.ids(["衣快", "质流"])
    network = build()

    def score(word, table):
        ids = text_ids([FIRST, word - FIRST, FIRST + 1])
        batch = network_input([whole(ids)], LEXICON, table)
        with torch.no_grad():
            return network(*tensors(batch))[0]

    assert not torch.equal(score(first, others), score(second, others))
    assert torch.equal(score(first, others), score(second, others[::-1]))
