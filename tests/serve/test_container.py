"""The Containerfile's commands, run as written but without a container engine."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from tests.serve.conftest import serving
from tiankong.cli.main import run
from tiankong.cli.serve import command

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def instructions():
    text = (ROOT / "Containerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.split(maxsplit=1) for line in text.splitlines() if line and not line.startswith("#")]
    return [(name, rest) for name, rest in lines]


def only(instructions, name):
    (match,) = [rest for other, rest in instructions if other == name]
    return match


def settings(instructions):
    return dict(pair.split("=", 1) for pair in shlex.split(only(instructions, "ENV")))


def test_the_image_is_slim_and_not_root(instructions):
    assert re.fullmatch(r"docker\.io/library/python:3\.\d+-slim", only(instructions, "FROM"))
    names = [name for name, _ in instructions]
    assert names.index("USER") < names.index("CMD")
    user = only(instructions, "USER")
    assert user != "root"
    assert any(rest.split()[0] == "useradd" and rest.endswith(user) for name, rest in instructions if name == "RUN")


def test_it_copies_what_the_installation_needs(instructions):
    copied = {file for name, rest in instructions if name == "COPY" for file in rest.split()[:-1]}
    assert all((ROOT / file).exists() for file in copied)
    kept = {line[1:] for line in (ROOT / ".containerignore").read_text().splitlines() if line.startswith("!")}
    assert kept == copied
    install = next(rest for name, rest in instructions if name == "RUN" and rest.startswith("pip"))
    # CI installs the same.
    arguments = shlex.split(install)
    assert arguments[-1] == ".[serve]"
    assert arguments[arguments.index("--constraint") + 1] in copied
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "--constraint constraints.txt '.[serve]'" in ci


def test_serve_reads_every_variable(instructions):
    known = {option.envvar for option in command.params if isinstance(option, click.Option)}
    text = (ROOT / "Containerfile").read_text(encoding="utf-8")
    assert set(re.findall(r"TIANKONG_[A-Z_]+", text)) <= known
    assert settings(instructions)["TIANKONG_PORT"] == only(instructions, "EXPOSE")


def test_it_starts_with_a_key_and_passes_its_health_check(instructions, model_folder):
    program, *arguments = json.loads(only(instructions, "CMD"))
    assert program == "tiankong"
    assert arguments == ["serve"]
    environment = settings(instructions)
    with serving(
        "--model", model_folder, "--threads", 1, environment={**environment, "TIANKONG_API_KEY": "sesame"}
    ) as server:
        port = server.url.rpartition(":")[2]
        assert server.url.startswith("http://0.0.0.0:")
        check = json.loads(only(instructions, "HEALTHCHECK").partition(" CMD ")[2])
        assert check[0] == "python"
        probe = [sys.executable, *check[1:]]
        result = subprocess.run(probe, env={**os.environ, "TIANKONG_PORT": port}, capture_output=True, check=False)
        assert result.returncode == 0, result.stderr
        server.process.kill()
        server.process.wait()
        result = subprocess.run(probe, env={**os.environ, "TIANKONG_PORT": port}, capture_output=True, check=False)
        assert result.returncode != 0


def test_it_does_not_start_without_a_key(instructions, monkeypatch, capfd):
    for name, value in settings(instructions).items():
        monkeypatch.setenv(name, value)
    assert run(["serve", "--port", "0"]) == 2
    assert "--api-key" in capfd.readouterr().err
