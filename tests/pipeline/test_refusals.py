"""Arguments of the wrong type or size are refused in one sentence, and leave nothing behind."""

from __future__ import annotations

import pytest

import tiankong
from tiankong.cli.main import run
from tiankong.errors import FolderError, OptionError, SourceError, TiankongError

TEXTS = ["物流很快", "质量不错"]


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda out: tiankong.prepare(TEXTS, out, preset=3), OptionError, "preset must be a name, a path or a Preset"),
        (lambda out: tiankong.prepare(TEXTS, out, preset=None), OptionError, "preset must be a name"),
        (lambda out: tiankong.prepare(TEXTS, out, label_names=["a"]), OptionError, "label_names must map labels"),
        (lambda out: tiankong.prepare(TEXTS, out.with_name("a" * 300)), FolderError, "file name too long"),
        (lambda out: tiankong.prepare(TEXTS, f"{out}\0"), FolderError, "null"),
        (lambda out: tiankong.prepare("很" * 5000, out), SourceError, "can't be read"),
        (lambda out: tiankong.train(out, out, task=None), OptionError, "there is no task None"),
        (lambda out: tiankong.train(out, out, measure_limit="2"), OptionError, "`measure_limit` must be 0"),
        (lambda _: tiankong.evaluate(text=TEXTS, limit="3"), OptionError, "`limit` must be 0"),
        (
            lambda _: tiankong.evaluate(text=TEXTS, threads=1025),
            OptionError,
            "threads must be from 0 .* to 1024, not 1025",
        ),
        (lambda _: tiankong.evaluate(prepared="x", threads="2"), OptionError, "threads must be from 0 .* not '2'"),
        (
            lambda out: tiankong.export("x", out, prepared="y", threads=-1),
            OptionError,
            "threads must be from 0 .* not -1",
        ),
        (lambda _: tiankong.load(threads=1025), OptionError, "threads must be from 0 .* to 1024, not 1025"),
    ],
)
def test_a_wrong_argument(tmp_path, call, kind, message):
    with pytest.raises(kind, match=message) as caught:
        call(tmp_path / "out")
    assert isinstance(caught.value, TiankongError)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "command",
    [
        ("fill", "质量__"),
        ("serve",),
        ("benchmark", "prepared", "-o", "out"),
        ("evaluate", "--text", "a.txt"),
        ("export", "model", "-o", "out", "--prepared", "prepared"),
    ],
)
def test_too_many_threads(capsys, command):
    assert run([*command, "--threads", "999999"]) == 2
    assert "threads must be from 0" in capsys.readouterr().err
