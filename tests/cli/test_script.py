"""``--script`` and the note of a text that was read converted."""

from __future__ import annotations

import io
import json

import pytest

from tiankong.cli.main import run
from tiankong.model import load

NOTE = "tiankong: read as simplified Chinese, which the model was trained on; --script as-is reads it as typed\n"
SENTENCE, TWIN = "質量__，很失望", "质量__，很失望"
QUESTION = ["--prompt", "{text}，總的來說很__。", "--label", "好評=好,不錯", "--label", "差評=差,糟糕"]


@pytest.fixture
def ask(capsys):
    def answer(*arguments, code=0):
        assert run(list(arguments)) == code
        captured = capsys.readouterr()
        return captured.out, captured.err

    return answer


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("fill", [SENTENCE]),
        ("fill", ["--top-k", "3", "味道__，下次還會__"]),
        ("fill", ["--target", "不錯", SENTENCE]),
        ("check", ["--all", "這本書很好看"]),
        ("rank", [SENTENCE, "不錯", "很差"]),
        ("rank", ["--sentences", "質量很好", "質量很藍"]),
        ("classify", ["用了兩天就壞了"]),
        ("classify", [*QUESTION, "用了兩天就壞了"]),
        ("embed", [SENTENCE]),
    ],
)
def test_a_converted_text_is_noted(ask, command, arguments):
    shown, note = ask(command, *arguments)
    assert note == NOTE
    as_json = [] if command == "embed" else ["--json"]
    answer, note = ask(command, *as_json, *arguments)
    assert note == NOTE
    assert json.loads(answer)["read_as"] == "simplified"
    as_typed, note = ask(command, *as_json, "--script", "as-is", *arguments)
    assert note == ""
    assert "read_as" not in json.loads(as_typed)
    assert as_typed != answer
    assert shown


def test_simplified_text_is_answered_as_before(ask):
    answer, note = ask("fill", "--json", TWIN)
    assert note == ""
    assert list(json.loads(answer)) == ["sentence", "blanks"]
    assert ask("fill", "--json", "--script", "as-is", TWIN) == (answer, "")


def test_lines_of_a_pipe_are_answered_each_in_its_script(ask, monkeypatch):
    lines = [SENTENCE, TWIN, "この製品の質は__です", "這裡沒有空格", SENTENCE]
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO("\n".join(lines).encode()), encoding="utf-8"))
    answers, notes = ask("fill", "--json", "--top-k", "6", code=2)
    first, second, third, fourth, fifth = map(json.loads, answers.splitlines())
    assert first["read_as"] == fifth["read_as"] == "simplified"
    assert "read_as" not in second
    assert "read_as" not in third
    assert "no blank" in fourth["error"]
    assert notes.count("read as simplified") == 1, "said once"
    assert first["blanks"] == fifth["blanks"] == [load(threads=1).fill(SENTENCE, top_k=6)]
    assert [answer["token"] for answer in first["blanks"][0]] == [answer["token"] for answer in second["blanks"][0]]


def test_words_of_a_file(ask, tmp_path):
    (tmp_path / "words.txt").write_text("鍾記麵\n", encoding="utf-8")
    options = ("--words", str(tmp_path / "words.txt"), "--pattern", "鍾記.")
    shown, _ = ask("fill", *options, "早餐吃__，很不錯")
    assert shown.split("\t")[0] == "鍾記麵"


def test_no_other_script(ask):
    _, problem = ask("fill", "--script", "traditional", SENTENCE, code=2)
    assert "--script" in problem
