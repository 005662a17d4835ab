"""The program behind the page on preparing runs, and makes corpora of any size."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "preparing.py"


def run(*arguments):
    return subprocess.run([sys.executable, PROGRAM, *map(str, arguments)], capture_output=True, text=True, check=True)


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="memory is read from Linux's /proc")
def test_both_kinds_of_work_are_measured(corpus_file, tmp_path):
    figures, page = tmp_path / "figures.json", tmp_path / "RESULTS.md"
    printed = run(corpus_file, "--rounds", 1, "--processes", "1,2", "--json", figures, "--page", page).stdout
    rows = json.loads(figures.read_text())["rows"]
    assert [row["processes"] for row in rows] == [1, 2]
    for row in rows:
        for work in ("segment", "prepare"):
            assert row[work]["memory"] > 10
            assert row[work]["processor_seconds"] > 0
        assert row["ratio"] == pytest.approx(row["prepare"]["seconds"] / row["segment"]["seconds"])
        assert f"| {row['processes']} |" in printed
    section = page.read_text(encoding="utf-8")
    assert "## Preparing" in section
    # What was measured is not measured again, and other rows stay.
    run(corpus_file, "--json", figures, "--page", page, "--add")
    added = page.read_text(encoding="utf-8").splitlines()
    assert [line for line in added if line.startswith("| 0 MB")] == 2 * [
        line for line in section.splitlines() if line.startswith("| 0 MB")
    ]


def test_large_files_repeat_the_texts_with_changes(corpus_file, tmp_path):
    large = tmp_path / "large.txt"
    run(corpus_file, "--write", large, "--gigabytes", 1e-4)
    lines = large.read_text(encoding="utf-8").splitlines()
    assert 100_000 <= large.stat().st_size < 101_000
    assert len(set(lines)) == len(lines) > len(corpus_file.read_text(encoding="utf-8").splitlines())
