"""Bodies as clients of Hugging Face's inference API send them."""

from __future__ import annotations

import pytest

from tests.serve.test_refusals import refused
from tests.serve.test_routes import EXAMPLES

MODEL_ROUTES = ["/fill", "/rank", "/check", "/explain", "/segment", "/classify", "/embed"]


@pytest.mark.parametrize("path", MODEL_ROUTES)
@pytest.mark.parametrize(
    "options",
    [
        {"wait_for_model": True},
        {"use_cache": False, "wait_for_model": False},
        {"wait_for_model": True, "use_gpu": False},
        {"dont_load_model": False},
        {"use_cache": None},
        {},
        None,
    ],
)
def test_their_options_change_nothing(server, path, options):
    plain = server.post(path, EXAMPLES[path])
    assert plain.status_code == 200
    answer = server.post(path, {**EXAMPLES[path], "options": options})
    assert (answer.status_code, answer.json()) == (200, plain.json())


@pytest.mark.parametrize("path", MODEL_ROUTES)
@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ({"options": {"wait_for_models": True}}, "options.wait_for_models"),
        ({"options": {"wait_for_model": "yes"}}, "options.wait_for_model"),
        ({"options": [True]}, "options must be a JSON object"),
        ({"option": {"wait_for_model": True}}, "option"),
        ({"wait_for_model": True}, "wait_for_model"),
    ],
)
def test_other_fields_are_refused(server, path, extra, words):
    refused(server.post(path, {**EXAMPLES[path], **extra}), 422, words)


def test_only_requests_to_the_model_take_them(keyed):
    body = {"options": {"wait_for_model": True}}
    refused(keyed.post("/reload", body, headers={"Authorization": "Bearer sesame"}), 422, "options")
