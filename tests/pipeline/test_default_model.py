"""``load``, ``answer_file`` and ``evaluate`` without a model."""

from __future__ import annotations

import json

import pytest

import tiankong
from tiankong.config import DEFAULT_CLASSIFIER
from tiankong.errors import OptionError, SourceError

pytestmark = pytest.mark.usefixtures("two_languages")

ENGLISH = ["the lamp is __", "the __ is cheap"]
CHINESE = ["物流__，很快", "质量__"]
PROMPTS = {"prompts": ["{text} and __"], "labels": {"good": ["cheap"], "bad": ["unusable"]}}


def test_a_model_is_loaded_before_there_is_a_text(two_languages):
    assert tiankong.load().folder.path == two_languages / "zh"


@pytest.fixture
def answered(tmp_path):
    """Answers texts through files; returns the records and what was said."""

    def answer(method, texts, **options):
        source, said = tmp_path / "texts.jsonl", []
        source.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
        file = tiankong.answer_file(
            method, source, tmp_path / "out.jsonl", force=True, threads=1, progress=said.append, **options
        )
        records = [json.loads(line) for line in file.path.read_text(encoding="utf-8").splitlines()]
        return records, [step.message for step in said if step.message]

    return answer


@pytest.mark.parametrize("method", ["fill", "embed"])
def test_the_first_rows_decide(answered, method):
    records, said = answered(method, ENGLISH)
    assert said == ["the first 2 texts are in Latin letters: en answers; `model` names another"]
    assert records == answered(method, ENGLISH, model="en")[0]
    records, said = answered(method, CHINESE)
    assert said == []
    assert records == answered(method, CHINESE, model="zh")[0]
    records, said = answered(method, [*CHINESE, "", *ENGLISH, *ENGLISH])
    shares = "2 in Chinese characters and 4 in Latin letters"
    assert said[0].startswith(f"of the first 6 texts, {shares}: en answers all of them")


def test_prompts_decide_for_classify(answered):
    records, said = answered("classify", ["the coat is sturdy", "灯很好"], **PROMPTS)
    assert said == ["the text is in Latin letters: en answers; `model` names another"]
    assert records == answered("classify", ["the coat is sturdy", "灯很好"], model="en", **PROMPTS)[0]
    records, said = answered("classify", ["the coat is sturdy"])
    assert said == []
    assert records == answered("classify", ["the coat is sturdy"], model=DEFAULT_CLASSIFIER)[0]


def test_what_is_wrong_with_a_file_is_said_as_ever(tmp_path):
    (tmp_path / "empty.txt").touch()
    for source, problem in (("empty.txt", "is empty"), ("none.txt", "none.txt"), (".", "is a folder")):
        with pytest.raises(SourceError, match=problem):
            tiankong.answer_file("fill", tmp_path / source, tmp_path / "out.jsonl")
    with pytest.raises(OptionError, match="go together"):
        tiankong.answer_file("classify", tmp_path / "none.txt", tmp_path / "out.jsonl", prompts=["{text} __"])


def test_evaluate_chooses_as_well():
    texts, said = ["the lamp is cheap", "the coat is quiet"], []
    result = tiankong.evaluate(text=iter(texts), progress=said.append)
    assert (result.path.name, result.metrics["sentences"]) == ("en", 2)
    note = "the first 2 texts are in Latin letters: en answers; `model` names another"
    assert note in [step.message for step in said]
    assert tiankong.evaluate(text=["物流很快"]).path.name == "zh"
    labelled = [("the coat is sturdy", "good"), ("the lamp is unusable", "bad")]
    assert tiankong.evaluate(labelled=labelled, split="all", **PROMPTS).path.name == "en"
