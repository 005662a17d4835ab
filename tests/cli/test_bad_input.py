"""Bad input of every kind: exit code 2, one sentence on standard error, nothing half-written."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import tiankong
from tests.conftest import TINY
from tiankong.cli.main import run
from tiankong.errors import SentenceError

PROGRAM = str(Path(sys.executable).with_name("tiankong"))
GOOD = "物流很快，第二天就到了\n这件外套的做工不错，颜色也好看\n" * 60


@pytest.fixture
def refused(capfd, tmp_path):
    """Runs a command that must be refused; returns the sentence."""

    def check(*arguments: object) -> str:
        capfd.readouterr()
        code = run([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        assert code == 2, (code, out, err)
        assert out == ""
        assert len(err.splitlines()) == 1, err
        assert err.startswith("tiankong: ")
        assert "Traceback" not in err
        assert not [path for path in tmp_path.rglob(".*") if "partial" in path.name]
        return err

    return check


def write(path: Path, content: bytes | str) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


SOURCES = [
    ("missing.txt", None, "missing.txt"),
    ("empty.txt", b"", "empty.txt"),
    ("spaces.txt", b"  \n \n", "spaces.txt"),
    ("binary.txt", b"\x00\x01\x02" * 99, "binary.txt"),
    ("japanese.txt", "この商品はとても良いです\nまた買います\n".encode("shift_jis") * 9, "japanese.txt"),
    ("wide.txt", GOOD.encode("utf-16-le"), "UTF-16"),
    ("few.txt", "物流很快\n", "too few"),
    ("table.csv", "标题,正文\n好,很好\n", "--column"),
    ("broken.jsonl", '{"text": "好"\n', "broken.jsonl"),
    ("letter.docx", b"PK", "letter.docx"),
]


@pytest.mark.parametrize(("name", "content", "words"), SOURCES, ids=[row[0] for row in SOURCES])
def test_files_that_cannot_be_prepared(refused, tmp_path, name, content, words):
    file = tmp_path / name
    if content is not None:
        write(file, content)
    assert words in refused("prepare", file, "-o", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_truncated_zip(refused, tmp_path):
    whole = tmp_path / "whole.zip"
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("reviews.txt", GOOD)
    torn = write(tmp_path / "torn.zip", whole.read_bytes()[:-40])
    assert "torn.zip" in refused("prepare", torn, "-o", tmp_path / "out")


def test_a_column_that_is_not_there(refused, tmp_path):
    file = write(tmp_path / "table.csv", "cat,review\n衣服,很好\n")
    sentence = refused("prepare", file, "-o", tmp_path / "out", "--column", "text")
    assert "review" in sentence
    assert "choose one of them" in sentence


def test_no_word_often_enough(refused, tmp_path):
    texts = write(tmp_path / "a.txt", "\n".join(f"第{number}次买的质量很好" for number in range(200)))
    assert "lower --minimum-count" in refused(
        "prepare", texts, "-o", tmp_path / "out", "--minimum-count", 100000, "--code-bits", 0
    )
    assert not (tmp_path / "out").exists()


def test_outputs_that_exist(refused, corpus_file, prepared, tmp_path):
    shutil.copytree(prepared, tmp_path / "out")
    assert "--force" in refused("prepare", corpus_file, "-o", tmp_path / "out")
    foreign = tmp_path / "letters"
    foreign.mkdir()
    write(foreign / "letter.txt", "别删我")
    for command in (["prepare", corpus_file], ["train", prepared]):
        assert "holds other files" in refused(*command, "-o", foreign, "--force")
        assert (foreign / "letter.txt").read_text(encoding="utf-8") == "别删我"


def test_outputs_that_cannot_be_written(refused, corpus_file, prepared, tmp_path):
    file = write(tmp_path / "file", "x")
    assert "can't be written" in refused("prepare", corpus_file, "-o", file / "out")
    assert "can't be written" in refused("train", prepared, "-o", file / "model")
    assert "not a folder" in refused("prepare", corpus_file, "-o", file, "--force")


def full_disk(limit: int):
    def set_limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return set_limit


@pytest.mark.trains
@pytest.mark.parametrize("limit", [2_000, 20_000])
def test_a_disk_that_fills_up(corpus_file, prepared, tmp_path, limit):
    for command, name in [(["prepare", corpus_file, "--code-bits", "0"], "out"), (["train", prepared, *TINY], "model")]:
        program = [PROGRAM, *map(str, command), "-o", str(tmp_path / name)]
        done = subprocess.run(program, capture_output=True, text=True, preexec_fn=full_disk(limit), check=False)
        assert done.returncode == 2, done.stderr
        assert "can't be written" in done.stderr.splitlines()[-1]
        assert "Traceback" not in done.stderr
        assert not (tmp_path / name).exists()
        assert not list(tmp_path.glob(".*partial*"))


def edit_json(file: Path, **changes: object) -> None:
    content = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**content, **changes}), encoding="utf-8")


TORN = {
    "not one at all": (lambda folder, *_: shutil.rmtree(folder) or folder.mkdir(), "is not a"),
    "gone": (lambda folder, *_: shutil.rmtree(folder), "there is no folder"),
    "a file missing": (lambda folder, _, data: (folder / data).unlink(), "is missing from"),
    "a file cut off": (lambda folder, _, data: os.truncate(folder / data, 100), "damaged or was changed"),
    "the vocabulary edited": (
        lambda folder, *_: write(folder / "vocabulary.tsv", "好\t3\n"),
        "vocabulary.tsv",
    ),
    "manifest not JSON": (lambda folder, manifest, _: write(folder / manifest, "{"), "as JSON"),
    "manifest a list": (lambda folder, manifest, _: write(folder / manifest, "[]"), "not a JSON object"),
    "manifest edited": (lambda folder, manifest, _: edit_json(folder / manifest, words=7), "changed after"),
    "newer": (lambda folder, manifest, _: edit_json(folder / manifest, version=99), "upgrade"),
}


@pytest.mark.parametrize("case", TORN)
def test_prepared_folders_that_cannot_be_trusted(refused, prepared, tmp_path, case):
    spoil, words = TORN[case]
    folder = tmp_path / "prepared"
    shutil.copytree(prepared, folder)
    spoil(folder, "prepared.json", "train.tokens.npy")
    assert words in refused("train", folder, "-o", tmp_path / "model", *TINY)
    assert not (tmp_path / "model").exists()
    assert not (tmp_path / "model.training").exists()


@pytest.mark.parametrize("case", TORN)
def test_model_folders_that_cannot_be_trusted(refused, model_folder, tmp_path, case):
    spoil, words = TORN[case]
    folder = tmp_path / "model"
    shutil.copytree(model_folder, folder)
    spoil(folder, "config.json", "model.onnx")
    assert words in refused("fill", "--model", folder, "物流__")


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("物流很快", "no blank"),
        ("__ __", "nothing but blanks"),
        ("\u200b__", "the model reads nothing beside the blank of"),
        ("物流\ud800__", "not valid Unicode"),
    ],
    ids=["no blank", "only blanks", "nothing read", "surrogate"],
)
def test_sentences_that_cannot_be_filled(refused, model_folder, sentence, words):
    with pytest.raises(SentenceError, match=words):
        tiankong.load(model_folder).fill(sentence)
    assert words in refused("fill", "--model", model_folder, sentence)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["train", "x", "-o", "y", "--epochs", "0", "--layers", "0", "--cell", "rnn"], ["epochs", "layers", "cell"]),
        (["train", "x", "-o", "y", "--preset", "huge"], ["huge", "default"]),
        (["train", "x", "-o", "y", "--preset", ""], ["no preset", "default"]),
        (
            ["prepare", "x", "-o", "y", "--split", "60/40"],
            ["--split takes three shares, such as 60/20/20, not '60/40'"],
        ),
        (["prepare", "-o", "y"], ["FILES"]),
        (["fil"], ["fil"]),
        (["evaluate", "--model", "x"], ["--prepared", "--text"]),
    ],
)
def test_bad_options(refused, arguments, words):
    sentence = refused(*arguments)
    for word in words:
        assert word in sentence


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[model]\nhiden_size = 3\n", "hiden_size"),
        ('[model]\nhidden_size = "big"\n', "hidden_size"),
        ("[models]\n", "models"),
        ("[model\n", "line 1"),
    ],
)
def test_bad_presets(refused, tmp_path, text, words):
    preset = write(tmp_path / "mine.toml", text)
    assert words in refused("train", "x", "-o", tmp_path / "y", "--preset", preset)


def test_answers_wanted(refused, model_folder):
    assert "--top-k" in refused("fill", "--model", model_folder, "-k", 0, "物流__很快")
    assert "codes" in refused("fill", "--model", model_folder, "--decoding", "distance", "物流__很快")
