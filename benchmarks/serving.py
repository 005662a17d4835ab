"""Throughput of the service, and its behaviour under overload.

    python benchmarks/serving.py [--page benchmarks/RESULTS.md] [--seconds 20] [--soak 600]

Starts a server with the built-in model on a free port and sends requests from this process, on the same cores: first
as fast as they are answered, then ten times as many, then as fast as they are answered again. Steady rates are
measured in stretches of five seconds, because they vary without any flood too. This process cannot send ten times as
many requests of one sentence beside the server; of many sentences it can. Needs the ``[serve]`` extra.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import contextlib
import json
import multiprocessing
import re
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from answering import WORDS, processor, sentences, this_command, write_section

import tiankong
from tiankong.machine import allowed_threads

HEADING = "## Serving"
CLIENTS = 16
FLOODING = 400
MANY = 32
STRETCH = 5.0
PROGRAM = Path(sys.executable).with_name("tiankong")


@dataclass
class Responses:
    """Statuses of the responses, and seconds of each good one."""

    statuses: collections.Counter[int] = field(default_factory=collections.Counter)
    seconds: list[float] = field(default_factory=list)


def request(inputs: str | list[str], port: int) -> bytes:
    """One request as it goes over the wire."""
    body = json.dumps({"inputs": inputs, "parameters": {"top_k": 5}}).encode()
    head = f"POST /fill HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def answer(reader: asyncio.StreamReader) -> int:
    """The status of the next response, read to its end."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    await reader.readexactly(int(length[1]) if length else 0)
    return int(head.split(b" ", 2)[1])


async def client(port: int, requests: list[bytes], until: float, pause: float, responses: Responses) -> None:
    """Sends one request after another, at least ``pause`` seconds apart, on one connection."""
    writer = None
    for number in range(10**9):
        start = time.perf_counter()
        if start >= until:
            break
        try:
            if writer is None or writer.is_closing():
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(requests[number % len(requests)])
            status = await answer(reader)
        except (ConnectionError, asyncio.IncompleteReadError):
            responses.statuses[0] += 1
            writer = None
            continue
        responses.statuses[status] += 1
        if status == 200:
            responses.seconds.append(time.perf_counter() - start)
        await asyncio.sleep(max(0.0, pause - (time.perf_counter() - start)))
    if writer is not None:
        writer.close()


async def load(port: int, requests: list[bytes], clients: int, seconds: float, rate: float = 0.0) -> Responses:
    """``clients`` send requests for ``seconds``, as fast as they are answered or ``rate`` a second together."""
    responses = Responses()
    until = time.perf_counter() + seconds
    pause = clients / rate if rate else 0.0
    share = [requests[number::clients] or requests for number in range(clients)]
    await asyncio.gather(*(client(port, share[number], until, pause, responses) for number in range(clients)))
    return responses


def health(port: int, seconds: float) -> list[float]:
    """Milliseconds of repeated requests to /health, from a process of its own because the clients' is busy."""
    milliseconds = []
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        start = time.perf_counter()
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            while connection.recv(4096):
                pass
        milliseconds.append(1000 * (time.perf_counter() - start))
        time.sleep(0.1)
    return milliseconds


def resident(process: int) -> float:
    """Megabytes of a process's resident memory."""
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process}/status").read_text())[1]) / 1024


async def steadily(port: int, requests: list[bytes], number: int) -> list[Responses]:
    """Stretches of requests as fast as they are answered."""
    return [await load(port, requests, CLIENTS, STRETCH) for _ in range(number)]


def rates(stretches: list[Responses]) -> str:
    """Good responses a second in the slowest and the fastest stretch."""
    each = [responses.statuses[200] / STRETCH for responses in stretches]
    return f"{' to '.join(f'{rate:,.0f}' for rate in sorted({min(each), max(each)}))} a second"


def p99(stretches: list[Responses]) -> float:
    """The 99th percentile of the good responses' milliseconds."""
    return 1000 * float(np.quantile([seconds for responses in stretches for seconds in responses.seconds], 0.99))


