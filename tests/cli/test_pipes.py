"""Lines from a pipe, and readers and writers that go away."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import TINY

PROGRAM = str(Path(sys.executable).with_name("tiankong"))


def pipe(model, content, *arguments):
    program = [PROGRAM, "fill", "--model", str(model), "-k", "1", *arguments]
    done = subprocess.run(program, input=content, capture_output=True, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_a_pipe_counts_lines_as_an_editor_does(model_folder):
    lines = ["", "", "没有空格", *["物流__"] * 70, " ", "也没有空格", "外套__"]
    code, out, err = pipe(model_folder, "\n".join(lines).encode())
    assert code == 2
    assert [line.split(":")[1] for line in err.splitlines()] == [" line 3", " line 75"]
    assert [line for line in out.splitlines() if "__" in line] == ["物流__"] * 70 + ["外套__"]


@pytest.mark.parametrize(
    ("bad", "character"), [(b"\xed\xa0\x80__", 1), ("物流__".encode() + b"\xff", 5), ("客服__".encode("gb18030"), 1)]
)
def test_a_pipe_goes_on_after_bytes_that_are_not_utf8(model_folder, bad, character):
    code, out, err = pipe(model_folder, bad + "\n外套__\r\n".encode(), "--json")
    assert code == 2
    assert err.startswith(f"tiankong: line 1: character {character} of the sentence is not valid Unicode")
    assert err.count("\n") == 1
    first, second = map(json.loads, out.splitlines())
    assert set(first) == {"sentence", "error"}
    assert second["sentence"] == "外套__"


def test_a_program_that_waits_for_each_answer_gets_it(model_folder):
    program = [PROGRAM, "fill", "--model", str(model_folder), "--json"]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8") as process:
        for sentence in ("物流__，第二天就到了", "外套__", "给__买的"):
            process.stdin.write(sentence[:2])
            process.stdin.flush()
            process.stdin.write(f"{sentence[2:]}\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["sentence"] == sentence
        process.stdin.close()
        assert process.stdout.read() == ""
        assert process.wait(30) == 0


def test_a_byte_order_mark_is_no_part_of_the_sentence(model_folder):
    code, out, _ = pipe(model_folder, b"\xef\xbb\xbf" + "物流__".encode(), "--json")
    assert code == 0
    assert json.loads(out)["sentence"] == "物流__"


def test_a_reader_that_goes_away_is_no_error(model_folder):
    program = [PROGRAM, "fill", "--model", str(model_folder)]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        _, err = process.communicate("物流__\n".encode() * 500, timeout=60)
    assert process.returncode == 0
    assert err == b""


def test_standard_output_on_a_full_disk(model_folder):
    if not Path("/dev/full").is_char_device():
        pytest.skip("there is no device that is always full")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [PROGRAM, "fill", "--model", model_folder, "物流__"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert "disk that the output goes to is full" in done.stderr
    assert done.stderr.count("\n") == 1


def test_no_sentence_and_no_standard_input(model_folder):
    command = f'exec "{PROGRAM}" fill --model "{model_folder}" <&-'
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "standard input is closed" in done.stderr


@pytest.mark.trains
def test_a_training_whose_reader_leaves_goes_on(prepared, tmp_path):
    command = [PROGRAM, "train", str(prepared), "-o", str(tmp_path / "model"), *TINY]
    command.remove("--quiet")
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        process.stderr.close()
        assert process.wait(120) == 0
    assert (tmp_path / "model" / "config.json").exists()


def test_a_refusal_that_nobody_reads_has_its_code():
    with subprocess.Popen([PROGRAM, "fill", "没有空"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stderr.close()
        assert process.wait(60) == 2


def test_most_likely_words_add_up_to_one(model_folder, codes_model_folder):
    for folder in (model_folder, codes_model_folder):
        _, out, _ = pipe(folder, "物流__，客服态度__\n".encode(), "--json", "-k", "10000")
        for words in json.loads(out)["blanks"]:
            assert sum(word["score"] for word in words) == pytest.approx(1, abs=1e-4)
            assert len({word["token"] for word in words}) == len(words)
