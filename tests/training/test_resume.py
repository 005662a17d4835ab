"""A training that is killed goes on to the very same weights."""

from __future__ import annotations

import csv
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from safetensors.numpy import load_file

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


def train(prepared, output, *more, **options):
    return subprocess.Popen(
        [PROGRAM, "train", str(prepared), "-o", str(output), *OPTIONS, *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def finished(process):
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return out


def weights(folder):
    return (folder / "model.safetensors").read_bytes()


@pytest.fixture(scope="module")
def uninterrupted(prepared, tmp_path_factory):
    folders = {}
    for precision in ("fp32", "bf16"):
        folders[precision] = tmp_path_factory.mktemp(precision) / "model"
        finished(train(prepared, folders[precision], "--precision", precision))
    return folders


def test_same_seed_same_weights(prepared, uninterrupted, tmp_path):
    finished(train(prepared, tmp_path / "again", "--precision", "fp32"))
    assert weights(tmp_path / "again") == weights(uninterrupted["fp32"])


def test_bf16_trains_as_well_but_not_the_same(uninterrupted):
    perplexities = [
        [float(row["validation_perplexity"]) for row in csv.DictReader((folder / "history.csv").open())]
        for folder in uninterrupted.values()
    ]
    assert perplexities[0] != perplexities[1]
    assert perplexities[1] == pytest.approx(perplexities[0], rel=0.05)


def test_another_seed_gives_other_weights(prepared, uninterrupted, tmp_path):
    whole, other = uninterrupted["fp32"], tmp_path / "other"
    finished(train(prepared, other, "--seed", "2", "--precision", "fp32"))
    ours, theirs = load_file(whole / "model.safetensors"), load_file(other / "model.safetensors")
    assert ours.keys() == theirs.keys()
    assert any((ours[name] != theirs[name]).any() for name in ours)


@pytest.mark.parametrize(("seed", "precision"), [(1, "fp32"), (2, "bf16")])
def test_killed_training_resumes_to_equal_weights(prepared, uninterrupted, tmp_path, seed, precision):
    generator = random.Random(seed)
    output = tmp_path / "model"
    checkpoint = tmp_path / "model.training" / "last.safetensors"
    kills = 0
    process = train(prepared, output, "--precision", precision)
    while kills < 3:
        started = time.time()
        while process.poll() is None and not (checkpoint.exists() and checkpoint.stat().st_mtime > started):
            time.sleep(0.005)
        time.sleep(generator.uniform(0, 0.4))
        if process.poll() is not None:
            break
        process.send_signal(signal.SIGKILL)
        process.communicate()
        kills += 1
        process = train(prepared, output, "--precision", precision, "--resume")
    assert kills >= 1
    finished(process)
    assert weights(output) == weights(uninterrupted[precision])
    history = (output / "history.csv").read_text().splitlines()
    expected = (uninterrupted[precision] / "history.csv").read_text().splitlines()
    # All but the two columns that are times.
    assert [line.rsplit(",", 2)[0] for line in history] == [line.rsplit(",", 2)[0] for line in expected]
    assert not (tmp_path / "model.training").exists()


def test_resume_refuses_another_run(prepared, tmp_path):
    output = tmp_path / "model"
    process = train(prepared, output)
    while not (tmp_path / "model.training" / "last.safetensors").exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.communicate()
    for more, words in [
        ((), "unfinished training"),
        (("--resume", "--hidden-size", "18"), "has other options"),
    ]:
        process = train(prepared, output, *more)
        _, err = process.communicate(timeout=120)
        assert process.returncode == 2
        assert words in err
        assert "Traceback" not in err


def test_resume_without_a_checkpoint_starts_at_the_beginning(prepared, uninterrupted, tmp_path):
    output = tmp_path / "model"
    run_file = tmp_path / "model.training" / "run.json"
    process = train(prepared, output, "--precision", "fp32")
    while not run_file.exists():
        assert process.poll() is None
        time.sleep(0.001)
    process.kill()
    process.communicate()
    assert not (run_file.parent / "last.safetensors").exists()
    finished(train(prepared, output, "--precision", "fp32", "--resume"))
    assert weights(output) == weights(uninterrupted["fp32"])
