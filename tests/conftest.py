"""Small real corpora and models, made once through the command line."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tiankong.cli.main import run
from tiankong.sample.grammar import write_practice_corpus

# On a slow machine the first example takes long: a dictionary is read, a network opened.
settings.register_profile("suite", settings(), deadline=None)
settings.load_profile("suite")

TINY = [
    *("--preset", "small", "--embedding-size", "16", "--hidden-size", "16", "--mlp-sizes", "32"),
    *(
        "--character-size",
        "8",
        "--batch-tokens",
        "1024",
        "--epochs",
        "2",
        "--threads",
        "1",
        "--quiet",
    ),
]

TINY_CLOZE = [*TINY, "--window", "64"]

TUNING = ["--epochs", "2", "--batch-tokens", "1024", "--threads", "1", "--quiet"]


def optional_package(name: str) -> Any:
    """A package that can't be built everywhere: without it the tests are skipped, but not in CI."""
    return importlib.import_module(name) if os.environ.get("CI") else pytest.importorskip(name)


def succeed(*arguments: object) -> None:
    """Runs a command that must work."""
    assert run([str(argument) for argument in arguments]) == 0


@pytest.fixture(scope="session")
def corpus_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("corpus") / "reviews.txt"
    write_practice_corpus(file, 400)
    return file


@pytest.fixture(scope="session")
def prepared(corpus_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prepared") / "prepared"
    succeed("prepare", corpus_file, "-o", folder, "--minimum-count", 2, "--code-bits", 50, "--quiet")
    return folder


@pytest.fixture(scope="session")
def model_folder(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("softmax") / "model"
    succeed("train", prepared, "-o", folder, *TINY_CLOZE)
    return folder


@pytest.fixture(scope="session")
def codes_model_folder(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("codes") / "model"
    succeed("train", prepared, "-o", folder, *TINY_CLOZE, "--head", "codes", "--decoding", "distance")
    return folder


@pytest.fixture(scope="session")
def hybrid_model_folder(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hybrid") / "model"
    shape = ("--head", "hybrid", "--frequent-words", "40", "--word-vectors", "60")
    succeed("train", prepared, "-o", folder, *TINY_CLOZE, *shape)
    return folder


@pytest.fixture(scope="session")
def classifier_folder(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Trained from scratch on the labels that the practice texts have."""
    folder = tmp_path_factory.mktemp("classifier") / "model"
    succeed("train", prepared, "-o", folder, "--task", "classify", *TINY, "--epochs", "6", "--learning-rate", "1e-2")
    return folder


@pytest.fixture(scope="session")
def practice_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Enough text for a small model to learn something."""
    folder = tmp_path_factory.mktemp("practice")
    write_practice_corpus(folder / "reviews.txt", 3000)
    succeed("prepare", folder / "reviews.txt", "-o", folder / "prepared", "--code-bits", 0, "--quiet")
    return folder / "prepared"


@pytest.fixture(scope="session")
def practice_model(practice_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("practice-model") / "model"
    sizes = ("--embedding-size", 48, "--hidden-size", 64, "--mlp-sizes", 96, "--attention-size", 32)
    options = ("--preset", "small", *sizes, "--epochs", 3, "--threads", 1, "--measure-limit", 300, "--quiet")
    succeed("train", practice_corpus, "-o", folder, *options)
    return folder


@pytest.fixture(scope="session")
def tuned_folder(practice_corpus: Path, practice_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classifier trained on from a model that fills blanks."""
    folder = tmp_path_factory.mktemp("tuned") / "model"
    succeed("train", practice_corpus, "-o", folder, "--task", "classify", "--from", practice_model, *TUNING)
    return folder
