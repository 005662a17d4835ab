"""Several processes behind one address."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.serve.conftest import KEY, eventually, serving, starting
from tiankong.cli.main import run

SENTENCE = "物流__，第二天就到了"


@pytest.fixture(scope="module")
def two(model_folder):
    """A server with two workers and a key."""
    with serving("--model", model_folder, "--workers", 2, "--threads", 1, "--api-key", "sesame") as server:
        yield server


def processes(server):
    """The process ids of the workers."""
    pid = server.process.pid
    children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [child for child in children if "spawn_main" in Path(f"/proc/{child}/cmdline").read_text()]


def count(server, name):
    text = server.get("/metrics", headers=KEY).text
    return sum(float(value) for value in re.findall(rf"^{re.escape(name)}(?:{{[^}}]*}})? (\S+)$", text, re.MULTILINE))


def test_counters_cover_all_workers(two):
    assert len(processes(two)) == 2
    name = 'tiankong_requests_total{route="/fill",status="200"}'
    before = count(two, name)
    for _ in range(30):  # each on a new connection, which either worker may take
        assert two.post("/fill", {"inputs": SENTENCE}, headers=KEY).status_code == 200
    eventually(lambda: count(two, name) == before + 30)  # a request is counted after its answer is sent
    assert {count(two, name) for _ in range(10)} == {before + 30}
    assert count(two, "tiankong_requests_running") == count(two, "tiankong_queue_depth") == 0
    assert count(two, "tiankong_model") == 1


def test_a_worker_that_dies_is_replaced_and_its_counts_stay(two):
    name = 'tiankong_requests_total{route="/fill",status="200"}'
    before = count(two, name)
    first = processes(two)
    os.kill(first[0], signal.SIGKILL)
    two.wait_for("starting another")
    eventually(lambda: len(processes(two)) == 2)
    for _ in range(10):  # 503: the new worker may still be loading
        assert two.post("/fill", {"inputs": SENTENCE}, headers=KEY).status_code in {
            200,
            503,
        }  # the new worker may still be loading
    assert set(processes(two)) != set(first)
    assert count(two, name) > before


def test_all_workers_replace_the_model(model_folder, tmp_path):
    other = tmp_path / "other-model"
    shutil.copytree(model_folder, other)
    with serving("--model", model_folder, "--workers", 2, "--threads", 1, "--api-key", "sesame") as server:
        # A worker without a model yet answers with an error, and so with no name.
        names = lambda: {server.get("/info", headers=KEY).json().get("model") for _ in range(16)}  # noqa: E731
        assert names() == {model_folder.name}
        assert server.post("/reload", {"model": str(other)}, headers=KEY).json()["model"] == "other-model"
        eventually(lambda: names() == {"other-model"})
        # A worker that starts later has the new model as well.
        os.kill(processes(server)[0], signal.SIGKILL)
        server.wait_for("starting another")
        eventually(lambda: len(processes(server)) == 2)
        eventually(lambda: names() == {"other-model"})


def test_simultaneous_reloads_end_with_one_model(model_folder, tmp_path):
    others = [tmp_path / f"model-{letter}" for letter in "ab"]
    for other in others:
        shutil.copytree(model_folder, other)
    with serving("--model", model_folder, "--workers", 2, "--threads", 1, "--api-key", "sesame") as server:
        reload = lambda other: server.post("/reload", {"model": str(other)}, headers=KEY).status_code  # noqa: E731
        names = lambda: {server.get("/info", headers=KEY).json()["model"] for _ in range(24)}  # noqa: E731
        for _ in range(5):
            with ThreadPoolExecutor(2) as both:
                assert list(both.map(reload, others)) == [200, 200]
            eventually(lambda: len(names()) == 1 and len(names()) == 1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_all_workers(model_folder, number):
    with serving("--model", model_folder, "--workers", 2, "--threads", 1) as server:
        workers = processes(server)
        assert len(workers) == 2
        server.process.send_signal(number)
        assert server.process.wait(20) == 0
        assert not any(Path(f"/proc/{worker}").exists() for worker in workers)


@pytest.mark.parametrize("seconds", [0, 0.3])
def test_a_reload_during_the_start_takes_place_after_it(model_folder, seconds):
    with starting("--model", model_folder, "--workers", 2, "--threads", 1) as server:
        eventually(lambda: processes(server), pause=0)
        time.sleep(seconds)
        server.process.send_signal(signal.SIGHUP)
        assert "(2 workers)" in server.wait_for("answers at")
        server.wait_for("reloaded")
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(30) == 0


@pytest.mark.parametrize("seconds", [0.4, 0.9, 1.5])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_during_the_start_stops_all(model_folder, seconds, number):
    with starting("--model", model_folder, "--workers", 3, "--threads", 1) as server:
        eventually(lambda: processes(server))
        time.sleep(seconds)
        os.killpg(server.process.pid, number)  # the whole group, as a terminal or systemd does
        server.process.wait(30)
    assert not [line for line in server.lines if "Traceback" in line or "fault" in line], server.lines


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_the_group_cuts_no_request(model_folder, number):
    body = json.dumps({"inputs": SENTENCE}).encode()
    head = "POST /fill HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length:"
    with serving("--model", model_folder, "--workers", 2, "--threads", 1) as server:
        address = ("127.0.0.1", int(server.url.rpartition(":")[2]))
        with contextlib.ExitStack() as opened:
            late = [opened.enter_context(socket.create_connection(address, 20)) for _ in range(6)]
            for connection in late:
                connection.sendall(f"{head} {len(body)}\r\n\r\n".encode() + body[:5])
            time.sleep(0.5)
            os.killpg(server.process.pid, number)
            time.sleep(0.5)
            for connection in late:
                connection.sendall(body[5:])
                assert connection.recv(65536).split()[1] == b"200"
        assert server.process.wait(20) == 0
    assert not [line for line in server.lines if "Traceback" in line]


def test_workers_stop_when_their_supervisor_is_gone(model_folder):
    with serving("--model", model_folder, "--workers", 2, "--threads", 1) as server:
        workers = processes(server)
        server.process.kill()
        server.process.wait()
        eventually(lambda: not any(_is_alive(worker) for worker in workers))


def _is_alive(process):
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_an_invalid_model_is_reported_once(tmp_path, capfd):
    assert run(["serve", "--model", str(tmp_path / "none"), "--workers", "2", "--port", "0"]) == 2
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 1
    assert str(tmp_path / "none") in lines[0]
