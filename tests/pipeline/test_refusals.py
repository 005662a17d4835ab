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
        (
            lambda out: tiankong.prepare(TEXTS, out, preset=3),
            OptionError,
            "`preset` must be a name, a path or a Preset",
        ),
        (lambda out: tiankong.prepare(TEXTS, out, preset=None), OptionError, "`preset` must be a name"),
        (lambda out: tiankong.prepare(TEXTS, out, label_names=["a"]), OptionError, "`label_names` must map labels"),
        (lambda out: tiankong.prepare(TEXTS, out.with_name("a" * 300)), FolderError, "file name too long"),
        (lambda out: tiankong.prepare(TEXTS, f"{out}\0"), FolderError, "null"),
        (lambda out: tiankong.prepare("很" * 5000, out), SourceError, "can't be read"),
        (lambda out: tiankong.train(out, out, task=None), OptionError, "there is no task None"),
        (lambda out: tiankong.train(out, out, measure_limit="2"), OptionError, "`measure_limit` must be 0"),
        (lambda _: tiankong.evaluate(text=TEXTS, limit="3"), OptionError, "`limit` must be 0"),
        (
            lambda _: tiankong.evaluate(text=TEXTS, threads=1025),
            OptionError,
            "`threads` must be from 0 .* to 1024, not 1025",
        ),
        (lambda _: tiankong.evaluate(prepared="x", threads="2"), OptionError, "`threads` must be from 0 .* not '2'"),
        (
            lambda out: tiankong.export("x", out, prepared="y", threads=-1),
            OptionError,
            "`threads` must be from 0 .* not -1",
        ),
        (lambda _: tiankong.load(threads=1025), OptionError, "`threads` must be from 0 .* to 1024, not 1025"),
        (lambda _: tiankong.prepare(TEXTS, None), OptionError, "output must be a path, as a str or a Path, not None"),
        (lambda _: tiankong.prepare(TEXTS, b"out"), OptionError, "output must be a path"),
        (lambda _: tiankong.prepare(TEXTS, ""), OptionError, "output is empty: name a folder"),
        (lambda out: tiankong.prepare(TEXTS, out / "in" / ("a" * 300)), FolderError, "file name too long"),
        (lambda out: tiankong.prepare(TEXTS, out / "in" / "this"), SourceError, "too few to split"),
        (lambda out: tiankong.prepare(TEXTS, out, progress=3), OptionError, "progress must be a function, not 3"),
        (lambda out: tiankong.prepare("质量很好，推荐", out), SourceError, "if it is a text, give it in a list"),
        (lambda out: tiankong.prepare("", out), SourceError, "the source is empty: name a file"),
        (lambda out: tiankong.prepare("a.csv", out), SourceError, r"a\.csv can't be read: No such file"),
        (lambda out: tiankong.train(None, out), OptionError, "prepared must be a path, as a str or a Path, not None"),
        (lambda out: tiankong.train(out, None), OptionError, "output must be a path"),
        (lambda out: tiankong.train(out, out, base=3), OptionError, "base must be a path"),
        (lambda out: tiankong.train(out, out, tensorboard=3), OptionError, "tensorboard must be a path"),
        (lambda out: tiankong.export(None, out, prepared=out), FolderError, "None names no model"),
        (lambda out: tiankong.export("reviews-zh", None, prepared=out), OptionError, "output must be a path"),
        (lambda out: tiankong.export("reviews-zh", out, prepared=None), OptionError, "prepared must be a path"),
        (lambda _: tiankong.evaluate(3, text=TEXTS), FolderError, "3 names no model"),
        (lambda _: tiankong.evaluate("", text=TEXTS), FolderError, "'' names no model"),
        (lambda _: tiankong.evaluate(prepared=3), OptionError, "prepared must be a path"),
        (lambda _: tiankong.PreparedCorpus(None), OptionError, "prepared must be a path"),
        (
            lambda _: tiankong.evaluate(labelled=[("好", "a")], prompts=3, labels=3),
            OptionError,
            "prompts must be a list",
        ),
        (lambda _: tiankong.evaluate(labelled=[("好", "a")], prompts=["好"], labels=3), OptionError, "labels must map"),
        (lambda _: tiankong.load(words=3), OptionError, "words must be a list of words"),
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
    assert "--threads must be from 0" in capsys.readouterr().err


def test_an_empty_name_is_not_the_folder_one_is_in(tmp_path, monkeypatch, capfd):
    (tmp_path / "a.txt").write_text("\n".join(TEXTS), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for command in (["prepare", "", "-o", "out"], ["evaluate", "--text", ""], ["evaluate", "--labelled", ""]):
        assert run(command) == 2
        assert "it is empty: name a file or a folder" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("[prepare]\nminimum_count = '2'", "minimum_count in [prepare] must be a whole number, not a text"),
        ("[prepare]\nsplit = [1, 2]", "split in [prepare] must be a list of 3 values, not of 2"),
        ("[prepare]\ndrop_words = [1]", "drop_words[0] in [prepare] must be a text, not a whole number"),
        ("[model]\nhidden_size = 1.5", "hidden_size in [model] must be a whole number, not a fraction"),
        ("[training]\nlearning_rate = 'x'", "learning_rate in [training] must be a number, not a text"),
        ("prepare = 3", "[prepare] must be a table, not a whole number"),
    ],
)
def test_a_value_of_a_preset_of_the_wrong_type(tmp_path, settings, message):
    (tmp_path / "mine.toml").write_text(settings, encoding="utf-8")
    with pytest.raises(OptionError) as refused:
        tiankong.prepare(TEXTS, tmp_path / "out", preset=tmp_path / "mine.toml")
    assert str(refused.value) == f"the preset {tmp_path / 'mine.toml'} is wrong: {message}"
