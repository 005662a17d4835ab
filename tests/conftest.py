"""Small real corpora and models, made once through the command line and shared by all workers; and the lanes.

A test is marked by the fixtures it uses, directly, through others or as a parameter: ``trains`` where one of them
trains a model, ``browser`` where one starts Chromium, ``service`` where one starts a server. A test that trains or
serves without such a fixture carries the mark itself. ``make test-fast`` runs the tests that have none of them.
"""

from __future__ import annotations

import importlib
import os
import shutil
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from hypothesis import settings

from tiankong.artifact import built_in
from tiankong.cli.main import run
from tiankong.sample.grammar import write_practice_corpus

# On a slow machine the first example takes long: a dictionary is read, a network opened.
settings.register_profile("suite", settings(), deadline=None)
settings.load_profile("suite")

TINY = [
    *("--preset", "small", "--embedding-size", "16", "--hidden-size", "16", "--mlp-sizes", "32"),
    *("--character-size", "8", "--batch-tokens", "1024", "--epochs", "2", "--threads", "1", "--quiet"),
    *("--precision", "fp32"),  # auto measures both for two seconds
]

TINY_CLOZE = [*TINY, "--window", "64"]

TUNING = ["--epochs", "2", "--batch-tokens", "1024", "--threads", "1", "--precision", "fp32", "--quiet"]


def optional_package(name: str) -> Any:
    """A package that can't be built everywhere: without it the tests are skipped, but not in CI."""
    return importlib.import_module(name) if os.environ.get("CI") else pytest.importorskip(name)


def succeed(*arguments: object) -> None:
    """Runs a command that must work."""
    assert run([str(argument) for argument in arguments]) == 0


LANES: Mapping[str, Collection[str]] = {
    "trains": (
        "model_folder",
        "codes_model_folder",
        "spaced_model_folder",
        "hybrid_model_folder",
        "classifier_folder",
        "practice_model",
        "tuned_folder",
        "benchmark",
    ),
    "browser": ("browser",),
    "service": ("server", "labelling", "url", "prefixed"),
}
"""Marks, and the fixtures that give them to a test."""


LONGEST = (
    "benchmark/test_benchmark.py",
    "cli/test_interrupt.py",
    "training/test_classifier.py",
    "training/test_resume.py",
    "pipeline/test_answer_resume.py",
    "test_packaging.py",
    "docs/test_examples.py",
    "serve/test_workers.py",
)
"""The files that take longest, which begin first: one of them at the end would leave all workers but its own idle."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks tests by their fixtures, and puts :data:`LONGEST` first."""
    tests = Path(__file__).parent
    places = {tests / name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path, len(places)))
    for item in items:
        assert isinstance(item, pytest.Function)
        parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
        used = {*item.fixturenames, *(value for value in parameters if isinstance(value, str))}
        for mark, fixtures in LANES.items():
            if not used.isdisjoint(fixtures):
                item.add_marker(mark)


Make = Callable[[str, Callable[[Path], Any]], Path]


