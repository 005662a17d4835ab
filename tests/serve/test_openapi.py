"""Requests generated from the OpenAPI document, and hostile bytes from the network."""

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

from tests.serve.conftest import CLIENT, serving
from tests.serve.test_refusals import refused
from tiankong.serve.routes import ROUTES

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
def impatient(model_folder):
    """A server with short timeouts that accepts heads of up to 5,000 bytes."""
    limits = {"TIANKONG_HEAD_SECONDS": "0.5", "TIANKONG_MAX_HEAD_BYTES": "5000"}
    with serving("--model", model_folder, "--threads", 1, "--quiet", environment=limits) as running:
        yield running


def connect(server):
    address = httpx.URL(server.url)
    connection = socket.create_connection((address.host, address.port))
    connection.settimeout(10)
    return connection


def read_all(connection):
    answer = b""
    try:
        while part := connection.recv(65536):
            answer += part
    except ConnectionError:
        pass
    return answer


def test_documented_requests_cause_no_server_error(server, tmp_path):
    """Every answer has a documented status, type and schema; requests against the schema are refused."""
    program = Path(sys.executable).with_name("schemathesis")
    result = subprocess.run(
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
    assert result.returncode == 0, result.stdout
    assert f"Tested: {len([route for route in ROUTES if route.documented])}" in result.stdout
    assert server.get("/health").status_code == 200


@pytest.mark.parametrize("sent", [b"", b"GET /health HT", b"POST /fill HTTP/1.1\r\nHost: a\r\nContent-Le"])
def test_an_incomplete_head_times_out(impatient, sent):
    with connect(impatient) as connection:
        start = time.monotonic()
        connection.sendall(sent)
        answer = read_all(connection)
        assert 0.3 < time.monotonic() - start < 5
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["reason"] == "slow"


def test_a_head_that_trickles_in_times_out(impatient):
    with connect(impatient) as connection:
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
def test_the_size_limit_of_an_incomplete_head(impatient, size, status):
    start = b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Much: "
    with connect(impatient) as connection:
        connection.sendall(start + b"a" * (size - len(start) - 4))
        time.sleep(0.1)
        connection.sendall(b"\r\n\r\n")
        answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 %d " % status)


def test_an_endless_head_is_cut(impatient):
    with connect(impatient) as connection:
        sent = 0
        try:
            while sent < 10_000_000:
                connection.sendall(b"X" * 10_000)
                sent += 10_000
        except ConnectionError:
            pass
        assert sent < 10_000_000
    assert impatient.get("/health").status_code == 200


@pytest.mark.parametrize("sent", [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"hello\r\n\r\n", b"GET\r\n\r\n"])
def test_bytes_that_are_not_http_are_refused(impatient, sent):
    with connect(impatient) as connection:
        connection.sendall(sent)
        answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"].startswith("the request is not valid HTTP/1.1")


def test_an_idle_connection_does_not_time_out(impatient):
    """The timeout applies to a head, not to the time between requests or to answers."""
    address = httpx.URL(impatient.url)
    connection = http.client.HTTPConnection(address.host, address.port, timeout=10)
    for pause in (0, 0.7, 0.7):
        time.sleep(pause)
        connection.request("POST", "/fill", json.dumps({"inputs": SENTENCE}), {"Content-Type": "application/json"})
        assert connection.getresponse().read()
    connection.close()


def test_pipelined_requests_are_answered_in_order(impatient):
    with connect(impatient) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\nGET /info HTTP/1.1\r\nHost: a\r\n\r\n")
        connection.sendall(b"GET /ready HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        answer = read_all(connection)
    assert answer.count(b"HTTP/1.1 200") == 3
    assert answer.index(b"alive") < answer.index(b"sha256") < answer.index(b'"ready"')


def test_ten_megabytes_are_refused_unread(server):
    kind = {"Content-Type": "application/json"}
    body = b'{"inputs": "' + b"a" * 10_000_000 + b'"}'
    with contextlib.suppress(httpx.WriteError):  # the server may close the connection before all is sent
        refused(CLIENT.post(f"{server.url}/fill", content=body, headers=kind), 413, "larger than 1,000,000 bytes")
    assert server.post("/fill", {"inputs": SENTENCE}).status_code == 200


def test_the_page_of_the_api_needs_no_network(server):
    page = server.get("/docs").text
    assert "https://" not in page
    for file in ("swagger-ui-bundle.js", "swagger-ui.css"):
        assert f"/docs/files/{file}" in page
        assert len(server.get(f"/docs/files/{file}").content) > 100_000
