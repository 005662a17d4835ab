"""Refused requests: each gets a status and one sentence, and does no other harm."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.serve.conftest import CLIENT, LONG, PATIENT, eventually, pending, serving

SENTENCE = "物流__，第二天就到了"
SMALL = {
    "TIANKONG_MAX_BODY_BYTES": "3000",
    "TIANKONG_MAX_SENTENCES": "3",
    "TIANKONG_MAX_CHARACTERS": "40",
    "TIANKONG_MAX_BLANKS": "2",
    "TIANKONG_MAX_TOP_K": "5",
    "TIANKONG_MAX_TARGETS": "4",
    "TIANKONG_MAX_REQUESTS": "2",
    "TIANKONG_BODY_SECONDS": "0.5",
    "TIANKONG_MAX_HEAD_BYTES": "2000",
}


@pytest.fixture(scope="module")
def small(model_folder):
    """A server with small limits, all from environment variables."""
    with serving("--model", model_folder, "--threads", 1, environment=SMALL) as running:
        yield running


def refused(response, status, words=""):
    assert response.status_code == status, response.text
    content = response.json()
    assert words in content["error"]
    assert content.keys() == {"error", "reason", "request_id"}
    assert "\n" not in content["error"]


def fill(inputs, **parameters):
    return {"inputs": inputs, "parameters": parameters}


def test_the_end_of_a_head_may_arrive_in_two_parts(small):
    body = json.dumps(fill(SENTENCE)).encode().ljust(2990)
    head = f"POST /fill HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    for cut in (1, 2, 3):
        with socket.create_connection(("127.0.0.1", int(small.url.rpartition(":")[2])), 20) as connection:
            connection.sendall(head.encode()[:-cut])
            time.sleep(0.2)
            connection.sendall(head.encode()[-cut:] + body)
            assert connection.recv(65536).split()[1] == b"200"


@pytest.mark.parametrize(
    ("path", "within", "over", "words"),
    [
        ("/fill", fill([SENTENCE] * 3), fill([SENTENCE] * 4), "4 sentences: send at most 3"),
        ("/rank", {"inputs": ["物流快", "客服好", "衣服好"]}, {"inputs": ["好"] * 4}, "4 sentences: send at most 3"),
        ("/fill", fill(SENTENCE.ljust(40, "好")), fill(SENTENCE.ljust(41, "好")), "41 characters: send at most 40"),
        ("/fill", fill([SENTENCE]), fill([SENTENCE, SENTENCE.ljust(41, "好")]), "sentence 2 has 41 characters"),
        ("/check", fill("好" * 40, precision=0.01), fill("好" * 41), "the text has 41 characters"),
        (
            "/rank",
            fill(SENTENCE, candidates=["好", "快"]),
            fill(SENTENCE, candidates=["好", "快" * 41]),
            "candidate 2 has 41",
        ),
        ("/fill", fill(SENTENCE, exclude=["好"]), fill(SENTENCE, exclude=["好" * 41]), "the excluded word has 41"),
        ("/fill", fill("物流__，客服__"), fill("物流__，客服__，__"), "3 blanks: send at most 2"),
        ("/fill", fill(SENTENCE, top_k=5), fill(SENTENCE, top_k=6), "6 answers (top_k): send at most 5"),
        (
            "/check",
            fill("很好", suggestions=5, precision=0.01),
            fill("很好", suggestions=6),
            "6 suggestions: send at most 5",
        ),
        (
            "/check",
            fill("很好", suggestions=0, precision=0.01),
            fill("很好", suggestions=-1),
            "suggestions must be from 0",
        ),
        (
            "/check",
            fill("很好", ignore=list("好快慢差"), precision=0.01),
            fill("很好", ignore=list("好快慢差大"), precision=0.01),
            "5 ignored words: send at most 4",
        ),
        (
            "/check",
            fill("很好", ignore=["很好"], precision=0.01),
            fill("很好", ignore=["很好", ""], precision=0.01),
            "ignore has an empty word",
        ),
        ("/fill", fill(SENTENCE, targets=list("好快慢差")), fill(SENTENCE, targets=list("好快慢差大")), "5 targets"),
        (
            "/rank",
            fill(SENTENCE, candidates=list("好快慢差")),
            fill(SENTENCE, candidates=list("好快慢差大")),
            "at most 4",
        ),
    ],
)
def test_limits(small, path, within, over, words):
    assert small.post(path, within).status_code == 200
    refused(small.post(path, over), 422, words)


def test_the_limit_on_computing_time(model_folder):
    """A request that would take minutes is given up, so that others don't wait for it."""
    phrases = [f"很{word}{number}" for number in range(200) for word in ("好", "慢")]
    texts = ["物流很快，客服也好，" * 300] * 30
    parameters = {"prompts": ["{text}，很__", "很__，{text}"], "labels": {"甲": phrases[::2], "乙": phrases[1::2]}}
    options = ("--threads", 1, "--answer-seconds", 0.4, "--max-requests", 1)
    with serving("--model", model_folder, *options) as running:
        for path, request in [
            ("/classify", {"inputs": texts, "parameters": parameters}),
            ("/check", fill(["物流很快，客服也好，" * 400] * 60, precision=0.01)),
            ("/rank", fill("物流很快，" * 500 + "__", candidates=[phrase * 20 for phrase in phrases])),
        ]:
            start = time.monotonic()
            refused(running.post(path, request), 422, "for more than 0.4 seconds: send less in one request")
            assert time.monotonic() - start < 8
            assert running.post("/fill", fill(SENTENCE)).status_code == 200


