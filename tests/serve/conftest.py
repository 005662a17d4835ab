"""Real servers on free loopback ports."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.serve.browser import chromium, chromium_path

CLIENT = httpx.Client(timeout=30, limits=httpx.Limits(max_keepalive_connections=0))
"""Opens a new connection for each request, so that any worker may take it. (``httpx.get`` would also load the system's
certificates each time, which takes longer than most answers.)
"""

LONG = {"inputs": ["物流很快，客服很好。" * 150] * 500, "parameters": {"precision": 0.01}}
"""A request to /check that takes far longer than any test."""

PATIENT = ("--threads", 1, "--max-sentences", 500, "--max-body-bytes", 20_000_000)
"""Options of a server that accepts it."""

PROGRAM = str(Path(sys.executable).with_name("tiankong"))


@dataclass
class Server:
    """A server's process, its address, and the lines of its log."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)
    url: str = ""

    def get(self, path, **options):
        return CLIENT.get(self.url + path, **options)

    def post(self, path, content, **options):
        return CLIENT.post(self.url + path, json=content, **options)

    def wait_for(self, words):
        deadline = time.monotonic() + 60
        while not (matches := [line for line in self.lines if words in line]):
            assert self.process.poll() is None, self.lines
            assert time.monotonic() < deadline, self.lines
            time.sleep(0.01)
        return matches[0]


@contextlib.contextmanager
def starting(*arguments, environment=None):
    """Starts a server, which may not answer yet."""
    process = subprocess.Popen(
        [PROGRAM, "serve", "--port", "0", *map(str, arguments)],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environment or {})},
        start_new_session=True,
    )
    server = Server(process)

    def read():
        for line in process.stderr:
            server.lines.append(line.rstrip("\n"))

    reader = threading.Thread(target=read, daemon=True)
    try:
        # A full pipe would stop the server.
        reader.start()
        yield server
    finally:
        process.kill()
        process.wait()
        reader.join(10)


@contextlib.contextmanager
def serving(*arguments, environment=None):
    with starting(*arguments, environment=environment) as server:
        server.url = re.search(r"http://\S+", server.wait_for("answers at"))[0]
        yield server


@contextlib.contextmanager
def pending(server, *requests):
    """Sends requests (each a path and content) whose answers nobody reads; they are cancelled at the end."""
    with contextlib.ExitStack() as stack:
        for path, content in requests:
            body = json.dumps(content).encode()
            head = f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
            address = ("127.0.0.1", int(server.url.rpartition(":")[2]))
            connection = stack.enter_context(socket.create_connection(address, 60))
            connection.sendall(f"{head}\r\n\r\n".encode() + body)
        yield


def eventually(condition, pause=0.02):
    """Waits until the condition holds."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(pause)


@pytest.fixture(scope="session")
def server(model_folder):
    with serving("--model", model_folder, "--threads", 1) as running:
        yield running


KEY = {"Authorization": "Bearer sesame"}
"""The header that a server with a key requires."""


@pytest.fixture(scope="session")
def keyed_server(model_folder):
    """A server with a key that allows one origin."""
    options = ("--api-key", "sesame", "--allow-origin", "http://good.example")
    with serving("--model", model_folder, "--threads", 1, *options) as running:
        yield running


@pytest.fixture
def keyed(keyed_server, model_folder):
    """The same; a test may replace its model."""
    sha256 = keyed_server.get("/info", headers=KEY).json()["sha256"]
    yield keyed_server
    if keyed_server.get("/info", headers=KEY).json()["sha256"] != sha256:
        assert keyed_server.post("/reload", {"model": str(model_folder)}, headers=KEY).status_code == 200


@pytest.fixture(scope="session")
def labelling(classifier_folder):
    """A server with a classifier."""
    with serving("--model", classifier_folder, "--threads", 1) as running:
        yield running


@pytest.fixture(scope="module")
def browser():
    if chromium_path() is None:
        assert not os.environ.get("CI"), "CI must have Chromium"
        pytest.skip("there is no Chromium: apt-get install chromium, or set TIANKONG_CHROMIUM")
    with chromium() as running:
        yield running


@pytest.fixture(scope="session")
def url():
    """The address of a server with the built-in model for reviews."""
    with serving("--quiet", "--model", "reviews-zh") as running:
        yield running.url


@pytest.fixture
def page(browser):
    """A new page; its console must show no errors but those of refused requests."""
    context = browser.new_context(viewport={"width": 1000, "height": 900}, locale="en-US")
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.set_default_timeout(20_000)
    errors = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert [line for line in errors if "Failed to load resource" not in line] == []
