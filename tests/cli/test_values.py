"""Values out of range or of another type, and where they come from."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import tiankong
from tests.conftest import TINY
from tiankong.cli.main import run
from tiankong.errors import OptionError, SentenceError

PROGRAM = str(Path(sys.executable).with_name("tiankong"))


def test_the_model_may_stand_in_the_environment(model_folder):
    environment = {**os.environ, "TIANKONG_MODEL": str(model_folder)}
    program = [PROGRAM, "fill", "-k", "2", "物流__"]
    done = subprocess.run(program, env=environment, capture_output=True, text=True, encoding="utf-8", check=False)
    assert len(done.stdout.splitlines()) == 2, done.stderr


@pytest.mark.parametrize(
    ("command", "option", "value"),
    [
        ("prepare", "--seed", "-1"),
        ("prepare", "--seed", str(2**32)),
        ("prepare", "--split", "nan/20/20"),
        ("prepare", "--split", "inf/20/20"),
        ("prepare", "--split", "60/0/40"),
        ("prepare", "--code-bits", "49"),
        ("train", "--seed", "-1"),
        ("train", "--threads", "100000"),
        ("train", "--learning-rate", "nan"),
        ("train", "--input-dropout", "1"),
        ("train", "--window", "5000"),
        ("train", "--decoding", "distance"),
    ],
)
def test_numbers_out_of_range(refused, corpus_file, prepared, command, option, value):
    source = corpus_file if command == "prepare" else prepared
    arguments = [command, source, "-o", "out", *(TINY if command == "train" else []), option, value]
    assert option in refused(*arguments)


@pytest.mark.parametrize("top_k", ["5", None, 1.5, 0])
def test_top_k_of_another_type(model_folder, top_k):
    with pytest.raises(OptionError, match="`top_k` must be a whole number"):
        tiankong.load(model_folder).fill("物流__", top_k=top_k)


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        (None, "a sentence or a list of sentences, not NoneType"),
        (b"__", "not bytes"),
        ([["__"]], "sentence 1: a sentence must be a string, not list"),
        (["物流__", "物流"], "sentence 2: the sentence has no blank"),
    ],
)
def test_sentences_of_another_type(model_folder, sentence, words):
    with pytest.raises(SentenceError, match=words):
        tiankong.load(model_folder).fill(sentence)


def test_a_preset_without_a_bottom(refused, tmp_path):
    (tmp_path / "deep.toml").write_text("a=" + "[" * 20_000)
    assert "too deep" in refused("train", "nowhere", "-o", "model", "--preset", "deep.toml")


def test_phrases_alone_are_not_filled_together_and_nothing_is_said_of_it(model_folder, capfd):
    arguments = ["fill", "--model", str(model_folder), "--target", "很 快", "--target", "很 好", "物流__，质量__"]
    assert run(arguments) == 0
    assert "together" not in capfd.readouterr().out
    assert run([*arguments, "--joint"]) == 0
    assert "(no words fit all blanks)" in capfd.readouterr().out
