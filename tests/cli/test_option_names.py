"""Messages of the command line name options, and never the settings behind them."""

from __future__ import annotations

import ast
import re
from importlib import resources
from pathlib import Path

import click
import pytest

from tiankong.cli import prepare, train
from tiankong.cli.main import run

WRONG = {"integer": "-7", "float": "-7", "boolean": "", "text": "nonsense", "sizes": "0", "shares": "-1/1/1"}


def wrong_values():
    for name, command in (("prepare", prepare.command), ("train", train.command)):
        for option in command.params:
            value = WRONG.get(option.type.name, "")
            if isinstance(option, click.Option) and getattr(option, "section", None) and value:
                yield name, option.opts[0], value


@pytest.mark.parametrize(("command", "option", "value"), list(wrong_values()))
def test_a_wrong_value(tmp_path, monkeypatch, capfd, command, option, value):
    monkeypatch.chdir(tmp_path)
    Path("texts.txt").write_text("物流很快\n" * 20, encoding="utf-8")
    code = run([command, "texts.txt", "-o", "out", option, value])
    err = capfd.readouterr().err
    assert code == 2, err
    assert option in err or f"{value} can't be read" in err
    assert f" {option.removeprefix('--').replace('-', '_')} " not in err
    assert "`" not in err


def settings_in_messages():
    """Settings with an underscore that stand in a message without backticks, and where."""
    names = {parameter.name for command in (prepare.command, train.command) for parameter in command.params}
    names |= {"part_of_word", "label_names", "top_k", "answer_prefix"}
    found = re.compile(rf"(?<![`\w.])({'|'.join(name for name in names if '_' in name)})(?![`\w=])")
    package = Path(str(resources.files("tiankong")))
    for file in package.rglob("*.py"):
        if "serve" in file.parts:  # where they are fields of JSON
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Raise | ast.Return) and not (
                isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "append"
            ):
                continue
            for part in ast.walk(node):
                if isinstance(part, ast.Constant) and isinstance(part.value, str) and " " in part.value:
                    yield from (f"{file.name}: {name}" for name in found.findall(part.value))


def test_settings_in_messages_are_marked_as_such():
    assert sorted(set(settings_in_messages())) == []
