"""What training makes of word codes, through the command line."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.conftest import TINY_CLOZE, succeed
from tiankong.artifact.model_folder import open_model
from tiankong.cli.main import run
from tiankong.config import STEADY_WORDS
from tiankong.corpus import word_codes
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.errors import FolderError
from tiankong.text.vocabulary import SPECIAL_TOKENS

FIRST = len(SPECIAL_TOKENS)
QUICKLY = ("--learning-rate", 0.05)  # so that a few steps turn bits


def codes_of(folder):
    model = open_model(folder)
    return np.unpackbits(model.codes, axis=1, count=model.manifest.code_bits)


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
            "--learn-codes needs --code-loss words or both, not bits: give --no-learn-codes",
        ),
        ("--head hybrid --code-loss bits", "--code-loss is for --head codes, not hybrid: leave it out"),
        ("--code-loss words", "--code-loss is for --head codes, not softmax: leave it out"),
        ("--no-learn-codes", "--no-learn-codes is for --head codes or hybrid, not softmax: leave it out"),
        ("--word-vectors 500", "--word-vectors needs --head codes or hybrid: softmax has a vector for every word"),
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


@pytest.fixture
def plain(corpus_file, tmp_path):
    """A corpus prepared without codes."""
    succeed("prepare", corpus_file, "-o", tmp_path / "plain", "--minimum-count", 2, "--quiet")
    return tmp_path / "plain"


def fixed(prepared, output, *options):
    """The codes of a model that does not change them."""
    head = ("--head", "codes", "--no-learn-codes", "--code-loss", "bits")
    succeed("train", prepared, "-o", output, *TINY_CLOZE, "--epochs", 1, *head, *options)
    return codes_of(output)


@pytest.mark.trains
def test_training_makes_the_codes_it_needs_and_keeps_them(plain, prepared, tmp_path, monkeypatch, capfd):
    files = sorted(path.name for path in plain.iterdir())
    assert PreparedCorpus(plain).manifest.codes is None
    codes = fixed(plain, tmp_path / "first", "--code-bits", 50)
    np.testing.assert_array_equal(codes, PreparedCorpus(prepared).codes)  # those that prepare makes
    assert sorted(path.name for path in plain.iterdir()) == files
    assert (tmp_path / "plain.codes-50").is_dir()
    monkeypatch.setattr(word_codes, "word_vectors", None)  # so that none can be made
    np.testing.assert_array_equal(fixed(plain, tmp_path / "second", "--code-bits", 50), codes)
    np.testing.assert_array_equal(fixed(prepared, tmp_path / "third"), codes)
    assert "training word vectors" not in capfd.readouterr().err


@pytest.mark.trains
def test_codes_of_another_corpus_or_damaged_ones_are_made_again(plain, corpus_file, tmp_path):
    kept = tmp_path / "plain.codes-50"
    codes = word_codes.word_codes(PreparedCorpus(plain), 50)
    table = (kept / "codes.safetensors").read_bytes()
    (kept / "codes.safetensors").write_bytes(table[:-1])
    np.testing.assert_array_equal(word_codes.word_codes(PreparedCorpus(plain), 50), codes)
    assert (kept / "codes.safetensors").read_bytes() == table
    succeed("prepare", corpus_file, "-o", plain, "--minimum-count", 3, "--seed", 2, "--quiet", "--force")
    others = word_codes.word_codes(PreparedCorpus(plain), 50)
    assert others.shape != codes.shape or (others != codes).any()
    with pytest.raises(FolderError, match="training with a head that needs them makes them"):
        _ = PreparedCorpus(plain).codes


@pytest.mark.trains
def test_without_a_number_codes_have_a_hundred_bits(plain, tmp_path, capfd):
    options = [option for option in TINY_CLOZE if option != "--quiet"]
    succeed(
        "train", plain, "-o", tmp_path / "model", *options, "--epochs", 1, "--head", "hybrid", "--frequent-words", 40
    )
    assert "training word vectors for 100-bit codes" in capfd.readouterr().err
    assert open_model(tmp_path / "model").manifest.code_bits == 100


def test_bits_are_for_heads_with_codes(plain, capfd):
    assert run(["train", str(plain), "-o", "model", "--code-bits", "60"]) == 2
    assert "--code-bits is for --head codes or hybrid, not softmax" in capfd.readouterr().err
