"""Messages name what the user gave."""

from __future__ import annotations

import pytest

from tests.conftest import succeed
from tiankong.cli.display import this_command
from tiankong.cli.main import run

NOTE = "tiankong: no word beside the blank is in the vocabulary; it is read by its characters\n"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--top-k", "0", "物流__"], "--top-k must be a whole number from 1"),
        (["--decoding", "x", "物流__"], "--decoding must be one of"),
        (["--target", "", "物流__"], "a candidate (of --target in fill) is empty"),
        (["--starts-with", "", "物流__"], "--starts-with is empty"),
        (["--exclude", "", "物流__"], "--exclude has an empty word"),
        (["--length", "0", "物流__"], "--length must be at least 1"),
        ([r"质量\_\_"], r"no blank: the backslash in \_\_ makes it text"),
        (["--top-k", "1", "好__" * 100_000], "1 answer for each of 100,000 blanks"),
    ],
)
def test_messages_of_fill(capsys, options, message):
    assert run(["fill", "--threads", "1", *options]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("command", [["fill", "物流__"], ["check", "物流快"], ["rank", "物流__", "快", "慢"]])
def test_an_environment_variable_is_named(monkeypatch, capsys, command):
    monkeypatch.setenv("TIANKONG_SCRIPT", "traditional")
    assert run(command) == 2
    printed = capsys.readouterr().err
    assert "TIANKONG_SCRIPT" in printed
    assert "--script" not in printed
    assert run([*command[:1], "--script", "traditional", *command[1:]]) == 2
    assert "--script" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("sentence", "note"),
    [("龘龘__", NOTE), ("😀😀__", NOTE), ("饕餮龘__", NOTE), ("龘龘__很快", ""), ("物流__", "")],
)
def test_a_context_of_which_nothing_is_known_is_noted(capsys, sentence, note):
    succeed("fill", "--model", "reviews-zh", "--threads", 1, "--top-k", 1, sentence)
    assert capsys.readouterr().err == note


def test_the_command_on_a_card_is_without_resume(monkeypatch):
    monkeypatch.setattr("sys.argv", ["tiankong", "train", "prepared", "-o", "/home/me/model", "--resume"])
    assert this_command() == "tiankong train prepared -o model"