def test_a_client_that_disconnects_cancels_its_request(model_folder):
    """Its request leaves the queue; a request that is being computed is given up."""
    content = fill("物流很快，" * 500 + "__", candidates=[f"很{'好' * 20}{number}" for number in range(400)])
    with serving("--model", model_folder, "--threads", 1, "--answer-seconds", 60) as running:
        with pending(running, *[("/rank", content)] * 12):
            eventually(lambda: "tiankong_requests_running 12.0" in running.get("/metrics").text)
        start = time.monotonic()
        assert running.post("/fill", fill(SENTENCE)).status_code == 200
        assert time.monotonic() - start < 8  # and not minutes
        assert running.wait_for('"status": 499')


def test_a_pattern_that_would_exhaust_memory_is_refused(small):
    for pattern in ("(?:(?:(?:x{99}){99}){99}){99}", "x{1000000000}"):
        refused(small.post("/fill", fill(SENTENCE, pattern=pattern)), 422, "expands to more than 200,000 characters")
    assert small.post("/fill", fill(SENTENCE, pattern=".{1,100}")).status_code == 200


def test_errors_number_sentences_only_in_lists(small):
    error = small.post("/fill", fill("没有空")).json()["error"]
    assert small.post("/fill", fill(["没有空"])).json()["error"] == f"sentence 1: {error}"


