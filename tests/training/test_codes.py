"""What training makes of word codes, through the command line."""

from __future__ import annotations

import numpy as np
import pytest

from tests.conftest import TINY_CLOZE, succeed
from tiankong.artifact.model_folder import open_model
from tiankong.cli.main import run
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.text.vocabulary import SPECIAL_TOKENS

FIRST = len(SPECIAL_TOKENS)
QUICKLY = ("--learning-rate", 0.05)  # so that a few steps turn bits


def codes_of(folder):
    model = open_model(folder)
    return np.unpackbits(model.codes, axis=1, count=model.manifest.prepare.code_bits)


def test_learned_codes_differ_from_the_given_and_from_each_other(prepared, tmp_path):
    succeed("train", prepared, "-o", tmp_path / "model", *TINY_CLOZE, *QUICKLY, "--head", "codes")
    given, learned = PreparedCorpus(prepared).codes, codes_of(tmp_path / "model")
    assert 0 < (given != learned)[FIRST:].mean() < 0.5
    assert not (given != learned)[: FIRST + 50].any()  # the most frequent words keep theirs
    assert len(np.unique(learned[FIRST:], axis=0)) == len(learned) - FIRST


def test_only_coded_words_with_a_vector_of_their_own_get_other_codes(prepared, tmp_path):
    sizes = ["--head", "hybrid", "--frequent-words", 40, "--word-vectors", 60]
    succeed("train", prepared, "-o", tmp_path / "model", *TINY_CLOZE, *QUICKLY, *sizes)
    shape = open_model(tmp_path / "model").manifest.model
    changed = (PreparedCorpus(prepared).codes != codes_of(tmp_path / "model")).any(axis=1)
    assert not changed[: FIRST + 50].any()
    assert changed[FIRST + 50 : FIRST + shape.word_vectors].any()
    assert not changed[FIRST + shape.word_vectors :].any()


def test_without_learning_the_codes_stay_as_they_were_made(prepared, tmp_path):
    options = ["--head", "codes", "--no-learn-codes", "--code-loss", "bits"]
    succeed("train", prepared, "-o", tmp_path / "model", *TINY_CLOZE, *options)
    np.testing.assert_array_equal(PreparedCorpus(prepared).codes, codes_of(tmp_path / "model"))


@pytest.mark.parametrize("head", ["codes", "hybrid"])
def test_bits_alone_can_not_be_learned(prepared, tmp_path, capfd, head):
    options = ["--head", head, "--code-loss", "bits"]
    assert run(["train", str(prepared), "-o", str(tmp_path / "model"), *options]) == 2
    assert "learn_codes needs code_loss words or both, not bits: give --no-learn-codes" in capfd.readouterr().err
    assert not list(tmp_path.iterdir())
