"""How a server starts, replaces its model, drains and stops."""

from __future__ import annotations

import contextlib
import http.client
import json
import shutil
import signal
import socket
import threading
import time

import httpx
import pytest

from tests.serve.conftest import KEY, LONG, PATIENT, eventually, serving, starting
from tiankong.cli.main import run
from tiankong.config import DEFAULT_MODEL

SENTENCE = "物流__，第二天就到了"


def test_no_request_is_lost_at_shutdown(model_folder):
    body = json.dumps({"inputs": [SENTENCE] * 20})
    with serving("--model", model_folder, "--threads", 1) as server:
        answers = []

        def send_requests():
            while True:
                connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=30)
                try:
                    connection.connect()
                except ConnectionRefusedError:
                    return
                except ConnectionResetError as error:  # as the listener closed: after the signal
                    answers.append((time.monotonic(), error))
                    return
                sent = time.monotonic()
                try:
                    connection.request("POST", "/fill", body, {"Content-Type": "application/json"})
                    answers.append((sent, connection.getresponse().status))
                except OSError as error:
                    answers.append((sent, error))
                finally:
                    connection.close()

        clients = [threading.Thread(target=send_requests) for _ in range(4)]
        for client in clients:
            client.start()
        deadline = time.monotonic() + 60
        while len(answers) < 8:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        signalled = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(20) == 0
        for client in clients:
            client.join()
    before = [status for sent, status in answers if sent < signalled]
    assert len(before) > 8
    # A request on its way at the signal may be refused, but is answered.
    assert set(before) <= {200, 503}
    assert before.count(503) <= 4


def test_requests_that_outlast_the_drain_are_given_up(model_folder):
    with serving("--model", model_folder, "--drain-seconds", 1, "--answer-seconds", 600, *PATIENT) as server:
        answers = []
        clients = [threading.Thread(target=lambda: answers.append(server.post("/check", LONG))) for _ in range(2)]
        for client in clients:
            client.start()
        eventually(lambda: "tiankong_requests_running 2.0" in server.get("/metrics").text)
        start = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(20) == 0
        assert 1 <= time.monotonic() - start < 5
        for client in clients:
            client.join()
    # Both the one being computed and the one waiting behind it.
    assert [answer.status_code for answer in answers] == [503, 503]
    assert all("stopping" in answer.json()["error"] for answer in answers)


