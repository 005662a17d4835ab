"""Traditional Chinese over HTTP: the same answers as from Python, and a header that says how it was read."""

from __future__ import annotations

import pytest
from huggingface_hub import InferenceClient

import tiankong
from tests.answers import same
from tests.serve.conftest import serving
from tests.serve.test_refusals import refused

SENTENCE, TWIN = "質量__，很失望", "质量__，很失望"
TEXT = "用了兩天就壞了，質量很差"
QUESTION = {"prompts": ["{text}，總的來說很__。"], "labels": {"好評": ["好", "不錯"], "差評": ["差", "糟糕"]}}

pytestmark = pytest.mark.service


@pytest.fixture(scope="module")
def model():
    return tiankong.load("reviews-zh", threads=1)


@pytest.fixture(scope="module")
def served():
    with serving("--model", "reviews-zh", "--threads", 1) as server:
        yield server


def test_every_verb(served, model):
    requests = {
        "fill": (SENTENCE, {"top_k": 3}, model.fill(SENTENCE, top_k=3)),
        "check": (TEXT, {}, model.check(TEXT)),
        "rank": (SENTENCE, {"candidates": ["不錯", "很差"]}, model.rank(SENTENCE, ["不錯", "很差"])),
        "explain": (SENTENCE, {"word": "不錯"}, model.explain(SENTENCE, word="不錯")),
        "segment": (SENTENCE, {}, model.segment(SENTENCE)),
        "classify": (TEXT, QUESTION, [model.classify(TEXT, **QUESTION)]),
        "embed": (SENTENCE, {}, model.embed(SENTENCE).tolist()),
    }
    for verb, (inputs, parameters, expected) in requests.items():
        response = served.post(f"/{verb}", {"inputs": inputs, "parameters": parameters})
        same(response.json(), expected)
        assert response.headers["x-read-as"] == "simplified", verb
        typed = served.post(f"/{verb}", {"inputs": inputs, "parameters": {**parameters, "script": "as-is"}})
        assert typed.status_code == 200
        assert "x-read-as" not in typed.headers
        assert typed.json() != response.json(), verb
        refused(served.post(f"/{verb}", {"inputs": inputs, "parameters": {**parameters, "script": "x"}}), 422, "script")


def test_the_same_for_lists_and_fillings(served, model):
    response = served.post("/fill", {"inputs": [TWIN, SENTENCE], "parameters": {"top_k": 3}})
    same(response.json(), model.fill([TWIN, SENTENCE], top_k=3))
    assert response.headers["x-read-as"] == "simplified"
    together = "味道__，下次還會__"
    response = served.post("/fill", {"inputs": together, "parameters": {"joint": True, "top_k": 3}})
    same(response.json()["joint"], model.joint(together, top_k=3))
    assert "x-read-as" not in served.post("/fill", {"inputs": TWIN}).headers


def test_the_hugging_face_client(served):
    answers = InferenceClient(model=f"{served.url}/fill").fill_mask("質量[MASK]，很失望", top_k=2)
    assert [answer.token_str for answer in answers] == ["不好", "很差"]


def test_a_server_that_reads_as_sent(model):
    with serving("--model", "reviews-zh", "--threads", 1, "--script", "as-is") as server:
        response = server.post("/fill", {"inputs": SENTENCE})
        same(response.json(), model.fill(SENTENCE, script="as-is"))
        assert "x-read-as" not in response.headers
        response = server.post("/fill", {"inputs": SENTENCE, "parameters": {"script": "auto"}})
        assert response.headers["x-read-as"] == "simplified"
