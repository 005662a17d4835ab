"""A training that is killed goes on to the very same weights."""

from __future__ import annotations

import csv
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from filelock import FileLock
from safetensors.numpy import load_file

from tests.conftest import succeed
from tests.processes import Command
from tiankong.cli.main import run
from tiankong.corpus.splits import SPLITS, split_of, text_hash
from tiankong.training.precision import has_bf16
from tiankong.training.run_folder import Work, remove_run

pytestmark = pytest.mark.trains

PROGRAM = str(Path(sys.executable).with_name("tiankong"))
OPTIONS = [
    *("--preset", "small", "--embedding-size", "16", "--hidden-size", "16", "--mlp-sizes", "24"),
    *("--character-size", "8", "--batch-tokens", "140", "--window", "64", "--epochs", "4", "--checkpoint-steps", "3"),
    *(
        "--negatives",
        "40",
        "--warmup-steps",
        "5",
        "--validation-sentences",
        "20",
        "--threads",
        "1",
    ),
]


needs_bf16 = pytest.mark.skipif(not has_bf16(), reason="this processor has no bf16")


def train(prepared, output, *more):
    """Starts a training."""
    return Command("train", prepared, "-o", output, *OPTIONS, *more)


def finish(prepared, output, *more):
    """Trains in this process, which has its imports behind it: for trainings that nobody stops."""
    succeed("train", prepared, "-o", output, *OPTIONS, *more)


def stop(process):
    process.send_signal(signal.SIGTERM)
    process.wait()
    if process.returncode == 0:
        pytest.skip("it was done before the signal came")


def weights(folder):
    return (folder / "model.safetensors").read_bytes()


def history(folder):
    """All of it but the three columns that are times."""
    return [line.rsplit(",", 3)[0] for line in (folder / "history.csv").read_text().splitlines()]


@pytest.fixture(scope="module")
def uninterrupted(prepared, tmp_path_factory):
    folders = {}
    for precision in ("fp32", "bf16") if has_bf16() else ("fp32",):
        folders[precision] = tmp_path_factory.mktemp(precision) / "model"
        finish(prepared, folders[precision], "--precision", precision)
    return folders


def test_same_seed_same_weights(prepared, uninterrupted, tmp_path):
    command = [PROGRAM, "train", prepared, "-o", tmp_path / "again", *OPTIONS, "--precision", "fp32"]
    subprocess.run(command, check=True, capture_output=True)
    assert weights(tmp_path / "again") == weights(uninterrupted["fp32"])


@needs_bf16
def test_bf16_trains_as_well_but_not_the_same(uninterrupted):
    perplexities = [
        [float(row["validation_perplexity"]) for row in csv.DictReader((folder / "history.csv").open())]
        for folder in uninterrupted.values()
    ]
    assert perplexities[0] != perplexities[1]
    assert perplexities[1] == pytest.approx(perplexities[0], rel=0.05)


def test_another_seed_gives_other_weights(prepared, uninterrupted, tmp_path):
    whole, other = uninterrupted["fp32"], tmp_path / "other"
    finish(prepared, other, "--seed", "2", "--precision", "fp32")
    ours, theirs = load_file(whole / "model.safetensors"), load_file(other / "model.safetensors")
    assert ours.keys() == theirs.keys()
    assert any((ours[name] != theirs[name]).any() for name in ours)


@pytest.mark.parametrize(("seed", "precision"), [(1, "fp32"), pytest.param(2, "bf16", marks=needs_bf16)])
def test_killed_training_resumes_to_equal_weights(prepared, uninterrupted, tmp_path, seed, precision):
    generator = random.Random(seed)
    output = tmp_path / "model"
    checkpoint = tmp_path / "model.training" / "last.safetensors"
    kills = 0
    process = train(prepared, output, "--precision", precision)
    while kills < 3:
        started = time.time()
        while process.returncode is None and not (checkpoint.exists() and checkpoint.stat().st_mtime > started):
            time.sleep(0.005)
        time.sleep(generator.uniform(0, 0.4))
        if process.returncode is not None:
            break
        process.send_signal(signal.SIGKILL)
        process.wait()
        kills += 1
        process = train(prepared, output, "--precision", precision, "--resume")
    assert kills >= 1
    process.wait()
    assert process.returncode == 0
    assert weights(output) == weights(uninterrupted[precision])
    assert history(output) == history(uninterrupted[precision])
    assert not (tmp_path / "model.training").exists()


def test_a_training_that_was_moved_goes_on(prepared, uninterrupted, tmp_path):
    output = tmp_path / "first" / "model"
    output.parent.mkdir()
    best = tmp_path / "first" / "model.training" / "best.safetensors"
    process = train(prepared, output, "--precision", "fp32")
    while not best.exists():
        assert process.returncode is None
        time.sleep(0.005)
    stop(process)
    kept = best.read_bytes()
    shutil.copytree(tmp_path / "first", tmp_path / "second")
    moved = tmp_path / "second" / "model"
    finish(prepared, moved, "--precision", "fp32", "--resume")
    assert weights(moved) == weights(uninterrupted["fp32"])
    assert best.read_bytes() == kept


