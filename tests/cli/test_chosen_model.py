"""Commands without ``--model``: the language of the text decides which general model answers, and they say so."""

from __future__ import annotations

import io
import json
import sys
from types import SimpleNamespace

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from tiankong.cli.main import run

pytestmark = pytest.mark.usefixtures("two_languages")

NOTE = "tiankong: the text is in Latin letters: en answers; --model names another\n"
PROMPT = ["--prompt", "{text} and __", "--label", "good=cheap,sturdy", "--label", "bad=unusable,quiet"]
PROMPT_ZH = ["--prompt", "{text}，很__", "--label", "好评=好", "--label", "差评=差"]


@pytest.fixture
def ask(capsys, monkeypatch):
    monkeypatch.delenv("TIANKONG_MODEL", raising=False)

    def answer(*arguments, lines=None):
        if lines is not None:
            content = "".join(f"{line}\n" for line in lines).encode()
            monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content), encoding="utf-8"))
        assert run(list(arguments)) == 0
        captured = capsys.readouterr()
        return captured.out, captured.err

    return answer


@pytest.mark.parametrize(
    ("command", "english", "chinese"),
    [
        ("fill", ["the lamp is __"], ["物流__，很快"]),
        ("fill", ["--json", "the lamp is __ but the __ is quiet"], ["--json", "物流__，质量__"]),
        ("rank", ["the __ is cheap", "lamp", "coat"], ["物流__", "快", "慢"]),
        ("rank", ["--sentences", "the lamp is cheap", "the is lamp cheap"], ["--sentences", "物流很快", "快很物流"]),
        ("embed", ["the lamp is __"], ["物流__，很快"]),
        ("classify", [*PROMPT, "the coat is sturdy"], [*PROMPT_ZH, "质量很好"]),
    ],
)
def test_the_language_decides(ask, command, english, chinese):
    note = NOTE.replace("the text is", "the first 2 texts are") if "--sentences" in english else NOTE
    answer, said = ask(command, *english)
    assert said == note
    assert ask(command, "--model", "en", *english) == (answer, "")
    answer, said = ask(command, *chinese)
    assert said == ""
    assert ask(command, "--model", "zh", *chinese) == (answer, "")


def test_check_chooses_as_well(ask, capsys):
    arguments = ["check", "--precision", "0.01", "--all"]
    answer, said = ask(*arguments, "物流很快")
    assert said == ""
    assert ask(*arguments, "--model", "zh", "物流很快") == (answer, "")
    assert run([*arguments, "the lamp is cheap"]) == 2
    said, problem = capsys.readouterr().err.splitlines()
    assert f"{said}\n" == NOTE
    assert run([*arguments, "--model", "en", "the lamp is cheap"]) == 2
    assert capsys.readouterr().err.splitlines() == [problem], "which the tiny English model did not learn"


def test_a_named_model_answers_any_language(ask, monkeypatch):
    assert ask("fill", "--model", "zh", "-k", "1", "the lamp is __")[1].count("en answers") == 0
    monkeypatch.setenv("TIANKONG_MODEL", "en")
    assert ask("fill", "-k", "1", "the lamp is __")[1] == ""


def test_the_first_lines_of_a_pipe_decide_for_all(ask):
    lines = ["the lamp is __", "the __ is cheap", "灯很__"]
    shown, said = ask("fill", "--json", "-k", "1", lines=lines)
    shares = "1 in Chinese characters and 2 in Latin letters"
    note = f"of the first 3 texts, {shares}: en answers all of them; --model names another"
    assert said.splitlines()[0] == f"tiankong: {note}"
    assert shown == ask("fill", "--json", "-k", "1", "--model", "en", lines=lines)[0]
    many = ["物流__，很快"] * 64 + ["the lamp is __"] * 100
    shown, said = ask("embed", lines=many)
    assert said == ""
    assert len(shown.splitlines()) == 164


def test_each_sentence_at_the_prompt_has_its_model(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
    sentences = ["the lamp is __", "物流__，很快", "the coat is __"]
    with create_pipe_input() as typed, create_app_session(input=typed, output=DummyOutput()):
        typed.send_text("".join(f"{sentence}\r" for sentence in sentences) + "\x04")
        assert run(["fill", "--json", "-k", "1"]) == 0
    captured = capsys.readouterr()
    assert captured.err == NOTE, "which is said once"
    found = [json.loads(line)["blanks"] for line in captured.out.splitlines()]
    for sentence, blanks, model in zip(sentences, found, ["en", "zh", "en"], strict=True):
        assert run(["fill", "--json", "-k", "1", "--model", model, sentence]) == 0
        assert json.loads(capsys.readouterr().out)["blanks"] == blanks


def test_the_first_rows_of_a_file_decide(ask, tmp_path):
    source, output = tmp_path / "texts.txt", tmp_path / "out.jsonl"
    source.write_text("the lamp is __\nthe __ is cheap\n", encoding="utf-8")
    arguments = ["fill", "--input", str(source), "-o", str(output), "--threads", "1", "-k", "2", "--force"]
    _, said = ask(*arguments)
    assert said == "the first 2 texts are in Latin letters: en answers; --model names another\n"
    chosen = output.read_text(encoding="utf-8")
    assert ask(*arguments, "--quiet")[1] == ""
    assert ask(*arguments, "--model", "en")[1] == ""
    assert output.read_text(encoding="utf-8") == chosen


def test_evaluate_says_which_model_it_measures(ask, tmp_path):
    source = tmp_path / "texts.txt"
    source.write_text("the lamp is cheap\nthe coat is quiet\n", encoding="utf-8")
    shown, said = ask("evaluate", "--text", str(source), "--json")
    assert said == "the first 2 texts are in Latin letters: en answers; --model names another\n"
    assert json.loads(shown)["sentences"] == 2
