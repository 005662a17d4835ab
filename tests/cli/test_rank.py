"""``tiankong rank`` and ``tiankong embed``, and what ``fill`` takes of targets and words."""

from __future__ import annotations

import io
import json

import pytest

from tiankong.cli.main import run

SENTENCE = "物流__，客服很好"


@pytest.fixture
def piped(monkeypatch):
    def pipe(text):
        stream = io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8")
        monkeypatch.setattr("sys.stdin", stream)

    return pipe


def test_candidates_as_arguments_or_from_a_pipe(model_folder, capsys, piped):
    assert run(["rank", "--model", str(model_folder), SENTENCE, "很快", "神速达", "很慢"]) == 0
    printed = capsys.readouterr().out
    rows = [line.split("\t") for line in printed.splitlines()]
    assert sorted(word for word, _ in rows) == sorted(["很快", "神速达", "很慢"])
    assert [float(score) for _, score in rows] == sorted((float(score) for _, score in rows), reverse=True)
    piped("很快\n\n神速达\n很慢\n")
    assert run(["rank", "--model", str(model_folder), SENTENCE]) == 0
    assert capsys.readouterr().out == printed


def test_sentences_as_json(model_folder, capsys, piped):
    piped("物流很快\n快物流很的\n")
    assert run(["rank", "--model", str(model_folder), "--json"]) == 0
    from_pipe = json.loads(capsys.readouterr().out)
    assert run(["rank", "--model", str(model_folder), "--json", "物流很快", "快物流很的"]) == 0
    assert json.loads(capsys.readouterr().out)["ranked"] == from_pipe["ranked"]
    assert sum(entry["score"] for entry in from_pipe["ranked"]) == pytest.approx(1)


@pytest.mark.parametrize(("before", "encoding"), [("\ufeff", "utf-8"), ("", "gb18030")])
def test_words_of_a_file_join(model_folder, capsys, tmp_path, before, encoding):
    file = tmp_path / "words.txt"
    file.write_text(before + "神速达\n\n准时送达 \n", encoding=encoding)
    options = ["fill", "--model", str(model_folder), "--words", str(file), "--json", "-k", "9", "--starts-with", "神速"]
    assert run([*options, "物流__，第二天就到了"]) == 0
    (answers,) = json.loads(capsys.readouterr().out)["blanks"]
    assert [answer["token_str"] for answer in answers] == ["神速达"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "can't be read"),
        (b"\xff\xfe", "holds no word"),
        (b"\xff\x00\x81", "words.txt"),
        (b"\n", "holds no word"),
        ("神速达\n两 个\n".encode(), "line 2 of"),
    ],
)
def test_bad_words_files(model_folder, capsys, tmp_path, content, message):
    file = tmp_path / "words.txt"
    if content is not None:
        file.write_bytes(content)
    assert run(["fill", "--model", str(model_folder), "--words", str(file), SENTENCE]) == 2
    error = capsys.readouterr().err
    assert str(file) in error
    assert message in error


def test_filling_together_is_done_or_refused_when_it_is_asked_for(model_folder, capsys):
    options = ["fill", "--model", str(model_folder), "--json", "--joint", "-k", "2"]
    assert run([*options, "物流__，客服很好"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert [entry["token_strs"] for entry in answer["joint"]] == [[one["token_str"]] for one in answer["blanks"][0]]
    many = "，".join(["客服__"] * 13)
    assert run([*options, many]) == 2
    assert "13 blanks: at most 12" in capsys.readouterr().err
    assert run([*options[:4], many]) == 0
    assert "joint" not in json.loads(capsys.readouterr().out)


def test_an_option_that_holds_once_is_not_given_twice(model_folder, capsys):
    assert run(["fill", "--model", str(model_folder), SENTENCE, "--starts-with", "快", "--starts-with", "慢"]) == 2
    assert "--starts-with is given 2 times" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-物流__"], "put -- before a sentence that begins with -"),
        (["物流__", "客服__"], "several go through a pipe"),
    ],
)
def test_a_slip_of_the_shell_is_explained(model_folder, capsys, arguments, message):
    assert run(["fill", "--model", str(model_folder), *arguments]) == 2
    assert message in capsys.readouterr().err


def test_several_blanks_are_filled_together_too(model_folder, capsys):
    sentence = "物流__，客服__，下次还会来"
    assert run(["fill", "--model", str(model_folder), "-k", "2", sentence]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.endswith(":")] == ["together:", "blank 1:", "blank 2:"]
    assert len(lines) == 9
    assert run(["fill", "--model", str(model_folder), "-k", "2", "--json", sentence]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert len(answer["joint"]) == len(answer["blanks"]) == 2
    first, second = answer["joint"][0]["token_strs"]
    assert answer["joint"][0]["sequence"] == f"物流{first}，客服{second}，下次还会来"
    assert run(["fill", "--model", str(model_folder), "-k", "2", "--json", "--no-joint", sentence]) == 0
    assert "joint" not in json.loads(capsys.readouterr().out)
    assert run(["fill", "--model", str(model_folder), "--json", "物流很快" + "，__" * 20]) == 0
    assert "joint" not in json.loads(capsys.readouterr().out)


def test_targets(model_folder, capsys):
    options = ["fill", "--model", str(model_folder), "--target", "很快", "--target", "神速达", "--target", "很快，很好"]
    assert run([*options, SENTENCE]) == 0
    words = [line.split("\t")[0] for line in capsys.readouterr().out.splitlines()]
    assert sorted(words) == sorted(["很快", "神速达", "很快，很好"])


def test_context_vectors(model_folder, capsys, piped):
    assert run(["embed", "--model", str(model_folder), SENTENCE]) == 0
    alone = json.loads(capsys.readouterr().out)
    assert alone["sentence"] == SENTENCE
    piped(f"{SENTENCE}\n没有\n")
    assert run(["embed", "--model", str(model_folder)]) == 2
    captured = capsys.readouterr()
    good, bad = map(json.loads, captured.out.splitlines())
    assert good == alone
    assert bad["error"] in captured.err
    assert captured.err.startswith("tiankong: line 2: the sentence has no blank")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["物流__", "，"], "has no letter"),
        (["物流很快"], "at least two sentences"),
        (["物流__，客服__", "好"], "has 2 blanks"),
    ],
)
def test_what_can_not_be_ranked(model_folder, capsys, arguments, message):
    assert run(["rank", "--model", str(model_folder), *arguments]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.out == ""