@pytest.mark.parametrize("pieces", [1, 3])
def test_the_size_limit_of_a_head(small, pieces):
    port = int(small.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        for size, status in (
            (2000, b"200"),
            (2000, b"200"),
            (2001, b"431"),
        ):  # for each request
            start = b"GET /health HTTP/1.1\r\nHost: a\r\nX: "
            head = start + b"a" * (size - len(start) - 4) + b"\r\n\r\n"
            for at in range(0, size, -(-size // pieces)):
                connection.sendall(head[at : at + -(-size // pieces)])
                time.sleep(0.05)
            assert connection.recv(65_536).split(b" ", 2)[1] == status


def test_a_body_that_is_not_declared_as_json(small):
    content = json.dumps(fill(SENTENCE)).encode()
    for kind in ({}, {"Content-Type": "application/x-www-form-urlencoded"}, {"Content-Type": "text/plain"}):
        refused(CLIENT.post(f"{small.url}/fill", content=content, headers=kind), 415, "Content-Type: application/json")


def test_the_size_limit_of_a_body(small):
    content = json.dumps(fill(SENTENCE)).encode()
    padded = content[:-1] + b" " * (3000 - len(content)) + b"}"
    kind = {"Content-Type": "application/json"}
    assert CLIENT.post(f"{small.url}/fill", content=padded, headers=kind).status_code == 200
    refused(CLIENT.post(f"{small.url}/fill", content=padded + b" ", headers=kind), 413, "larger than 3,000 bytes")
    chunks = (padded[start : start + 500] for start in range(0, 3000, 500))
    assert CLIENT.post(f"{small.url}/fill", content=chunks, headers=kind).status_code == 200
    refused(CLIENT.post(f"{small.url}/fill", content=iter([padded, b" "]), headers=kind), 413)


def test_a_request_beyond_the_concurrency_limit(model_folder):
    options = ("--max-requests", 2, "--answer-seconds", 600, *PATIENT)
    with serving("--model", model_folder, *options) as running:
        with pending(running, *[("/check", LONG)] * 2):
            eventually(lambda: "tiankong_requests_running 2.0" in running.get("/metrics").text)
            refused(running.post("/fill", fill(SENTENCE)), 429, "2 requests are being answered")
        eventually(lambda: "tiankong_requests_running 0.0" in running.get("/metrics").text)
        assert running.post("/fill", fill(SENTENCE)).status_code == 200


def test_many_clients_meet_the_concurrency_limit(small):
    def send(_):
        return small.post("/fill", fill("物流__，客服__", joint=True, top_k=5))

    with ThreadPoolExecutor(24) as clients:
        responses = list(clients.map(send, range(72)))
    statuses = {response.status_code for response in responses}
    assert statuses == {200, 429}
    for response in responses:
        if response.status_code == 429:
            refused(response, 429, "2 requests are being answered")
            assert int(response.headers["retry-after"]) >= 1
    assert small.post("/fill", fill(SENTENCE)).status_code == 200


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        (b"", 422, "the body is missing"),
        (b"{", 422, "the body is not valid JSON: it ends too early"),
        (b'{"inputs": "a__",, "parameters": {}}', 422, "the body is not valid JSON: look at character 18"),
        ('{"inputs": "物流__" x}'.encode(), 422, "the body is not valid JSON: look at character 19"),
        (b"x", 422, "the body is not valid JSON: look at character 1"),
        (
            rb'{"inputs": "a\_\_b__"}',
            422,
            r"character 14 is a backslash that JSON does not know; a backslash in a text is",
        ),
        (rb'{"inputs": "a\_\_b__"}', 422, r"written \\, and so \_\_ is \\_\\_"),
        (rb'{"inputs": "\q"}', 422, "character 13 is a backslash"),
        (b"[" * 2500, 422, ""),
        (b"null", 422, "the body must be a JSON object"),
        (b"[]", 422, "the body must be a JSON object"),
        (b'{"inputs": "a__", "parameters": []}', 422, "parameters must be a JSON object"),
        (b'{"inputs": 3}', 422, "inputs: input should be a valid string, or input should be a valid list"),
        (b'{"inputs": null}', 422, "inputs"),
        (b'{"inputs": []}', 422, "empty list"),
        (b'{"inputs": ["a__", 3]}', 422, "inputs, item 2: input should be a valid string"),
        (b'{"inputs": "a__", "parameters": {"top_k": NaN}}', 422, "top_k"),
        (b'{"inputs": "a__", "parameters": {"top_k": 1e400}}', 422, "top_k"),
        (b'{"inputs": "a__", "parameters": {"top_k": "5"}}', 422, "top_k"),
        (b'{"inputs": "a__", "parameters": {"top_k": -1}}', 422, "top_k must be from 1 to 5, not -1"),
        (b'{"inputs": "a__", "parameters": {"top": 5}}', 422, "parameters.top"),
        (b'{"inputs": "a__", "words": 5}', 422, "words"),
        ('{"inputs": "物流\\ud800__"}'.encode(), 422, "not valid Unicode"),
        ('{"inputs": "物流__", "parameters": {"targets": ["\\udfff"]}}'.encode(), 422, "not valid Unicode"),
        ('{"inputs": "物流__", "parameters": {"pattern": "\\ud800"}}'.encode(), 422, "not valid Unicode"),
        ('{"inputs": "物流__", "parameters": {"exclude": ["\\ud800"]}}'.encode(), 422, "not valid Unicode"),
        ('{"inputs": "物流__", "parameters": {"\\ud800": 1}}'.encode(), 422, "parameters: "),
        ('{"inputs": "物流__", "parameters": {"pattern": "("}}'.encode(), 422, "not a regular expression"),
        (b'{"inputs": "\xff__"}', 422, ""),
    ],
)
def test_bad_bodies(small, content, status, words):
    response = CLIENT.post(f"{small.url}/fill", content=content, headers={"Content-Type": "application/json"})
    refused(response, status, words)
    assert small.post("/fill", fill(SENTENCE)).status_code == 200


def test_labels_that_are_not_valid_unicode(small):
    body = '{"inputs": "好", "parameters": {"prompts": ["{text}，很__"], "labels": {"\\ud800": ["好"], "b": ["差"]}}}'
    response = CLIENT.post(f"{small.url}/classify", content=body, headers={"Content-Type": "application/json"})
    refused(response, 422, "not valid Unicode")


def test_compressed_bodies_are_not_decompressed(small):
    bomb = gzip.compress(b"[" * 10_000_000)[:2900]
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    refused(CLIENT.post(f"{small.url}/fill", content=bomb, headers=headers), 415, "compressed")


def test_unknown_paths_and_methods(small):
    refused(small.get("/nothing"), 404, "no such path")
    refused(small.get("/fill"), 405, "another method")


def test_a_body_that_does_not_arrive_times_out(small):
    address = httpx.URL(small.url)
    slow = [socket.create_connection((address.host, address.port)) for _ in range(6)]
    try:
        for connection in slow:
            connection.sendall(b"POST /fill HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{")
        # More connections than the limit of requests at once; the server still answers others.
        assert small.post("/fill", fill(SENTENCE)).status_code == 200
        for connection in slow:
            connection.settimeout(10)
            assert b" 408 " in connection.recv(1000)
    finally:
        for connection in slow:
            connection.close()


def test_endless_headers_are_refused(small):
    address = httpx.URL(small.url)
    with socket.create_connection((address.host, address.port)) as connection:
        connection.settimeout(10)
        flood = threading.Thread(target=_flood, args=(connection,))
        flood.start()
        try:
            answer = connection.recv(1000)
        except ConnectionError:
            answer = b""
        flood.join()
    assert not answer or answer.startswith(b"HTTP/1.1 4")
    assert small.get("/health").status_code == 200


def _flood(connection):
    deadline = time.monotonic() + 5
    try:
        connection.sendall(b"GET /health HTTP/1.1\r\n")
        while time.monotonic() < deadline:
            connection.sendall(b"X-More: " + b"a" * 8000 + b"\r\n")
    except OSError:
        pass