@pytest.fixture(scope="session")
def make_once(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """``make_once(name, make)``: the folder of that name, filled by ``make`` in whichever worker asks first.

    The others wait for it, and nobody may change what is in it.
    """
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent  # of all workers

    def folder(name: str, make: Callable[[Path], Any]) -> Path:
        place, made = root / name, root / f"{name}.made"
        with FileLock(root / f"{name}.lock"):
            if not made.exists():
                shutil.rmtree(place, ignore_errors=True)  # an attempt that failed
                place.mkdir()
                make(place)
                made.touch()
        return place

    return folder


@pytest.fixture(scope="session")
def corpus_file(make_once: Make) -> Path:
    return make_once("corpus", lambda folder: write_practice_corpus(folder / "reviews.txt", 400)) / "reviews.txt"


@pytest.fixture(scope="session")
def prepared(corpus_file: Path, make_once: Make) -> Path:
    options = ("--minimum-count", 2, "--code-bits", 50, "--quiet")
    return _prepared(make_once, "prepared", corpus_file, *options)


@pytest.fixture(scope="session")
def model_folder(prepared: Path, make_once: Make) -> Path:
    return _trained(make_once, "softmax", prepared, *TINY_CLOZE)


@pytest.fixture(scope="session")
def spaced_model_folder(make_once: Make) -> Path:
    """A model for English, which has spaces between words."""
    things, qualities = ("coat", "lamp", "kettle", "mirror"), ("cheap", "quiet", "sturdy", "unusable", "comfortable")
    lines = [
        f"the {thing} is {quality} but the {other} isn't {quality}"
        for thing in things
        for other in things
        for quality in qualities
    ]
    file = make_once("english", lambda folder: (folder / "texts.txt").write_text("\n".join(lines), encoding="utf-8"))
    options = ("--segmenter", "unicode", "--minimum-count", 1, "--code-bits", 0, "--quiet")
    return _trained(
        make_once, "spaced", _prepared(make_once, "spaced-prepared", file / "texts.txt", *options), *TINY_CLOZE
    )


@pytest.fixture(scope="session")
def codes_model_folder(prepared: Path, make_once: Make) -> Path:
    return _trained(make_once, "codes", prepared, *TINY_CLOZE, "--head", "codes", "--decoding", "distance")


@pytest.fixture(scope="session")
def hybrid_model_folder(prepared: Path, make_once: Make) -> Path:
    shape = ("--head", "hybrid", "--frequent-words", "40", "--word-vectors", "60")
    return _trained(make_once, "hybrid", prepared, *TINY_CLOZE, *shape)


@pytest.fixture(scope="session")
def classifier_folder(prepared: Path, make_once: Make) -> Path:
    """Trained from scratch on the labels that the practice texts have."""
    options = ("--task", "classify", *TINY, "--epochs", "6", "--learning-rate", "1e-2")
    return _trained(make_once, "classifier", prepared, *options)


@pytest.fixture(scope="session")
def practice_corpus(make_once: Make) -> Path:
    """Enough text for a small model to learn something."""
    file = make_once("practice", lambda folder: write_practice_corpus(folder / "reviews.txt", 3000)) / "reviews.txt"
    return _prepared(make_once, "practice-prepared", file, "--code-bits", 0, "--quiet")


@pytest.fixture(scope="session")
def practice_model(practice_corpus: Path, make_once: Make) -> Path:
    sizes = (
        "--embedding-size",
        48,
        "--hidden-size",
        64,
        "--mlp-sizes",
        96,
        "--attention-size",
        32,
        "--ngram-rows",
        512,
    )
    options = ("--preset", "small", *sizes, "--epochs", 3, "--threads", 1, "--measure-limit", 300, "--quiet")
    return _trained(make_once, "practice-model", practice_corpus, *options)


@pytest.fixture(scope="session")
def tuned_folder(practice_corpus: Path, practice_model: Path, make_once: Make) -> Path:
    """A classifier fine-tuned from a model that fills blanks."""
    return _trained(make_once, "tuned", practice_corpus, "--task", "classify", "--from", practice_model, *TUNING)


@pytest.fixture
def two_languages(
    model_folder: Path, spaced_model_folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: Any
) -> Path:
    """An installation with a general model for each of two languages, in this process; returns their folder."""
    folder = tmp_path_factory.mktemp("models")
    of_names = {"zh": model_folder, "en": spaced_model_folder}
    for name in {*built_in.built_in_models(), *of_names}:
        (folder / name).symlink_to(of_names.get(name) or built_in.model_path(name))
    monkeypatch.setattr(built_in, "BUILT_IN_FOLDER", folder)
    return folder


def _prepared(make_once: Make, name: str, file: Path, *options: object) -> Path:
    return make_once(name, lambda folder: succeed("prepare", file, "-o", folder / "prepared", *options)) / "prepared"


def _trained(make_once: Make, name: str, corpus: Path, *options: object) -> Path:
    return make_once(name, lambda folder: succeed("train", corpus, "-o", folder / "model", *options)) / "model"
