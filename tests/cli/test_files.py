"""``--input`` and ``--output``: what goes with them, and what is said."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import tiankong
from tiankong.cli.main import run

COMMANDS = ("fill", "check", "classify", "embed")


@pytest.fixture
def texts(tmp_path):
    path = tmp_path / "texts.txt"
    path.write_text("物流__，第二天就到了\n外套做工__，穿着很暖和\n", encoding="utf-8")
    (tmp_path / "empty.txt").touch()
    return path


@pytest.mark.usefixtures("texts")
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--input", "texts.txt"], "--input needs --output"),
        (["-o", "out.jsonl"], "--output needs --input"),
        (["--column", "a"], "--column is for files: give both"),
        (["--resume"], "--resume is for files: give both"),
        (["--force"], "--force is for files: give both"),
        (["--answer-prefix", "a_"], "--answer-prefix is for files: give both"),
        (["--input", "-", "-o", "out.jsonl"], "leave out --input and --output to answer the lines of a pipe"),
        (["--input", "texts.txt", "-o", "-"], "leave out --input and --output to print answers"),
        (["--input", "texts.txt", "-o", ""], "'--output': it is empty: name what to make"),
        (["--input", ".", "-o", "out.jsonl"], ". is a folder, and one file at a time is answered"),
        (["--input", "empty.txt", "-o", "out.jsonl"], "empty.txt is empty: there is nothing to answer"),
        (["--input", "texts.txt", "-o", "none/out.jsonl"], "there is no folder none: make it"),
        (["物流__", "--input", "texts.txt", "-o", "out.jsonl"], "a text was given beside --input"),
        (["--input", "texts.txt", "-o", "out.txt"], "can't write .txt files: name the output as one of .jsonl"),
        (["--input", "texts.txt", "-o", "texts.txt"], "can't write .txt files"),
        (["--input", "", "-o", "out.jsonl"], "it is empty"),
        (["--input", "none.txt", "-o", "out.jsonl"], "none.txt can't be read"),
        (["--input", "texts.txt", "-o", "out.jsonl", "--column", "a"], "leave out --column"),
        (["--input", "texts.txt", "-o", "out.jsonl", "--threads", "5000"], "threads must be"),
        (["--input", "texts.txt", "-o", "out.jsonl", "--encoding", "none"], "--encoding none"),
    ],
)
def test_what_does_not_go_together(refused, command, arguments, words):
    assert words in refused(command, *arguments)


@pytest.mark.parametrize("command", ["fill", "check", "classify"])
def test_json_is_for_what_is_printed(refused, texts, command):
    assert "--json is for what is printed" in refused(command, "--json", "--input", texts, "-o", "out.jsonl")


def test_check_has_no_all_for_files(refused, texts):
    assert "--all is for what is printed" in refused("check", "--all", "--input", texts, "-o", "out.jsonl")


def test_an_output_that_exists_is_replaced_only_by_force(texts, tmp_path, refused, capfd):
    output = tmp_path / "out.jsonl"
    output.write_text("old", encoding="utf-8")
    assert "out.jsonl exists: add --force to replace it" in refused("fill", "--input", texts, "-o", output)
    assert output.read_text(encoding="utf-8") == "old"
    assert run(["fill", "--input", str(texts), "-o", str(output), "--force"]) == 0
    assert capfd.readouterr() == (f"{output}: 2 rows\n", "")


def test_options_reach_the_file(texts, tmp_path):
    output = tmp_path / "out.jsonl"
    words = tmp_path / "words.txt"
    words.write_text("神速达\n", encoding="utf-8")
    arguments = ["--target", "很快", "--target", "神速达", "--words", words, "--exclude", "好", "-k", "2", "--joint"]
    assert run(list(map(str, ["fill", "--input", texts, "-o", output, *arguments]))) == 0
    for line in output.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        assert {answer["token_str"] for answer in row["blanks"][0]} == {"很快", "神速达"}
        assert len(row["joint"]) == 2


def test_settings_in_the_errors_of_rows_are_named_as_options(tmp_path, capfd):
    texts = tmp_path / "texts.txt"
    texts.write_text("外套做工（　　），很暖和\n外套__\n", encoding="utf-8")
    output = tmp_path / "out.jsonl"
    assert run(["fill", "--input", str(texts), "-o", str(output)]) == 2
    out, err = capfd.readouterr()
    assert out == f"{output}: 2 rows, 1 without an answer\n"
    error = json.loads(output.read_text(encoding="utf-8").splitlines()[0])["error"]
    assert "set --blank" in error
    assert err == f"tiankong: line 1: {error}\n"


def test_more_than_ten_errors_are_counted(tmp_path, capfd):
    texts = tmp_path / "texts.txt"
    texts.write_text("没有空格\n" * 12, encoding="utf-8")
    assert run(["fill", "--input", str(texts), "-o", str(tmp_path / "out.csv")]) == 2
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 11
    assert lines[-1] == "tiankong: and 2 more; the field error of each says why"


def test_columns_sheets_and_encodings(tmp_path, capfd):
    texts = tmp_path / "texts.csv"
    texts.write_bytes("编号,评价内容\n1,物流__，第二天就到了\n".encode("big5", "replace"))
    output = tmp_path / "out.jsonl"
    command = ["fill", "--input", str(texts), "-o", str(output), "--column", "评价内容", "--encoding", "gb18030"]
    texts.write_bytes("编号,评价内容\n1,物流__，第二天就到了\n".encode("gb18030"))
    assert run(command) == 0, capfd.readouterr()
    row = json.loads(output.read_text(encoding="utf-8"))
    assert row["编号"] == "1"
    assert row["sentence"] == row["评价内容"]


def test_there_is_nothing_to_resume(texts, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    assert run(["fill", "--input", "texts.txt", "-o", "out.jsonl", "--resume", "--threads", "1"]) == 0
    note = "there is no unfinished run in out.jsonl.answering: starting from the beginning\n"
    assert capfd.readouterr() == ("out.jsonl: 2 rows\n", note)
    assert texts.exists()


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="there is no /proc")
@pytest.mark.parametrize(
    "arguments",
    [
        ["fill", "--input", "texts.txt", "-o", "/proc/x.jsonl"],
        ["prepare", "texts.txt", "-o", "/proc/x"],
        ["sample", "/proc/x.txt"],
    ],
)
@pytest.mark.usefixtures("texts")
def test_where_nothing_can_be_written_space_is_not_the_matter(refused, arguments):
    said = refused(*arguments)
    assert f"{arguments[-1]} can't be written (" in said
    assert "choose another place" in said
    assert "space" not in said


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("piped", ["", "\n \n"])
def test_an_empty_pipe_is_refused_like_an_empty_file(command, piped):
    program = [sys.executable, "-m", "tiankong", command]
    done = subprocess.run(program, input=piped, capture_output=True, text=True, check=False)
    said = "tiankong: standard input holds no text: there is nothing to answer\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", said)


def test_a_loaded_model_answers_a_file(texts, tmp_path):
    model = tiankong.load(threads=1, words=["神速达"])
    output = tmp_path / "out.jsonl"
    tiankong.answer_file("fill", texts, output, model=model, targets=["神速达"], threads=1)
    row = json.loads(output.read_text(encoding="utf-8").splitlines()[0])
    assert row["blanks"][0] == model.fill(row["sentence"], targets=["神速达"])