async def flood(port: int, requests: list[bytes], seconds: float, rate: float) -> tuple[str, str, float]:
    """Sends ten times ``rate``; returns the rate that arrived, the statuses, and the slowest /health (ms)."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as beside:
        beside.submit(health, port, 0.1).result()
        healths = beside.submit(health, port, seconds)
        responses = await load(port, requests, FLOODING, seconds, 10 * rate)
    arrived = responses.statuses.total() / seconds
    statuses = ", ".join(f"{count:,} × {status}" for status, count in sorted(responses.statuses.items()))
    return f"{arrived:,.0f} a second came, {arrived / rate:.1f} times as many", statuses, max(healths.result())


async def measure(
    port: int, process: int, requests: list[bytes], large: list[bytes], seconds: float, soak: float
) -> list[list[str]]:
    """The rows of the table. ``large`` requests have :data:`MANY` sentences."""
    await load(port, requests, CLIENTS, 3)
    number = max(2, round(seconds / STRETCH))
    steady = await steadily(port, requests, number)
    rate = statistics.median(responses.statuses[200] for responses in steady) / STRETCH
    rows = [[f"{CLIENTS} clients, one sentence a request", f"{rates(steady)}, p99 {p99(steady):.0f} ms"]]
    rows[0].append("400 a second, p99 100 ms")
    steady = await steadily(port, large, 2)
    rows.append([f"{CLIENTS} clients, {MANY} sentences a request", rates(steady), "–"])
    large_rate = statistics.median(responses.statuses[200] for responses in steady) / STRETCH
    memory, slowest = [resident(process)], 0.0
    for what, flooding, usual in (("one sentence", requests, rate), *[(f"{MANY} sentences", large, large_rate)] * 2):
        came, statuses, health_milliseconds = await flood(port, flooding, seconds, usual)
        rows.append([f"{FLOODING} clients, {what} a request: {came}", statuses, "only 200, 429, 503"])
        memory.append(resident(process))
        slowest = max(slowest, health_milliseconds)
    rows.append(["/health meanwhile, slowest", f"{slowest:.0f} ms", "200 ms"])
    rows.append(["memory before, and after each flood", f"{', '.join(f'{size:.0f}' for size in memory)} MB", "flat"])
    rows.append(["right after, for 5 seconds", rates(await steadily(port, requests, 1)), "–"])
    rows.append(["from the sixth second on", rates(await steadily(port, requests, number)), "as before"])
    if soak:
        start = resident(process)
        long = await load(port, requests, CLIENTS, soak)
        drift = 100 * (resident(process) / start - 1)
        bad = sum(long.statuses.values()) - long.statuses[200]
        rows.append([f"{soak:,.0f} seconds of it", f"{bad} errors, memory {drift:+.1f} %", "0 errors, 2 %"])
    return rows


@contextlib.contextmanager
def served(port: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A server that answers, and its port."""
    command = [PROGRAM, "serve", "--port", port, "--quiet"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        try:
            yield server, int(re.search(r":(\d+)$", server.stderr.readline().strip())[1])
        finally:
            server.terminate()


def main() -> None:
    """Prints the table and puts it into the page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--page", type=Path)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--soak", type=float, default=0.0)
    arguments = parser.parse_args()
    texts = sentences(tiankong.load(), 512)
    with served("0") as (server, port):
        requests = [request(text, port) for text in texts]
        large = [request(texts[start : start + MANY], port) for start in range(0, len(texts), MANY)]
        rows = asyncio.run(measure(port, server.pid, requests, large, arguments.seconds, arguments.soak))
        server.kill()
        server.wait()
    start = time.perf_counter()
    with served(str(port)) as (_, port):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/ready").close()
        ready = time.perf_counter() - start
    rows.append(["killed, started again and ready", f"{ready:.2f} s", "2 s"])
    lines = [
        HEADING,
        "",
        f"    {this_command('serving.py')}",
        "",
        f"Built-in model, sentences of {WORDS} words, server and clients on the same {allowed_threads()} processors "
        f"({processor()}).",
        "",
        "| what | measured | asked for |",
        "|---|---|---|",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]
    print("\n".join(lines))
    if arguments.page:
        write_section(arguments.page, HEADING, lines)


if __name__ == "__main__":
    main()
