"""The answers of the service, over the network."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import jsonschema_rs
import pytest
from huggingface_hub import InferenceClient

from tests.answers import same
from tests.serve.conftest import CLIENT, KEY, LONG, PATIENT, eventually, pending, serving
from tiankong.model import load
from tiankong.sample.grammar import reviews
from tiankong.version import VERSION

SENTENCE = "物流__，第二天就到了"
TWO = "物流__，客服__，下次还会来"


@pytest.fixture(scope="module")
def model(model_folder):
    return load(model_folder, threads=1)


@pytest.mark.parametrize(
    ("inputs", "parameters"),
    [
        (SENTENCE, {}),
        (SENTENCE, {"top_k": 3, "targets": ["快", "神速达", "又快，又好"]}),
        (TWO, {"top_k": 2, "length": [1, 2], "exclude": ["好"]}),
        ([SENTENCE, TWO], {"top_k": 4, "starts_with": "很"}),
        ("质量很__", {"pattern": ".好.?", "contains": "好", "part_of_word": False}),
    ],
)
def test_fill_answers_like_the_model(server, model, inputs, parameters):
    response = server.post("/fill", {"inputs": inputs, "parameters": parameters})
    assert response.status_code == 200
    same(response.json(), model.fill(inputs, **parameters))


def test_the_hugging_face_client_works_unchanged(server, model):
    client = InferenceClient(model=f"{server.url}/fill")
    masked = SENTENCE.replace("__", "[MASK]")
    answers = client.fill_mask(masked, top_k=5, targets=["快", "很快", "慢"])
    expected = model.fill(masked, top_k=5, targets=["快", "很快", "慢"])
    assert [(answer.token_str, answer.sequence) for answer in answers] == [
        (answer["token_str"], answer["sequence"]) for answer in expected
    ]
    assert [answer.score for answer in answers] == pytest.approx([answer["score"] for answer in expected], abs=1e-5)


def test_blanks_are_filled_together_on_request(server, model):
    response = server.post("/fill", {"inputs": TWO, "parameters": {"top_k": 3, "joint": True}})
    answer = response.json()
    same(answer["joint"], model.joint(TWO, 3))
    same(answer["blanks"], model.fill(TWO, 3))
    several = server.post("/fill", {"inputs": [TWO, SENTENCE], "parameters": {"top_k": 3, "joint": True}}).json()
    same(several[0], answer)
    same(several[1]["blanks"], [model.fill(SENTENCE, 3)])


@pytest.mark.parametrize("joint", [False, True])
@pytest.mark.parametrize("inputs", [SENTENCE, TWO, [SENTENCE], [TWO], [SENTENCE, TWO]])
def test_answers_match_the_documented_schema(server, inputs, joint):
    document = server.get("/openapi.json").json()
    schema = document["paths"]["/fill"]["post"]["responses"]["200"]["content"]["application/json"]["schema"]
    answer = server.post("/fill", {"inputs": inputs, "parameters": {"joint": joint}}).json()
    jsonschema_rs.validate({**schema, "components": document["components"]}, answer)


def test_the_document_declares_the_key_of_a_server(keyed, server):
    assert "securitySchemes" not in server.get("/openapi.json").json()["components"]
    document = keyed.get("/openapi.json").json()
    assert document["paths"]["/fill"]["post"]["security"] == [{"HTTPBearer": []}]
    assert keyed.post("/fill", {"inputs": SENTENCE}, headers={"X-Api-Key": "sesame"}).status_code == 200


def test_rank_and_check(server, model):
    candidates = ["很快", "神速达", "又慢，又差"]
    response = server.post("/rank", {"inputs": SENTENCE, "parameters": {"candidates": candidates}})
    same(response.json(), model.rank(SENTENCE, candidates))
    sentences = ["物流很快", "物流快很的"]
    same(server.post("/rank", {"inputs": sentences}).json(), model.rank(sentences))
    text = "物流很快，第二天就到了"
    response = server.post("/check", {"inputs": [text, text], "parameters": {"precision": 0.01, "suggestions": 2}})
    same(response.json(), model.check([text, text], 0.01, 2))
    parameters = {"precision": 0.01, "ignore": ["很快", "第二天 就"]}
    response = server.post("/check", {"inputs": text, "parameters": parameters})
    same(response.json(), model.check(text, **parameters))


def test_information_health_and_readiness(server, model_folder):
    information = server.get("/info").json()
    assert information["model"] == model_folder.name
    assert information["version"] == VERSION
    assert len(information["sha256"]) == 64
    assert server.get("/health").json() == {"status": "alive"}
    assert server.get("/ready").json() == {"status": "ready", "model": model_folder.name}
    assert server.get("/docs").status_code == 200
    paths = server.get("/openapi.json").json()["paths"]
    assert {"/fill", "/rank", "/check", "/classify", "/info", "/ready", "/metrics"} <= paths.keys()


def test_monitoring_may_use_head_requests(server):
    for path in ("/health", "/ready"):
        response = CLIENT.head(server.url + path)
        assert (response.status_code, response.content) == (200, b"")


def test_an_allowed_origin_may_send_a_key(keyed):
    site = {"Origin": "http://good.example"}
    preflight = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    allowed = CLIENT.options(f"{keyed.url}/fill", headers={**site, **preflight})
    assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (200, site["Origin"])
    for scheme, status in (("Bearer", 200), ("bearer", 200), ("Basic", 401)):
        headers = {**site, "Authorization": f"{scheme} sesame"}
        answer = keyed.post("/fill", {"inputs": SENTENCE}, headers=headers)
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (status, site["Origin"])


def test_other_origins_are_not_allowed(server, keyed):
    preflight = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    for running in (server, keyed):
        site = {"Origin": "http://bad.example"}
        answers = [
            running.post("/fill", {"inputs": SENTENCE}, headers=site | KEY),
            running.get("/info", headers=site | KEY),
        ]
        assert [answer.status_code for answer in answers] == [200, 200]
        for answer in (*answers, CLIENT.options(f"{running.url}/fill", headers={**site, **preflight})):
            assert "access-control-allow-origin" not in answer.headers


def test_batched_requests_get_their_own_answers(model_folder):
    model = load(model_folder, threads=1)
    inputs = [f"{review.text[:4]}__{review.text[6:]}" for review in reviews(20)]
    inputs += ["没有空", [SENTENCE, TWO], [TWO, "也没有空"], TWO]
    options = ("--answer-seconds", 600, *PATIENT)
    with serving("--model", model_folder, *options) as running, ThreadPoolExecutor(32) as clients:
        with pending(running, ("/check", LONG)):
            eventually(lambda: "tiankong_requests_running 1.0" in running.get("/metrics").text)
            waiting = [clients.submit(running.post, "/fill", {"inputs": texts}) for texts in inputs]
            eventually(lambda: f"tiankong_queue_depth {len(inputs)}.0" in running.get("/metrics").text)
            assert not any(answer.done() for answer in waiting)
        for texts, response in zip(inputs, [answer.result() for answer in waiting], strict=True):
            if "没有空" in str(texts):
                assert response.status_code == 422
                assert "has no blank" in response.json()["error"]
                assert response.json()["error"].startswith("sentence 2: ") == isinstance(texts, list)
            else:
                same(response.json(), model.fill(texts))


def test_classifying_needs_labels_or_a_classifier(server, model_folder):
    response = server.post("/classify", {"inputs": "很好"})
    assert response.status_code == 404
    assert f"the model {model_folder.name} was not trained to classify" in response.json()["error"]


def test_texts_are_classified_by_prompts_and_labels(server, model):
    parameters = {"prompts": ["{text}，很__"], "labels": {"好评": ["好", "不错"], "差评": ["差", "失望"]}}
    texts = ["物流很快", "客服很慢。"]
    answer = server.post("/classify", {"inputs": texts, "parameters": parameters}).json()
    same(answer, model.classify(texts, **parameters))
    same(server.post("/classify", {"inputs": texts[0], "parameters": parameters}).json(), answer[:1])
    parameters["labels"].pop("差评")
    response = server.post("/classify", {"inputs": texts, "parameters": parameters})
    assert response.status_code == 422
    assert "give 2 to" in response.json()["error"]


def test_metrics_count_by_route_and_status(server):
    def count(line):
        text = server.get("/metrics").text
        return sum(float(row.rpartition(" ")[2]) for row in text.splitlines() if row.startswith(line))

    good, bad = 'tiankong_requests_total{route="/fill",status="200"}', 'tiankong_refused_total{reason="sentence"}'
    before = count(good), count(bad)
    server.post("/fill", {"inputs": SENTENCE})
    server.post("/fill", {"inputs": "没有"})
    assert (count(good), count(bad)) == (before[0] + 1, before[1] + 1)
    assert count('tiankong_request_seconds_count{route="/fill"}') >= 2
    assert count("tiankong_model{") == 1


def test_the_log_has_a_line_for_each_request_without_its_content(server):
    response = server.post("/fill", {"inputs": f"{SENTENCE}龘龘"}, headers={"X-Request-Id": "mine-1"})
    assert response.headers["x-request-id"] == "mine-1"
    line = json.loads(server.wait_for("mine-1"))
    assert (line["route"], line["status"], line["method"]) == ("/fill", 200, "POST")
    assert line["body_bytes"] == len(response.request.content)
    assert not any("龘" in line or "物流" in line for line in server.lines)
    odd = server.get("/health", headers={"X-Request-Id": "a b\tc"}).headers["x-request-id"]
    assert odd != "a b\tc"
    assert len(odd) == 32
