"""Every head and every task of the registries through the whole way: train, resume, answer, evaluate, export.

A new part is one row of a table here, if it is trained with settings of its own, or none.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

import tiankong
from tiankong.artifact.model_folder import open_model
from tiankong.cli.main import run
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.evaluation.base import evaluation_of
from tiankong.registry.heads import HEADS
from tiankong.registry.tasks import LABELS, TASKS, WORDS

pytestmark = pytest.mark.trains

SMALL: dict[str, Any] = {
    **{"preset": "small", "embedding_size": 16, "hidden_size": 16, "mlp_sizes": (24,), "character_size": 8},
    **{"batch_tokens": 400, "epochs": 2, "checkpoint_steps": 3, "threads": 1, "precision": "fp32"},
}

HEAD_SETTINGS: dict[str, dict[str, Any]] = {"hybrid": {"frequent_words": 40, "word_vectors": 60}}
TASK_SETTINGS: dict[str, dict[str, Any]] = {}

CASES = [
    *(("cloze", {"head": head, **HEAD_SETTINGS.get(head, {})}) for head in HEADS),
    *((task, TASK_SETTINGS.get(task, {})) for task in TASKS if TASKS[task].answers != WORDS),
]

SENTENCE = "物流__，很快"


def answers(folder):
    """Of a model of any task, as it answers in one line."""
    model = tiankong.load(folder, threads=1)
    return model.classify("质量很好") if model.labels else model.fill(SENTENCE, top_k=5)


@pytest.fixture(scope="module", params=CASES, ids=lambda case: "-".join(map(str, [case[0], *case[1].values()])))
def trained(request, prepared, tmp_path_factory):
    task, settings = request.param
    output = tmp_path_factory.mktemp("parts") / "model"
    return request.param, tiankong.train(prepared, output, task=task, **SMALL, **settings)


def test_it_learns_answers_and_says_what_it_is(trained):
    (task, _), result = trained
    losses = [row["train_loss"] for row in result.history]
    assert losses[-1] < losses[0]
    folder = open_model(result.path)
    assert folder.task is TASKS[task]
    found = answers(result.path)
    assert len(found) == (len(folder.manifest.labels) if folder.task.answers == LABELS else 5)
    assert found == sorted(found, key=lambda answer: -answer["score"])
    card = (result.path / "README.md").read_text(encoding="utf-8")
    assert f"tags: [{task}, brnn]" in card
    for picture in ("curves.png", "reliability.png"):
        assert (result.path / picture).read_bytes().startswith(b"\x89PNG")


def test_evaluating_finds_what_training_stated(trained, prepared, capfd):
    _, result = trained
    assert run(["evaluate", "--model", str(result.path), "--prepared", str(prepared), "--json"]) == 0
    found = json.loads(capfd.readouterr().out)
    stated = {**result.metrics["test"]}
    for time in ("seconds", "targets_per_second"):
        assert (found.pop(time, None) is None) == (stated.pop(time, None) is None)
    assert found == stated


def test_a_stopped_training_goes_on_to_the_same_weights(trained, prepared, tmp_path):
    (task, settings), result = trained

    class StopError(Exception):
        pass

    def stop(step):
        if step.stage == "training" and step.done == 4:
            raise StopError

    options = {"task": task, **SMALL, **settings}
    with pytest.raises(StopError):
        tiankong.train(prepared, tmp_path / "model", progress=stop, **options)
    resumed = tiankong.train(prepared, tmp_path / "model", resume=True, **options)
    names = ["model.safetensors", *(["codes.safetensors"] if (result.path / "codes.safetensors").exists() else [])]
    for name in names:
        assert (resumed.path / name).read_bytes() == (result.path / name).read_bytes()


def test_a_copy_in_8_bits_answers_alike(trained, prepared, tmp_path):
    _, result = trained
    copy = tiankong.export(result.path, tmp_path / "copy", prepared=prepared)
    before, after = (
        {answer.get("token_str", answer.get("label")): answer["score"] for answer in answers(folder)}
        for folder in (result.path, copy.path)
    )
    for answer in before.keys() & after.keys():
        assert after[answer] == pytest.approx(before[answer], abs=0.02)
    assert len(before.keys() & after.keys()) >= len(before) - 1


def test_a_model_of_the_other_kind_is_refused(trained, prepared):
    _, result = trained
    folder = open_model(result.path)
    other = next(kind for kind in (WORDS, LABELS) if kind != folder.task.answers)
    with pytest.raises(tiankong.FolderError, match=folder.task.answers.refusal):
        folder.needs(other)
    evaluation = evaluation_of(folder.task)
    assert evaluation.measure(evaluation.load(folder), PreparedCorpus(prepared), "validation", texts=5)


@pytest.mark.parametrize("head", HEADS)
def test_the_row_of_a_head_says_what_its_module_does(head):
    spec = HEADS[head]
    module = pytest.importorskip(spec.module)
    assert module.HEAD.__module__ == spec.module
    assert spec.help
    assert "likelihood" in spec.decodings
