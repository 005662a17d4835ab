"""The table of routes: each answers an example, by the schema that the OpenAPI document gives."""

from __future__ import annotations

import json

import jsonschema_rs
import pytest

from tiankong.serve.routes import ROUTES

SENTENCE = "物流__，第二天就到了"
EXAMPLES = {
    "/fill": {"inputs": SENTENCE, "parameters": {"top_k": 3, "joint": True}},
    "/rank": {"inputs": SENTENCE, "parameters": {"candidates": ["很快", "神速达"]}},
    "/check": {"inputs": "物流很快", "parameters": {"precision": 0.01, "suggestions": 1}},
    "/explain": {"inputs": SENTENCE, "parameters": {"word": "很快"}},
    "/segment": {"inputs": SENTENCE},
    "/classify": {
        "inputs": "物流很快",
        "parameters": {"prompts": ["{text}，很__"], "labels": {"好评": ["好"], "差评": ["差"]}},
    },
    "/embed": {"inputs": [SENTENCE, "客服__，物流__"]},
    "/reload": {},
    "/info": None,
    "/health": None,
    "/ready": None,
    "/metrics": None,
}
"""A request for each documented route; ``None`` for GET."""

DOCUMENTED = [route for route in ROUTES if route.documented]


def test_every_route_has_an_example():
    assert sorted(EXAMPLES) == sorted(route.path for route in DOCUMENTED)


@pytest.mark.parametrize("route", DOCUMENTED, ids=lambda route: route.path)
def test_answers_match_their_schema(keyed, route):
    document = keyed.get("/openapi.json").json()
    operation = document["paths"][route.path][route.method.lower()]
    example, key = EXAMPLES[route.path], {"Authorization": "Bearer sesame"}
    send = (
        (lambda **options: keyed.get(route.path, **options))
        if example is None
        else (lambda **options: keyed.post(route.path, example, **options))
    )
    answer = send(headers=key)
    assert answer.status_code == 200, answer.text
    (media_type, content), *others = operation["responses"]["200"]["content"].items()
    assert not others
    assert answer.headers["content-type"].startswith(media_type)
    if media_type == "application/json":
        jsonschema_rs.validate({**content["schema"], "components": document["components"]}, json.loads(answer.text))
    # Without the key, exactly the routes that need one refuse, as the document says.
    assert send().status_code == (401 if route.keyed else 200)
    assert ("security" in operation) == route.keyed
