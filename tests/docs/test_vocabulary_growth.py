"""The program behind the page on heads runs, and only the softmax grows with the vocabulary."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "vocabulary_growth.py"


@pytest.mark.trains
def test_only_the_softmax_grows():
    program = [sys.executable, str(PROGRAM), "22000", "32000"]
    printed = subprocess.run(program, capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in printed.splitlines()[1:]]
    assert [(row[0], row[1]) for row in rows] == [
        (words, head) for words in ("22,000", "32,000") for head in ("softmax", "codes", "hybrid")
    ]
    small, large = ({row[1]: float(row[2]) for row in part} for part in (rows[:3], rows[3:]))
    assert large["softmax"] - small["softmax"] > 2  # 10,000 vectors of 256 numbers
    for head in ("codes", "hybrid"):
        assert large[head] - small[head] < 0.1
