"""Training and exporting from Python, as in a notebook: no command line, no files but what the functions write."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import threading

import pytest

import tiankong
from tiankong.config import ClassifierConfig, ModelConfig, Preset, TrainingConfig
from tiankong.pipeline.calls import call_text
from tiankong.sample.grammar import write_practice_corpus

pytestmark = pytest.mark.trains

SMALL = {
    **{"preset": "small", "embedding_size": 16, "hidden_size": 16, "mlp_sizes": (24,), "character_size": 8},
    **{"batch_tokens": 300, "epochs": 2, "checkpoint_steps": 2, "threads": 1, "precision": "fp32"},
}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("notebook")
    write_practice_corpus(folder / "reviews.txt", 300)
    lines = (folder / "reviews.txt").read_text(encoding="utf-8").splitlines()
    pairs = [(text, label) for text, _, label in (line.partition(",,") for line in lines)]
    return tiankong.prepare(pairs, folder / "prepared", minimum_count=2, code_bits=50)


@pytest.fixture(scope="module")
def steps():
    return []


@pytest.fixture(scope="module")
def result(corpus, steps):
    return tiankong.train(corpus, corpus.path.parent / "model", progress=steps.append, profile=True, **SMALL)


def test_what_a_training_returns_is_what_it_wrote(result):
    assert result.metrics == json.loads((result.path / "metrics.json").read_text(encoding="utf-8"))
    with (result.path / "history.csv").open(encoding="utf-8") as file:
        rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
    assert result.history == rows
    assert result.profile.tokens > 0
    assert len(tiankong.load(result.path).fill("物流__，很快", top_k=3)) == 3


def test_progress_of_a_training(result, steps):
    assert [step.stage for step in steps if step.stage in {"epoch", "profile"}] == ["profile", "epoch"] * 2
    assert [step.metrics for step in steps if step.stage == "epoch"] == result.history
    for stage in ("training", "measuring", "error detection"):
        done = [(step.done, step.total) for step in steps if step.stage == stage]
        assert done == sorted(done)
        assert done[-1][0] <= done[-1][1]
    assert done[-1][0] > 0
    training = [step for step in steps if step.stage == "training"]
    assert len(training) == training[-1].total == int(result.history[-1]["step"])


def test_the_card_states_the_call(result):
    call = 'tiankong.train("prepared", "model", preset="small", embedding_size=16, hidden_size=16, mlp_sizes=(24,)'
    assert result.metrics["commands"][0].startswith(call)
    assert call in (result.path / "README.md").read_text(encoding="utf-8")


def test_calls_leave_out_what_says_nothing(tmp_path):
    given = {"task": None, "resume": False, "preset": Preset(), "epochs": 2}
    assert (
        call_text("train", [tmp_path / "a", "b/c"], given) == 'tiankong.train("a", "b/c", preset=Preset(…), epochs=2)'
    )


def test_a_classifier_from_a_model(corpus, result, tmp_path):
    options = {"epochs": 1, "threads": 1, "batch_tokens": 1024, "precision": "fp32"}
    tuned = tiankong.train(corpus, tmp_path / "tuned", task="classify", base=result.path, **options)
    assert tuned.history[0]["epoch"] == 0
    assert tuned.metrics["test"]["accuracy"] > 0
    assert len(tiankong.load(tuned.path).classify("质量很好")) == 2


def test_a_preset_may_be_an_object(corpus, tmp_path):
    shape = ModelConfig(embedding_size=8, hidden_size=8, mlp_sizes=(8,), attention_size=0)
    preset = Preset(model=shape, training=TrainingConfig(epochs=1, threads=1, precision="fp32"))
    trained = tiankong.train(corpus, tmp_path / "model", preset=preset, measure_limit=10)
    assert trained.metrics["test"]["sentences"] == 10
    assert tiankong.load(trained.path).folder.manifest.model == shape


def test_a_copy_in_8_bits(corpus, result, tmp_path):
    copy = tiankong.export(result.path, tmp_path / "copy", prepared=corpus)
    assert copy.metrics["test_fp32"] == result.metrics["test"]
    assert copy.metrics["commands"][1] == 'tiankong.export("model", "copy", prepared="prepared")'
    assert tiankong.load(copy.path).folder.manifest.weights == "int8"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"epoch": 2}, "there is no setting 'epoch': did you mean 'epochs'?"),
        ({"task": "classfy"}, "there is no task 'classfy': did you mean 'classify'?"),
        ({"epochs": "two"}, "`epochs='two'` must be a whole number, not a text"),
        ({"epochs": -1, "layers": 0}, "`layers` must be from 1 to 32, not 0; `epochs` must be at least 0, not -1"),
        ({"learn_codes": False}, '`learn_codes=False` is for `head="codes"` or hybrid, not softmax'),
        ({"label_weights": "balanced"}, '`label_weights` is for classifiers: leave it out, or give `task="classify"`'),
        ({"task": "classify", "head": "codes"}, "`head` is for models that fill blanks"),
        ({"task": "classify", "profile": True}, '`profile` is not for `task="classify"`'),
        ({"base": "reviews-zh-sentiment"}, "reviews-zh-sentiment is a classifier and fills no blanks"),
        ({"base": "reviews-zh", "base_rate": 0.1}, "`base_rate` is for classifiers"),
        ({"layer_rate": 0.1}, "`layer_rate` is for `base`: leave it out"),
        ({"base": "reviews-zh", "layers": 2}, "`layers` is taken over from reviews-zh: leave it out"),
        ({"base": "reviews-zh", "initial_vectors": "word2vec"}, "`initial_vectors` is taken over from reviews-zh"),
        ({"measure_limit": -1}, "`measure_limit` must be 0 (all) or more"),
        ({"preset": "nothing"}, "there is no preset 'nothing'"),
    ],
)
def test_refusals_name_settings_and_leave_nothing(corpus, tmp_path, settings, words):
    with pytest.raises(tiankong.TiankongError) as caught:
        tiankong.train(corpus, tmp_path / "model", **settings)
    assert words in str(caught.value)
    assert "--" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_ctrl_c_saves_and_the_same_call_goes_on(corpus, result, tmp_path):
    def press(step):
        if step.stage == "training" and step.done == 5:
            os.kill(os.getpid(), signal.SIGINT)

    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt, match="the same call with resume=True continues"):
        tiankong.train(corpus, tmp_path / "model", progress=press, **SMALL)
    assert signal.getsignal(signal.SIGINT) is handler
    assert [path.name for path in tmp_path.iterdir()] == ["model.training"]
    resumed = tiankong.train(corpus, tmp_path / "model", resume=True, **SMALL)
    weights = [(folder / "model.safetensors").read_bytes() for folder in (result.path, resumed.path)]
    assert weights[0] == weights[1]
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_training_in_another_thread(corpus, result, tmp_path):
    trained = []
    thread = threading.Thread(target=lambda: trained.append(tiankong.train(corpus, tmp_path / "model", **SMALL)))
    thread.start()
    thread.join()
    assert (trained[0].path / "model.safetensors").read_bytes() == (result.path / "model.safetensors").read_bytes()


@pytest.mark.parametrize(("name", "words"), [("train", "training needs"), ("export", "exporting needs")])
def test_without_the_packages_it_says_which(name, words):
    program = f"""import sys
for package in ("torch", "lightning", "onnx"):
    sys.modules[package] = None
import tiankong
try:
    tiankong.{name}
except tiankong.MissingPackageError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert words in done.stdout
    assert "pip install 'tiankong[train]'" in done.stdout


def test_every_setting_has_one_dataclass():
    names = [name for config in (ModelConfig, TrainingConfig, ClassifierConfig) for name in config.__dataclass_fields__]
    assert len(names) == len(set(names))
