"""What training makes of word codes, through the command line."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.conftest import TINY_CLOZE, succeed
from tiankong.artifact.model_folder import open_model
from tiankong.cli.main import run
from tiankong.config import STEADY_WORDS
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.text.vocabulary import SPECIAL_TOKENS

FIRST = len(SPECIAL_TOKENS)
QUICKLY = ("--learning-rate", 0.05)  # so that a few steps turn bits


def codes_of(folder):
    model = open_model(folder)
    return np.unpackbits(model.codes, axis=1, count=model.manifest.prepare.code_bits)


@pytest.mark.trains
def test_learned_codes_differ_from_the_given_and_from_each_other(prepared, tmp_path, capfd):
    aloud = [option for option in TINY_CLOZE if option != "--quiet"]
    succeed("train", prepared, "-o", tmp_path / "model", *aloud, *QUICKLY, "--head", "codes")
    given, learned = PreparedCorpus(prepared).codes, codes_of(tmp_path / "model")
    assert 0 < (given != learned)[FIRST:].mean() < 0.5
    assert not (given != learned)[: FIRST + STEADY_WORDS].any()
    assert len(np.unique(learned[FIRST:], axis=0)) == len(learned) - FIRST
    turned = (given != learned)[FIRST:]
    stated = json.loads((tmp_path / "model" / "metrics.json").read_text(encoding="utf-8"))["learned_codes"]
    assert stated == {
        "words": len(turned),
        "words_changed": int(turned.any(axis=1).sum()),
        "bits_turned": pytest.approx(turned.mean()),
    }
    sentence = f"codes: {stated['words_changed']:,} of {stated['words']:,} words have learned another code, "
    assert sentence in capfd.readouterr().err


@pytest.mark.trains
def test_only_coded_words_with_a_vector_of_their_own_get_other_codes(prepared, tmp_path):
    sizes = ["--head", "hybrid", "--frequent-words", 40, "--word-vectors", 60]
    succeed("train", prepared, "-o", tmp_path / "model", *TINY_CLOZE, *QUICKLY, *sizes)
    shape = open_model(tmp_path / "model").manifest.model
    changed = (PreparedCorpus(prepared).codes != codes_of(tmp_path / "model")).any(axis=1)
    assert not changed[: FIRST + STEADY_WORDS].any()
    assert changed[FIRST + STEADY_WORDS : FIRST + shape.word_vectors].any()
    assert not changed[FIRST + shape.word_vectors :].any()


@pytest.mark.trains
def test_without_learning_the_codes_stay_as_they_were_made(prepared, tmp_path):
    options = ["--head", "codes", "--no-learn-codes", "--code-loss", "bits"]
    succeed("train", prepared, "-o", tmp_path / "model", *TINY_CLOZE, *options)
    np.testing.assert_array_equal(PreparedCorpus(prepared).codes, codes_of(tmp_path / "model"))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            "--head codes --code-loss bits",
            "learn_codes needs code_loss words or both, not bits: give --no-learn-codes",
        ),
        ("--head hybrid --code-loss bits", "--code-loss is for --head codes, not hybrid: leave it out"),
        ("--code-loss words", "--code-loss is for --head codes, not softmax: leave it out"),
        ("--no-learn-codes", "--no-learn-codes is for --head codes or hybrid, not softmax: leave it out"),
        ("--word-vectors 500", "word_vectors needs head codes or hybrid: softmax has a vector for every word"),
        ("--head codes --frequent-words 50", "--frequent-words is for --head hybrid, not codes: leave it out"),
        ("--head codes --output-characters", "--output-characters is for --head softmax, not codes: leave it out"),
        ("--character-size 0 --drop-word 0.1", "--drop-word does nothing without a --character-size above 0"),
        ("--character-size 0 --no-output-characters", "--no-output-characters does nothing without a --character-size"),
        ("--attention-size 0 --attention-heads 2", "--attention-heads does nothing without an --attention-size above"),
        ("--negatives 0 --negative-power 0.5", "--negative-power does nothing without --negatives above 0"),
        ("--optimiser adam --weight-decay 0.1", "--weight-decay does nothing without --optimiser adamw: leave it out"),
        (
            "--head codes --code-loss bits --no-learn-codes --negatives 5",
            "--negatives does nothing without --code-loss words or both: leave it out, or give that too",
        ),
    ],
)
def test_options_that_would_do_nothing_are_refused(prepared, tmp_path, capfd, options, words):
    assert run(["train", str(prepared), "-o", str(tmp_path / "model"), *options.split()]) == 2
    assert words in capfd.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.trains
def test_a_preset_may_hold_settings_of_another_head(prepared, tmp_path):
    succeed("train", prepared, "-o", tmp_path / "model", *TINY_CLOZE, "--preset", "tutorial", "--head", "softmax")
    shape = open_model(tmp_path / "model").manifest.model
    assert (shape.head, shape.decoding) == ("softmax", "likelihood")
