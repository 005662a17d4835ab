"""Requests made up from the OpenAPI document, and whatever else the network may bring."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.serve.conftest import serving
from tests.serve.test_refusals import refused

SENTENCE = "物流__，第二天就到了"
CHECKS = ",".join(
    [
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
        "negative_data_rejection",
        "unsupported_method",
    ]
)


@pytest.fixture(scope="module")
def patient(model_folder):
    """A server that loses its patience soon, and takes heads of 5,000 bytes."""
    limits = {"TIANKONG_HEAD_SECONDS": "0.5", "TIANKONG_MAX_HEAD_BYTES": "5000"}
    with serving("--model", model_folder, "--threads", 1, "--quiet", environment=limits) as running:
        yield running


def connected(server):
    address = httpx.URL(server.url)
    connection = socket.create_connection((address.host, address.port))
    connection.settimeout(10)
    return connection


def everything(connection):
    found = b""
    try:
        while part := connection.recv(65536):
            found += part
    except ConnectionError:
        pass
    return found


def test_no_request_of_the_documented_form_meets_a_fault(server, tmp_path):
    """Every answer has a documented status, type and form; what is not of the form is refused."""
    program = Path(sys.executable).with_name("schemathesis")
    done = subprocess.run(
        [
            *(str(program), "run", f"{server.url}/openapi.json", "--checks", CHECKS, "--max-examples", "25"),
            *("--seed", "1", "--generation-database", ":memory:", "--no-color"),
        ],
        check=False,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout
    assert "Tested: 11" in done.stdout
    assert server.get("/health").status_code == 200


@pytest.mark.parametrize("sent", [b"", b"GET /health HT", b"POST /fill HTTP/1.1\r\nHost: a\r\nContent-Le"])
def test_half_a_head_is_given_up(patient, sent):
    with connected(patient) as connection:
        start = time.monotonic()
        connection.sendall(sent)
        answer = everything(connection)
        assert 0.3 < time.monotonic() - start < 5
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["reason"] == "slow"


def test_a_head_that_trickles_is_given_up(patient):
    with connected(patient) as connection:
        start = time.monotonic()
        connection.sendall(b"GET /health HTTP/1.1\r\n")
        try:
            while time.monotonic() - start < 5:
                connection.sendall(b"X-A: b\r\n")
                time.sleep(0.05)
        except ConnectionError:
            pass
        assert time.monotonic() - start < 3


@pytest.mark.parametrize(("size", "status"), [(5000, 200), (5001, 431)])
def test_the_limit_of_a_head_that_is_not_complete(patient, size, status):
    start = b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Much: "
    with connected(patient) as connection:
        connection.sendall(start + b"a" * (size - len(start) - 4))
        time.sleep(0.1)
        connection.sendall(b"\r\n\r\n")
        answer = everything(connection)
    assert answer.startswith(b"HTTP/1.1 %d " % status)


def test_an_endless_head_is_cut(patient):
    with connected(patient) as connection:
        sent = 0
        try:
            while sent < 10_000_000:
                connection.sendall(b"X" * 10_000)
                sent += 10_000
        except ConnectionError:
            pass
        assert sent < 10_000_000
    assert patient.get("/health").status_code == 200


@pytest.mark.parametrize("sent", [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"hello\r\n\r\n", b"GET\r\n\r\n"])
def test_what_is_no_http_is_told_so(patient, sent):
    with connected(patient) as connection:
        connection.sendall(sent)
        answer = everything(connection)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"] == "the request can't be read as HTTP/1.1"


def test_a_connection_that_is_kept_is_not_hurried(patient):
    """The limit is for a head's time, not for the time between requests, and not for answers."""
    address = httpx.URL(patient.url)
    connection = http.client.HTTPConnection(address.host, address.port, timeout=10)
    for _ in range(3):
        connection.request("POST", "/fill", json.dumps({"inputs": SENTENCE}), {"Content-Type": "application/json"})
        assert connection.getresponse().read()
        time.sleep(0.8)
    connection.close()


def test_several_requests_sent_at_once_are_answered_in_order(patient):
    with connected(patient) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\nGET /info HTTP/1.1\r\nHost: a\r\n\r\n")
        connection.sendall(b"GET /ready HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        answer = everything(connection)
    assert answer.count(b"HTTP/1.1 200") == 3
    assert answer.index(b"alive") < answer.index(b"sha256") < answer.index(b'"ready"')


def test_ten_megabytes_are_refused_unread(server):
    kind = {"Content-Type": "application/json"}
    body = b'{"inputs": "' + b"a" * 10_000_000 + b'"}'
    with contextlib.suppress(httpx.WriteError):  # the door may be shut while it is still being sent
        refused(httpx.post(f"{server.url}/fill", content=body, headers=kind), 413, "larger than 1,000,000 bytes")
    assert server.post("/fill", {"inputs": SENTENCE}).status_code == 200


def test_the_documents_page_needs_no_network(server):
    page = server.get("/docs").text
    assert "https://" not in page
    for file in ("swagger-ui-bundle.js", "swagger-ui.css"):
        assert f"/docs/files/{file}" in page
        assert len(server.get(f"/docs/files/{file}").content) > 100_000