def test_resume_refuses_another_run(prepared, tmp_path, capfd):
    output = tmp_path / "model"
    process = train(prepared, output)
    while not (tmp_path / "model.training" / "last.safetensors").exists():
        assert process.returncode is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    other = tmp_path / "other"
    (tmp_path / "texts.txt").write_text("\n".join(f"第{number}次买，很好" for number in range(60)), encoding="utf-8")
    assert run(["prepare", str(tmp_path / "texts.txt"), "-o", str(other), "--minimum-count", "2", "--quiet"]) == 0
    for corpus, more, words in [
        (prepared, (), "unfinished training"),
        (
            prepared,
            ("--resume", "--mlp-sizes", "24,20", "--no-neighbours"),
            "was started with --neighbours (now --no-neighbours), --mlp-sizes 24 (now 24,20): repeat the original",
        ),
        (
            prepared,
            ("--resume", "--preset", "tutorial", "--head", "softmax"),
            "other settings differ: repeat the original options",
        ),
        (prepared, ("--resume", "--epochs", "5"), f"It was started by: tiankong train prepared -o model {OPTIONS[0]}"),
        (other, ("--resume",), "was started with the corpus prepared (now other): repeat the original"),
    ]:
        capfd.readouterr()
        assert run(["train", str(corpus), "-o", str(output), *OPTIONS, *more]) == 2
        assert words in (err := capfd.readouterr().err)
        assert err.count("\n") == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_training_that_was_stopped_while_it_was_measured_is_measured_alone(
    prepared, uninterrupted, tmp_path, capfd, number
):
    output = tmp_path / "model"
    for _ in range(10):  # until the signal comes before it is done
        process = train(prepared, output, "--precision", "fp32")
        while process.returncode is None and not (tmp_path / "model.training" / "epochs.safetensors").exists():
            time.sleep(0.005)
        process.send_signal(number)
        err = process.wait()
        if process.returncode != 0:
            break
        shutil.rmtree(output)
    assert process.returncode == 128 + number
    assert "the same command with --resume continues" in err
    assert "Traceback" not in err
    assert [path.name for path in tmp_path.iterdir()] == ["model.training"]
    arguments = ["train", str(prepared), "-o", str(output), *OPTIONS, "--precision", "fp32", "--resume"]
    assert run(arguments) == 0
    err = capfd.readouterr().err
    assert "all of its epochs are done" in err
    assert "epoch 4/4" not in err
    assert weights(output) == weights(uninterrupted["fp32"])
    assert (output / "model.onnx").read_bytes() == (uninterrupted["fp32"] / "model.onnx").read_bytes()
    assert history(output) == history(uninterrupted["fp32"])


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "5", '{"precision": null, "model": {}}', '{"precision": "fp32", "model": 3}']
)
def test_resume_says_when_its_run_can_not_be_read(prepared, tmp_path, capfd, text):
    folder = tmp_path / "model.training"
    folder.mkdir()
    (folder / "run.json").write_text(text)
    assert run(["train", str(prepared), "-o", str(tmp_path / "model"), *OPTIONS, "--resume"]) == 2
    err = capfd.readouterr().err
    assert f"run.json in {folder} can't be read: start over with --force instead of --resume" in err
    assert err.count("\n") == 1


def test_a_folder_with_nothing_but_a_lock_is_no_training(prepared, uninterrupted, tmp_path, capfd):
    (tmp_path / "model.training").mkdir()
    (tmp_path / "model.training" / "lock").touch()
    arguments = ["train", str(prepared), "-o", str(tmp_path / "model"), *OPTIONS, "--precision", "fp32"]
    assert run([*arguments, "--resume"]) == 0
    note = f"tiankong: there is no unfinished training in {tmp_path / 'model.training'}: starting from the beginning\n"
    assert capfd.readouterr().err.startswith(note)
    assert weights(tmp_path / "model") == weights(uninterrupted["fp32"])


def test_a_training_that_was_kept_can_be_finished_again_by_what_began_it_only(prepared, uninterrupted, tmp_path, capfd):
    output = tmp_path / "model"
    arguments = ["train", str(prepared), "-o", str(output), *OPTIONS, "--precision", "fp32", "--keep-checkpoints"]
    assert run(arguments) == 0
    shutil.rmtree(output)
    for more, words in [
        ([], "holds a training whose epochs are all done: make its model again with --resume or start over with"),
        (["--resume", "--epochs", "5"], "was started with --epochs 4 (now 5): repeat the original"),
    ]:
        capfd.readouterr()
        assert run([*arguments, *more]) == 2
        assert words in (err := capfd.readouterr().err)
        assert err.count("\n") == 1
    assert run([*arguments, "--resume"]) == 0
    assert weights(output) == weights(uninterrupted["fp32"])


