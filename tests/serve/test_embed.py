"""Vectors of blanks over the network."""

from __future__ import annotations

import numpy as np
import pytest
from huggingface_hub import InferenceClient

from tests.serve.test_refusals import refused
from tiankong.model import load

ONE, TWO = "物流__，第二天就到了", "物流[MASK]，客服__，下次还会来"


@pytest.fixture(scope="module")
def model(model_folder):
    return load(model_folder, threads=1)


@pytest.mark.parametrize("sentence", [ONE, TWO, "__，物流很快"])
def test_a_sentence_has_a_vector_for_each_blank(server, model, sentence):
    response = server.post("/embed", {"inputs": sentence})
    assert response.status_code == 200
    np.testing.assert_allclose(np.array(response.json()), model.embed(sentence), atol=1e-5)


def test_several_sentences_are_read_in_one_request(server, model):
    vectors = server.post("/embed", {"inputs": [ONE, TWO, ONE]}).json()
    assert [len(sentence) for sentence in vectors] == [1, 2, 1]
    for sentence, expected in zip(vectors, model.embed([ONE, TWO, ONE]), strict=True):
        np.testing.assert_allclose(np.array(sentence), expected, atol=1e-5)
    assert len(server.post("/embed", {"inputs": [ONE]}).json()) == 1


def test_the_hugging_face_client_reads_the_vectors(server, model):
    vectors = InferenceClient(model=f"{server.url}/embed").feature_extraction(TWO)
    np.testing.assert_allclose(vectors, model.embed(TWO), atol=1e-5)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"inputs": []}, "inputs is an empty list"),
        ({"inputs": [ONE] * 65}, "65 sentences: send at most 64"),
        ({"inputs": "好" * 4095 + "__"}, "4,097 characters: send at most 4,096"),
        ({"inputs": "很__，" * 13}, "13 blanks: send at most 12"),
        ({"inputs": [ONE, "没有空格"]}, "sentence 2"),
        ({"inputs": ONE, "parameters": {"top_k": 3}}, "parameters"),
        ({"inputs": 3}, "inputs"),
        ({}, "inputs"),
    ],
)
def test_refused_requests(server, content, words):
    refused(server.post("/embed", content), 422, words)


def test_a_classifier_has_no_vectors(labelling):
    response = labelling.post("/embed", {"inputs": ONE})
    refused(response, 422)
    assert response.json()["reason"] == "folder"


def test_metrics_count_the_route(server):
    server.post("/embed", {"inputs": ONE})
    assert 'tiankong_requests_total{route="/embed",status="200"}' in server.get("/metrics").text