@pytest.mark.parametrize(("wait", "status"), [(20, 200), (0.5, 503)])
def test_the_drain_waits_for_bodies_that_are_still_arriving(model_folder, wait, status):
    body = json.dumps({"inputs": SENTENCE}).encode()
    head = b"POST /fill HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    with serving("--model", model_folder, "--threads", 1, "--drain-seconds", wait) as server:
        port = int(server.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
            connection.sendall(head + body[:10])
            time.sleep(0.3)
            server.process.send_signal(signal.SIGTERM)
            time.sleep(0.3)
            if status == 200:
                connection.sendall(body[10:])
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            content = answer.read()
        assert answer.status == status, content
        assert (b"the server is stopping" in content) == (status == 503)
        assert server.process.wait(20) == 0
        assert not [line for line in server.lines if "Traceback" in line]


def test_it_is_ready_from_warm_up_to_shutdown():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with starting("--threads", 1, "--port", port) as server:
        server.url, statuses, deadline = f"http://127.0.0.1:{port}", [], time.monotonic() + 60
        while 200 not in statuses:
            assert time.monotonic() < deadline
            with contextlib.suppress(httpx.ConnectError):
                statuses.append(server.get("/ready").status_code)
        assert set(statuses[:-1]) == {503}
        body = json.dumps({"inputs": SENTENCE}).encode()
        with httpx.Client(base_url=server.url) as monitor, socket.create_connection(("127.0.0.1", port), 20) as late:
            assert monitor.get("/ready").json() == {"status": "ready", "model": DEFAULT_MODEL}
            assert monitor.get("/info").json()["model"] == DEFAULT_MODEL
            head = "POST /fill HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length:"
            late.sendall(f"{head} {len(body)}\r\n\r\n".encode() + body[:5])
            time.sleep(0.3)
            server.process.send_signal(signal.SIGTERM)
            time.sleep(0.3)
            assert monitor.get("/ready").status_code == 503
            assert monitor.get("/health").status_code == 200
            late.sendall(body[5:])
            assert late.recv(65536).split()[1] == b"200"
        assert server.process.wait(20) == 0


def test_a_second_signal_stops_it_at_once(model_folder):
    with serving("--model", model_folder, "--answer-seconds", 600, *PATIENT) as server:
        errors = []

        def send_long_request():
            try:
                server.post("/check", LONG)
            except httpx.HTTPError as error:
                errors.append(type(error))

        busy = threading.Thread(target=send_long_request)
        busy.start()
        eventually(lambda: "tiankong_requests_running 1.0" in server.get("/metrics").text)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        start = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(20) == 1
        assert time.monotonic() - start < 2
        busy.join()
    assert errors == [httpx.RemoteProtocolError]


def test_the_model_is_replaced_but_not_by_an_invalid_one(model_folder, codes_model_folder, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(model_folder, folder)
    with serving("--model", folder, "--threads", 1, "--api-key", "sesame") as server:
        assert server.get("/health").status_code == 200
        assert server.post("/fill", {"inputs": SENTENCE}).status_code == 401
        assert server.post("/fill", {"inputs": SENTENCE}, headers={"Authorization": "Bearer no"}).status_code == 401
        assert server.post("/fill", {"inputs": SENTENCE}, headers={"X-Api-Key": "sesame"}).status_code == 200
        before = server.get("/info", headers=KEY).json()
        response = server.post("/reload", {"model": str(codes_model_folder)}, headers=KEY)
        assert response.json()["head"] == "codes"
        assert "distance" in server.post("/fill", {"inputs": SENTENCE}, headers=KEY).json()[0]
        response = server.post("/reload", {"model": str(tmp_path)}, headers=KEY)
        assert response.status_code == 422
        assert "is not a model" in response.json()["error"]
        assert server.post("/reload", {"model": ""}, headers=KEY).status_code == 422
        for long in ("x" * 300, f"./{'x' * 300}"):
            response = server.post("/reload", {"model": long}, headers=KEY)
            assert (response.status_code, response.json()["reason"]) == (422, "folder")
            assert "can't be read (file name too long)" in response.json()["error"]
        assert server.get("/info", headers=KEY).json()["head"] == "codes"
        server.post("/reload", {"model": str(folder)}, headers=KEY)
        assert server.get("/info", headers=KEY).json() == before
        (folder / "model.onnx").write_bytes(b"torn")
        server.process.send_signal(signal.SIGHUP)
        assert "damaged or was changed" in server.wait_for("the model was not replaced")
        assert server.post("/fill", {"inputs": SENTENCE}, headers=KEY).status_code == 200


def test_without_a_key_nobody_replaces_the_model(server):
    assert server.post("/reload", {}).status_code == 401


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--host", "0.0.0.0"], "require a key with --api-key, or allow everyone with --no-auth"),
        (["--api-key", ""], "--api-key is empty"),
        (["--port", "70000"], "--port must be from 0 to 65535"),
        (["--max-top-k", "0"], "--max-top-k must be more than 0"),
        (["--max-characters", "0"], "--max-characters must be more than 0"),
        (["--root-path", "/a b"], "--root-path /a b is not a plain path"),
        (["--root-path", "https://a.example/b"], "is not a plain path"),
        (["--root-path", "/a/../b"], "is not a plain path"),
        (["--root-path", "/docs"], "--root-path /docs is also a path of the service"),
        (["--forwarded-allow-ips", "10.0.0.1,proxy"], "--forwarded-allow-ips proxy is not an address or a network"),
        (["--forwarded-allow-ips", "10.0.0.1/8"], "--forwarded-allow-ips 10.0.0.1/8 is not an address"),
        (["--max-top-k", "10001"], "--max-top-k must be at most 10,000, the engine's own limit"),
        (["--host", "203.0.113.7", "--no-auth"], "can't listen at 203.0.113.7:8000"),
        (["--port", "0", "--model", "nowhere"], "nowhere"),
    ],
)
def test_invalid_options(arguments, words, capfd):
    assert run(["serve", *arguments]) == 2
    assert words in capfd.readouterr().err
