"""Training on a GPU, where there is one: as good as on the processor, repeatable, and it can be stopped."""

from __future__ import annotations

import csv
import signal
import subprocess
import sys
import time

import pytest
import torch
from safetensors.numpy import load_file

import tiankong
from tests.conftest import TINY, TINY_CLOZE, succeed

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")

HEADS = {
    "softmax": [],
    "sampled": ["--negatives", "40"],
    "codes": ["--head", "codes"],
    "hybrid": ["--head", "hybrid", "--frequent-words", "40", "--negatives", "40"],
}


def scores(folder):
    return [float(row["validation_perplexity"]) for row in csv.DictReader((folder / "history.csv").open())]


@pytest.mark.parametrize("head", HEADS)
def test_it_learns_what_the_processor_learns_and_repeats_itself(prepared, tmp_path, head):
    for name, device in (("first", "gpu"), ("again", "auto"), ("processor", "cpu")):
        succeed("train", prepared, "-o", tmp_path / name, *TINY_CLOZE, *HEADS[head], "--device", device)
    first, again, processor = (
        load_file(tmp_path / name / "model.safetensors") for name in ("first", "again", "processor")
    )
    assert all((first[name] == again[name]).all() for name in first)
    assert any((first[name] != processor[name]).any() for name in first)
    assert scores(tmp_path / "first") == pytest.approx(scores(tmp_path / "processor"), rel=0.1)
    assert len(tiankong.load(tmp_path / "first").fill("外套__，穿着暖和", top_k=3)) == 3


def test_a_stopped_training_goes_on_to_equal_weights(prepared, tmp_path):
    options = [*TINY_CLOZE, "--batch-tokens", "140", "--epochs", "6", "--checkpoint-steps", "3", "--device", "gpu"]
    whole, output = tmp_path / "whole", tmp_path / "model"
    succeed("train", prepared, "-o", whole, *options)
    process = subprocess.Popen([sys.executable, "-m", "tiankong", "train", prepared, "-o", output, *options])
    checkpoint = tmp_path / "model.training" / "last.safetensors"
    while not checkpoint.exists():
        assert process.poll() is None
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    succeed("train", prepared, "-o", output, *options, "--resume")
    assert (output / "model.safetensors").read_bytes() == (whole / "model.safetensors").read_bytes()


def test_labels_are_learned(prepared, tmp_path):
    learned = [*TINY, "--task", "classify", "--epochs", "6", "--learning-rate", "1e-2", "--device", "gpu"]
    succeed("train", prepared, "-o", tmp_path / "model", *learned)
    accuracies = [
        float(row["validation_accuracy"]) for row in csv.DictReader((tmp_path / "model" / "history.csv").open())
    ]
    assert max(accuracies) > 0.65
