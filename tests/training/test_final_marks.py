"""Texts that are read without their final punctuation mark."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tiankong.config import TrainingConfig
from tiankong.corpus.blocks import Texts, joined
from tiankong.corpus.mix import CorpusMix
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.text.pieces import sentence_ends
from tiankong.training.cloze.final_marks import without_final_marks
from tiankong.training.cloze.trainer import training_data

BEGIN, END = 2, 3
MARKS = np.array([10, 11])
OTHERS = (20, 21, 22)

written = st.lists(st.lists(st.sampled_from([*MARKS.tolist(), *OTHERS]), max_size=6), max_size=30)


def texts_of(words, first=0):
    parts = [
        Texts(np.array([BEGIN, *text, END], dtype=np.int32), np.array([0, len(text) + 2]), np.array([number]))
        for number, text in enumerate(words, first)
    ]
    return joined(parts)


def words_of(texts):
    return [texts[number][1:-1].tolist() for number in range(len(texts))]


@given(written)
def test_of_all_texts_only_the_final_marks_are_left_out(words):
    left = without_final_marks(texts_of(words), MARKS, 1.0, seed=1)
    for text, shorter in zip(words, words_of(left), strict=True):
        assert shorter == text[: len(shorter)]
        assert set(text[len(shorter) :]) <= set(MARKS.tolist())
        assert not text or (shorter and (len(shorter) == 1 or shorter[-1] not in MARKS))
    assert left.numbers.tolist() == list(range(len(words)))
    assert all(text[0] == BEGIN and text[-1] == END for text in map(left.__getitem__, range(len(left))))


@given(written, st.integers(0, 5), st.floats(0, 1))
def test_the_number_of_a_text_and_the_seed_decide_and_not_what_is_read_with_it(words, seed, share):
    together = words_of(without_final_marks(texts_of(words), MARKS, share, seed))
    alone = [words_of(without_final_marks(texts_of([text], n), MARKS, share, seed))[0] for n, text in enumerate(words)]
    assert together == alone


@pytest.mark.parametrize("share", [0.0, 0.2, 0.7])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_share_is_kept(share, seed):
    left = without_final_marks(texts_of([[20, 10]] * 5000), MARKS, share, seed)
    assert sum(len(text) == 1 for text in words_of(left)) / 5000 == pytest.approx(share, abs=0.02)


def test_texts_that_measure_a_model_stay_whole(prepared):
    corpus = PreparedCorpus(prepared)
    ends = torch.from_numpy(sentence_ends(corpus.vocabulary))

    def share_with_mark(source):
        """Of texts: what is read backwards begins with <EOF> and the mark."""
        last = torch.cat([inputs[0][inputs[3][:, 1]] for inputs, _, _ in source])
        return float(torch.isin(last, ends).float().mean())

    trained, shares = {}, {}
    for drop_final in (0.0, 1.0):
        batches, measured = training_data(CorpusMix([corpus]), TrainingConfig(threads=1, drop_final=drop_final))
        trained[drop_final] = share_with_mark(batches.epoch(0))
        shares[drop_final] = [share_with_mark(source.in_order()) for source in measured]
    assert shares[0.0] == shares[1.0]
    assert min(shares[0.0]) > 0.2
    assert trained[0.0] > 0.2
    assert trained[1.0] == 0.0
