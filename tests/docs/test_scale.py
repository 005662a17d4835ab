"""The programs behind the page on large corpora run, whole, on little text."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import tiankong

PROGRAMS = Path(__file__).parents[2] / "benchmarks"
ON_LINUX = pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="memory is read from Linux's /proc")


def section(page, program, *arguments):
    """The table rows that a program writes to ``page``."""
    command = [sys.executable, PROGRAMS / program, *map(str, arguments), "--page", page]
    subprocess.run(command, capture_output=True, check=True)
    rows = [line for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    return [line.strip("| ").split(" | ") for line in rows if not line.startswith("|--")]


@ON_LINUX
@pytest.mark.trains
@pytest.mark.slow
def test_training_on_several_corpora_is_measured_in_turns(corpus_file, tmp_path):
    large = tiankong.prepare(corpus_file, tmp_path / "large", minimum_count=1)
    lines = corpus_file.read_text(encoding="utf-8").splitlines()[:300]
    small = tiankong.prepare(lines, tmp_path / "small", vocabulary_of=large)
    arguments = ("--steps", 60, "--rounds", 1)
    head, *rows = section(tmp_path / "page.md", "large_training.py", small.path, large.path, *arguments)
    assert head[0] == "tokens"
    assert len(rows) == 2
    assert rows[0][4].startswith("1.000")
    for row in rows:
        seconds, memory, steps = (float(re.match(r"[\d.,]+", cell)[0]) for cell in row[1:4])
        assert 0 < seconds < 120
        assert memory >= 0
        assert steps > 0.1


@ON_LINUX
@pytest.mark.slow
def test_a_file_is_answered_killed_and_resumed(tmp_path):
    _, *rows = section(tmp_path / "page.md", "answering_files.py", "--rows", 6000)
    cells = dict(row for row in rows if len(row) == 2)
    assert float(cells["ratio"].split()[0]) > 0
    assert cells["rows in the order of the input"] == "all"
    assert int(cells["rows/s, starts included"].replace(",", "")) > 10
