"""Threads follow what this process may use, not what the host has."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import tiankong
from tiankong.machine import allowed_threads, threads_to_use

MANY = 64


@pytest.fixture(autouse=True)
def big_host(monkeypatch):
    """A host with many processors, all of them allowed."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: MANY)
    monkeypatch.setattr(os, "process_cpu_count", lambda: MANY, raising=False)


def machine(folder, groups: str, files: dict[str, str]):
    """A faked root of the file system with control groups."""
    for name, text in {"proc/self/cgroup": groups, **files}.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + "\n")
    return folder


@pytest.mark.parametrize(
    ("groups", "files", "expected"),
    [
        ("0::/", {}, MANY),
        ("0::/", {"sys/fs/cgroup/cpu.max": "max 100000"}, MANY),
        ("0::/", {"sys/fs/cgroup/cpu.max": "200000 100000"}, 2),
        ("0::/", {"sys/fs/cgroup/cpu.max": "150000 100000"}, 1),
        ("0::/", {"sys/fs/cgroup/cpu.max": "20000 100000"}, 1),
        # a group around this one has the quota
        ("0::/kubepods/pod7", {"sys/fs/cgroup/kubepods/cpu.max": "400000 100000"}, 4),
        (
            "0::/a/b",
            {"sys/fs/cgroup/a/cpu.max": "800000 100000", "sys/fs/cgroup/a/b/cpu.max": "300000 100000"},
            3,
        ),
        ("0::/../outside", {"sys/fs/cgroup/cpu.max": "500000 100000"}, 5),
        # version 1: the path of the host, the files of the container
        (
            "4:cpu,cpuacct:/docker/1f\n0::/",
            {
                "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "300000",
                "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000",
            },
            3,
        ),
        (
            "1:cpu:/",
            {"sys/fs/cgroup/cpu/cpu.cfs_quota_us": "50000", "sys/fs/cgroup/cpu/cpu.cfs_period_us": "25000"},
            2,
        ),
        (
            "1:cpu:/",
            {"sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1", "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000"},
            MANY,
        ),
        ("9:name=systemd:/", {}, MANY),
        ("torn", {"sys/fs/cgroup/cpu.max": "torn"}, MANY),
    ],
)
def test_a_quota_limits_threads(tmp_path, monkeypatch, groups, files, expected):
    monkeypatch.setattr("tiankong.machine._affinity", lambda: MANY)
    assert allowed_threads(machine(tmp_path, groups, files)) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [("3", 3), ("2,1", 2), (" 5 ", 5), ("0", MANY), ("-1", MANY), ("many", MANY), ("", MANY)]
)
def test_omp_num_threads_limits_threads(tmp_path, monkeypatch, value, expected):
    monkeypatch.setattr("tiankong.machine._affinity", lambda: MANY)
    monkeypatch.setenv("OMP_NUM_THREADS", value)
    assert allowed_threads(tmp_path) == expected


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system has no affinity masks")
def test_affinity_limits_a_loaded_model():
    program = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); import tiankong; "
        "print(tiankong.load().predictor.session.threads)"
    )
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "1"


def test_only_this_module_counts_processors():
    root = Path(__file__).resolve().parents[1]
    counts = re.compile(r"(?<!setattr\(os, \")cpu_count|sched_getaffinity|\bnproc\b|cpu_percent|available_parallelism")
    allowed = {root / "src" / "tiankong" / "machine.py", Path(__file__).resolve()}
    files = [file for part in ("src", "benchmarks", "tools", "tests") for file in (root / part).rglob("*.py")]
    assert allowed <= set(files)
    assert [str(file) for file in files if file not in allowed and counts.search(file.read_text("utf-8"))] == []


def test_no_more_threads_are_used_than_there_are_processors(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    assert [threads_to_use(asked) for asked in (1, 2, 64, 1024)] == [1, 2, 2, 2]
    assert tiankong.load(threads=1024).predictor.session.threads == 2