def test_a_checkpoint_that_was_changed_is_not_gone_on_from(prepared, tmp_path, capfd):
    output = tmp_path / "model"
    process = train(prepared, output)
    last, best = (tmp_path / "model.training" / f"{name}.safetensors" for name in ("last", "best"))
    while not (last.exists() and best.exists()):
        assert process.returncode is None
        time.sleep(0.005)
    stop(process)
    changed = bytearray(last.read_bytes())
    changed[len(changed) // 2] ^= 1
    for content in (bytes(changed), best.read_bytes()):
        last.write_bytes(content)
        assert run(["train", str(prepared), "-o", str(output), *OPTIONS, "--resume"]) == 2
        err = capfd.readouterr().err
        assert f"the checkpoint {last} is damaged or was changed after it was written: start over with --force" in err
        assert err.count("\n") == 1
        assert last.read_bytes() == content


def test_resume_without_a_checkpoint_starts_at_the_beginning(prepared, uninterrupted, tmp_path, capfd):
    output = tmp_path / "model"
    run_file = tmp_path / "model.training" / "run.json"
    process = train(prepared, output, "--precision", "fp32")
    while not run_file.exists():
        assert process.returncode is None
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (run_file.parent / "last.safetensors").exists()
    finish(prepared, output, "--precision", "fp32", "--resume")
    assert "stopped before its first checkpoint and starts at the beginning" in capfd.readouterr().err
    assert weights(output) == weights(uninterrupted["fp32"])


def test_a_run_that_another_process_took_up_is_left_to_it(tmp_path):
    folder = tmp_path / "model.training"
    folder.mkdir()
    (folder / "run.json").write_text("{}")
    with FileLock(folder / "lock"):
        remove_run(Work(folder))
        assert (folder / "run.json").exists()
    remove_run(Work(folder))
    assert not folder.exists()


def test_what_can_not_be_measured_is_not_trained(tmp_path, capfd):
    place = lambda text: SPLITS[split_of(text_hash(text, 1), (60, 20, 20))]  # noqa: E731
    known = [text for text in (f"第{number}次买，很好" for number in range(60)) if place(text) != "test"]
    rare = [chr(number) for number in range(0x3400, 0x3440) if place(chr(number)) == "test"]
    (tmp_path / "texts.txt").write_text("\n".join([*known, *rare]), encoding="utf-8")
    options = ["--minimum-count", "2", "--code-bits", "0", "--quiet"]
    assert run(["prepare", str(tmp_path / "texts.txt"), "-o", str(tmp_path / "prepared"), *options]) == 0
    assert run(["train", str(tmp_path / "prepared"), "-o", str(tmp_path / "model"), *OPTIONS]) == 2
    assert "the test split of" in (err := capfd.readouterr().err)
    assert "has no known word to predict" in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["prepared", "texts.txt"]


def test_a_folder_is_trained_in_by_one_process(prepared, tmp_path, capfd):
    output = tmp_path / "model"
    process = train(prepared, output, "--epochs", "20000", "--patience", "20000")
    checkpoint = tmp_path / "model.training" / "last.safetensors"
    while not checkpoint.exists():
        assert process.returncode is None
        time.sleep(0.005)
    for option in (["--resume"], ["--force"], []):
        options = ["train", str(prepared), "-o", str(output), *OPTIONS, "--epochs", "20000", "--patience", "20000"]
        assert run([*options, *option]) == 2
        assert "another process is training" in capfd.readouterr().err
    assert process.returncode is None
    process.send_signal(signal.SIGTERM)
    err = process.wait(60)
    assert process.returncode == 128 + signal.SIGTERM
    assert "--resume continues" in err
    assert checkpoint.exists()
    assert not output.exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--hidden-size", "100000000"], "--hidden-size must be from 1 to"),
        (["--layers", "1000000"], "--layers must be from 1 to"),
        (["--mlp-sizes", "12,99999999"], "--mlp-sizes must all be from 1 to"),
        (["--embedding-size", "32768", "--hidden-size", "32768", "--layers", "32"], "GiB to train"),
        (["--device", "gpu"], "device gpu needs a GPU"),
        *([] if has_bf16() else [(["--precision", "bf16"], "precision bf16 needs")]),
    ],
)
def test_what_the_machine_cannot_do_leaves_nothing(prepared, tmp_path, capfd, options, words):
    if "gpu" in options and torch.cuda.is_available():
        pytest.skip("there is a GPU")
    assert run(["train", str(prepared), "-o", str(tmp_path / "model"), *OPTIONS, *options]) == 2
    err = capfd.readouterr().err
    assert words in err
    assert err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_codes_that_are_learned_resume_too(prepared, tmp_path):
    options = ("--head", "codes", "--learning-rate", "0.05", "--precision", "fp32")
    whole, output = tmp_path / "whole", tmp_path / "model"
    finish(prepared, whole, *options)
    process = train(prepared, output, *options)
    while not (tmp_path / "model.training" / "last.safetensors").exists():
        assert process.returncode is None
        time.sleep(0.005)
    stop(process)
    finish(prepared, output, *options, "--resume")
    assert weights(output) == weights(whole)
    assert (output / "codes.safetensors").read_bytes() == (whole / "codes.safetensors").read_bytes()
