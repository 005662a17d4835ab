"""The documented curl and InferenceClient examples run as written; the HTTP reference equals the OpenAPI document."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import pytest

from tests.docs.pages import DOCS, READMES, ROOT, blocks, commands, name

ADDRESS = "http://127.0.0.1:8000"
WITH_CURL = [page for page in [*READMES, *DOCS] if any(command.startswith("curl") for command in commands(page))]
SERVING = [page for page in DOCS if page.name == "serve.md"]
REFERENCE = ROOT / "docs" / "reference" / "http.md"


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
@pytest.mark.parametrize("page", WITH_CURL, ids=name)
def test_examples_for_curl(page, server):
    for command in commands(page):
        if command.startswith("curl"):
            shell = ["sh", "-c", command.replace(ADDRESS, server.url)]
            result = subprocess.run(shell, capture_output=True, text=True, check=True, timeout=60)
            answers = json.loads(result.stdout)
            if f"{ADDRESS}/embed" in command:
                assert [len(vector) for vectors in answers for vector in vectors]
                assert all(isinstance(number, float) for vectors in answers for number in vectors[0])
            else:
                assert [answer["sequence"] for answer in answers]


def test_every_page_that_should_has_examples():
    assert {*READMES, *SERVING} <= set(WITH_CURL)
    assert len(SERVING) == 2


@pytest.mark.parametrize("page", SERVING, ids=name)
def test_examples_for_inference_client(page, server, capsys):
    programs = [block.text for block in blocks(page) if "InferenceClient" in block.text]
    assert programs
    for program in programs:
        exec(compile(program.replace(ADDRESS, server.url), name(page), "exec"), {})
        assert "sequence=" in capsys.readouterr().out


def test_the_http_reference_has_every_route_and_parameter(server):
    document = server.get("/openapi.json").json()
    text = REFERENCE.read_text(encoding="utf-8")
    rows = re.findall(r"(?m)^\| `(GET|POST) (/\w+)` \|[^|]+\| (.*?) ?\|$", text)
    shown = {(method.lower(), path): re.findall(r"`([a-z_]+)`", parameters) for method, path, parameters in rows}
    offered = {
        (method, path): operation
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }
    assert set(shown) == set(offered)
    schemas = document["components"]["schemas"]
    for (method, path), parameters in shown.items():
        expected = []
        if method == "post" and path != "/reload":
            body = offered[method, path]["requestBody"]["content"]["application/json"]["schema"]
            expected = _parameters(schemas[body["$ref"].rpartition("/")[2]], schemas)
        assert sorted(parameters) == sorted(expected), path


def _parameters(request, schemas):
    options = request["properties"].get("parameters", {}).get("anyOf", [])
    names = [option["$ref"].rpartition("/")[2] for option in options if "$ref" in option]
    return [field for kind in names for field in schemas[kind]["properties"]]
