"""``tiankong fill``: one sentence, a pipe, a prompt."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import time
from pathlib import Path

import pytest

PROGRAM = str(Path(sys.executable).with_name("tiankong"))


def fill(model, *arguments, text=None):
    program = [PROGRAM, "fill", "--model", str(model), *arguments]
    return subprocess.run(program, input=text, capture_output=True, text=True, encoding="utf-8", check=False)


def test_one_sentence(model_folder):
    done = fill(model_folder, "-k", "4", "物流__，第二天就到了", text="")
    assert done.returncode == 0, done.stderr
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert len(rows) == 4
    scores = [float(score) for _, score in rows]
    assert scores == sorted(scores, reverse=True)
    assert 0 < sum(scores) <= 1


def test_json_of_several_blanks(model_folder):
    sentence = "物流__，客服态度[MASK]"
    done = fill(model_folder, "--json", "-k", "3", sentence)
    answer = json.loads(done.stdout)
    assert answer["sentence"] == sentence
    assert [len(words) for words in answer["blanks"]] == [3, 3]
    first, second = answer["blanks"][0][0], answer["blanks"][1][0]
    assert first["sequence"] == sentence.replace("__", first["token_str"])
    assert second["sequence"] == sentence.replace("[MASK]", second["token_str"])
    assert set(first) == {"score", "token", "token_str", "sequence"}


def test_codes_models_print_the_distance(codes_model_folder):
    done = fill(codes_model_folder, "--json", "物流__，第二天就到了")
    words = json.loads(done.stdout)["blanks"][0]
    distances = [word["distance"] for word in words]
    assert distances == sorted(distances)
    assert all(abs(distance**2 - round(distance**2)) < 1e-4 for distance in distances)
    done = fill(codes_model_folder, "--json", "--decoding", "likelihood", "物流__，第二天就到了")
    scores = [word["score"] for word in json.loads(done.stdout)["blanks"][0]]
    assert scores == sorted(scores, reverse=True)


def test_a_pipe_answers_every_line_and_names_the_bad_one(model_folder):
    done = fill(model_folder, "--json", text="物流__，第二天就到了\n没有空格\n\n外套做工__，穿着很暖和\n")
    assert done.returncode == 2
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert ["blanks" in answer for answer in answers] == [True, False, True]
    assert done.stderr.splitlines() == [f"tiankong: line 2: {answers[1]['error']}"]


def test_a_pipe_of_bytes_that_are_no_text(model_folder):
    program = [PROGRAM, "fill", "--model", str(model_folder)]
    done = subprocess.run(program, input=b"\xff\xfe__\n\xe7\x89", capture_output=True, check=False)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr


def test_answers_do_not_depend_on_batch_mates(model_folder):
    import tiankong  # noqa: PLC0415

    model = tiankong.load(model_folder)
    sentences = ["物流__，第二天就到了", "给__买的，他很喜欢这件外套，穿着很暖和", "屏幕__"]
    for sentence, together in zip(sentences, model.fill(sentences), strict=True):
        alone = model.fill(sentence)
        assert [word["token"] for word in alone] == [word["token"] for word in together]
        assert [word["score"] for word in alone] == pytest.approx([word["score"] for word in together], rel=1e-3)


def test_the_prompt(model_folder, tmp_path):
    parent, child = pty.openpty()
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path), "TERM": "dumb"}
    program = [PROGRAM, "fill", "--model", str(model_folder), "-k", "2"]
    process = subprocess.Popen(program, stdin=child, stdout=child, stderr=child, env=environment)
    os.close(child)
    seen = wait_for(parent, "", "Sentence:")
    os.write(parent, "没有空格\r".encode())
    seen = wait_for(parent, seen, "error: the sentence has no blank")
    os.write(parent, "物流__，第二天就到了\r".encode())
    seen = wait_for(parent, seen, "\t0.")
    deadline = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < deadline:
        os.write(parent, b"\x04")  # lost if the next prompt is not drawn yet
        time.sleep(0.2)
    assert process.wait(timeout=5) == 0
    os.close(parent)
    assert "物流__" in (tmp_path / "tiankong" / "history").read_text(encoding="utf-8")


def wait_for(terminal, seen, words):
    """Reads the terminal until ``words`` stand on it."""
    deadline = time.monotonic() + 30
    while words not in seen:
        assert time.monotonic() < deadline, seen
        seen += os.read(terminal, 4096).decode("utf-8", "replace")
    return seen
