"""Corpora and models that don't go together, or have next to nothing in them."""

from __future__ import annotations

import shutil

import pytest

from tests.conftest import TINY
from tiankong.cli.main import run
from tiankong.sample.grammar import write_practice_corpus


def test_codes_that_can_not_be_kept_leave_no_unfinished_training(refused, corpus_file, tmp_path):
    assert run(["prepare", str(corpus_file), "-o", str(tmp_path / "plain"), "--quiet"]) == 0
    (tmp_path / "plain.codes-60").write_text("mine")
    err = refused("train", "plain", "-o", "model", *TINY, "--head", "codes", "--code-bits", 60)
    assert "the word codes can't be kept beside plain (plain.codes-60 exists and is not a folder" in err
    assert "or prepare it again with --code-bits 60" in err


def test_a_vocabulary_cut_down_to_marks(refused, tmp_path):
    (tmp_path / "marks.txt").write_text("".join(f"好，，，第{n}天！！\n" for n in range(60)), encoding="utf-8")
    options = ["--maximum-vocabulary", 1, "--code-bits", 0]
    assert "raise --maximum-vocabulary" in refused("prepare", "marks.txt", "-o", "out", *options)


def test_sources_named_wrongly(refused, corpus_file, tmp_path):
    (tmp_path / "folder").mkdir()
    for arguments, words in [
        ((corpus_file, corpus_file), "given twice"),
        (("folder",), "is a folder that holds no file"),
        ((corpus_file, "--encoding", "klingon"), "klingon"),
        ((corpus_file, "--segmenter", "jieba", "--user-dict", "words.txt"), "words.txt"),
        ((corpus_file, "--segmenter", "whitespace", "--user-dict", "words.txt"), "not whitespace"),
    ]:
        assert words in refused("prepare", *arguments, "-o", "out")


@pytest.mark.parametrize("segmenter", ["rjieba", "jieba"])
def test_frequencies_of_a_user_dictionary(refused, corpus_file, tmp_path, segmenter):
    words = tmp_path / "words.txt"
    words.write_text("神速达 99999999999999999999\n", encoding="utf-8")
    options = ["prepare", corpus_file, "-o", "out", "--segmenter", segmenter, "--user-dict", words]
    assert "frequency of 神速达" in refused(*options)
    words.write_text("神速达 2\n真好看 999999999 n\n", encoding="utf-8")
    assert run([str(argument) for argument in [*options[:3], tmp_path / "out", *options[4:], "--quiet"]]) == 0


@pytest.mark.trains
def test_batches_without_a_word_to_predict(tmp_path, capfd):
    file = tmp_path / "reviews.txt"
    write_practice_corpus(file, 60)
    with file.open("a", encoding="utf-8") as more:
        more.writelines(f"{'！' * count},,0\n" for count in range(1, 60))
    prepared, codes = tmp_path / "prepared", ["--code-bits", "50"]
    assert run(["prepare", str(file), "-o", str(prepared), "--minimum-count", "1", *codes, "--quiet"]) == 0
    for head in ("softmax", "codes"):
        options = [*TINY, "--head", head, "--batch-sentences", "1", "--epochs", "1", "--negatives", "0"]
        assert run(["train", str(prepared), "-o", str(tmp_path / head), *options]) == 0
        capfd.readouterr()
        history = (tmp_path / head / "history.csv").read_text()
        assert "nan" not in history


def test_a_model_is_no_corpus_and_a_corpus_no_model(refused, prepared, model_folder):
    assert "is not a prepared corpus" in refused("evaluate", "--model", model_folder, "--prepared", model_folder)
    assert "is not a model" in refused("evaluate", "--model", prepared, "--prepared", prepared)


def test_evaluating_with_another_corpus(refused, corpus_file, model_folder, tmp_path):
    options = ["--minimum-count", "9", "--code-bits", "0", "--quiet"]
    assert run(["prepare", str(corpus_file), "-o", str(tmp_path / "other"), *options]) == 0
    assert "another vocabulary" in refused("evaluate", "--model", model_folder, "--prepared", "other")


def test_text_without_a_word_to_predict(refused, model_folder, tmp_path):
    (tmp_path / "marks.txt").write_text("，，，\n！！\n", encoding="utf-8")
    assert "no word to predict" in refused("evaluate", "--model", model_folder, "--text", "marks.txt")


@pytest.mark.parametrize("content", [b"{", b"\xff"])
def test_scores_edited_by_hand(refused, model_folder, tmp_path, content):
    shutil.copytree(model_folder, tmp_path / "model")
    (tmp_path / "model" / "metrics.json").write_bytes(content)
    assert "metrics.json" in refused("info", "model")
    assert run(["fill", "--model", "model", "物流__"]) == 0


def test_a_file_is_no_model(refused, corpus_file):
    assert "is a file and not a model" in refused("info", corpus_file)
