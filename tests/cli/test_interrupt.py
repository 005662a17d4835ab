"""Ctrl-C, or SIGTERM: prepare and train leave what --resume continues from, and nothing if there is none."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import TINY
from tiankong.cli.main import run
from tiankong.sample.grammar import write_practice_corpus

PROGRAM = str(Path(sys.executable).with_name("tiankong"))


def start(*arguments):
    return subprocess.Popen(
        [PROGRAM, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A suite that runs in the background of a shell inherits that Ctrl-C is ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads
    )


def interrupted(process, ready, number=signal.SIGINT, code=130):
    """Presses Ctrl-C, or sends another signal, once ``ready`` says so; returns what stood on standard error."""
    deadline = time.monotonic() + 60
    while not ready():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    assert "Traceback" not in err
    return err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_prepare(tmp_path, number, code):
    file = tmp_path / "reviews.txt"
    write_practice_corpus(file, 20_000)
    process = start("prepare", file, "-o", tmp_path / "out")
    err = interrupted(process, (tmp_path / "out.preparing" / "preparing.json").exists, number, code)
    assert err.splitlines()[-1] == "tiankong: stopped: there is nothing yet that --resume could continue from"
    assert [path.name for path in tmp_path.iterdir()] == ["reviews.txt"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_prepare_of_more_text_continues(tmp_path, number, code):
    file, output = tmp_path / "texts.txt", tmp_path / "out"
    line = "，".join(f"第{number}次买外套" for number in range(4000))
    file.write_text("".join(f"{number}{line}\n" for number in range(240)), encoding="utf-8")
    options = [file, "-o", output, "--processes", 2, "--minimum-count", 1]
    process = start("prepare", *options)
    shards = tmp_path / "out.preparing"
    err = interrupted(process, lambda: len(list(shards.glob("*.safetensors"))) > 2, number, code)
    assert f"stopped: the same command with --resume continues from {output}.preparing" in err
    assert not output.exists()
    assert run([str(argument) for argument in ["prepare", *options, "--resume", "--quiet"]]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "texts.txt"]


@pytest.mark.trains
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("after", [0, 0.5])
def test_train_while_its_packages_are_imported(prepared, tmp_path, number, code, after):
    process = start("train", prepared, "-o", tmp_path / "model", *TINY)
    maps = Path(f"/proc/{process.pid}/maps")

    def ready():
        if "libtorch" not in maps.read_text():
            return False
        time.sleep(after)
        return True

    err = interrupted(process, ready, number, code)
    assert err == "tiankong: stopped: there is nothing yet that --resume could continue from\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.trains
def test_train(prepared, tmp_path):
    output = tmp_path / "model"
    options = [prepared, "-o", output, *TINY, "--batch-tokens", 140, "--checkpoint-steps", 2]
    process = start("train", *options)
    err = interrupted(process, (tmp_path / "model.training" / "last.safetensors").exists)
    assert "--resume" in err
    assert not output.exists()
    assert run([str(argument) for argument in ["train", *options, "--resume"]]) == 0
    assert (output / "config.json").exists()
    assert not (tmp_path / "model.training").exists()


@pytest.mark.trains
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("after", [0, 0.05, 0.3])
def test_train_as_soon_as_its_folder_is_there_and_what_it_then_says_is_so(prepared, tmp_path, number, code, after):
    output, folder = tmp_path / "model", tmp_path / "model.training"
    # auto measures what is faster before the first step, and may be stopped there too.
    options = [prepared, "-o", output, *TINY, "--batch-tokens", 140, "--epochs", 1, "--precision", "auto"]
    process = start("train", *options)

    def ready():
        if not folder.exists():
            return False
        time.sleep(after)
        return True

    err = interrupted(process, ready, number, code)
    resumable = "the same command with --resume continues" in err
    assert resumable == folder.exists()
    assert run([str(argument) for argument in ["train", *options, *(["--resume"] if resumable else [])]]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


@pytest.mark.trains
def test_train_while_the_finished_model_is_measured(prepared, tmp_path):
    output = tmp_path / "model"
    options = [prepared, "-o", output, *TINY, "--batch-tokens", 140, "--epochs", 1, "--checkpoint-steps", 2]
    process = start("train", *options)
    err = interrupted(process, lambda: any(tmp_path.glob(".model.partial-*/*")))
    assert "the same command with --resume continues" in err
    assert [path.name for path in tmp_path.iterdir()] == ["model.training"]
    assert run([str(argument) for argument in ["train", *options, "--resume"]]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


@pytest.mark.trains
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_train_with_one_batch_an_epoch_measures_more_than_it_learns(prepared, tmp_path, number, code):
    output = tmp_path / "model"
    endless = ["--batch-tokens", 10**6, "--epochs", 100_000, "--patience", 100_000]
    process = start("train", prepared, "-o", output, *TINY, *endless)
    err = interrupted(process, (tmp_path / "model.training" / "best.safetensors").exists, number, code)
    assert "--resume" in err
    assert not output.exists()
    assert (tmp_path / "model.training" / "run.json").exists()


def test_start_over_deletes_nothing_but_a_training(prepared, tmp_path, capfd):
    mine = tmp_path / "model.training" / "notes.txt"
    mine.parent.mkdir()
    mine.write_text("mine")
    assert run([str(argument) for argument in ["train", prepared, "-o", tmp_path / "model", *TINY, "--force"]]) == 2
    err = capfd.readouterr().err
    assert "notes.txt is no part of a training" in err
    assert err.count("\n") == 1
    assert mine.read_text() == "mine"
    assert [file.name for file in mine.parent.iterdir()] == ["notes.txt"]


@pytest.mark.trains
def test_a_training_that_diverges(prepared, tmp_path, capfd):
    wild = ["--learning-rate", 1, "--weight-decay", 100, "--warmup-steps", 0, "--epochs", 8, "--schedule", "constant"]
    assert run([str(argument) for argument in ["train", prepared, "-o", tmp_path / "model", *TINY, *wild]]) == 2
    assert "the training diverged" in capfd.readouterr().err
    assert list(tmp_path.iterdir()) == []
