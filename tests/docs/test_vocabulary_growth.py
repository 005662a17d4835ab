"""The program behind the page on heads runs, and only the softmax grows with the vocabulary."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "vocabulary_growth.py"
SIZES = (21_000, 24_000)
HEADS = ("softmax", "codes", "hybrid")


@pytest.mark.trains
@pytest.mark.slow
def test_only_the_softmax_grows(tmp_path):
    figures, page = tmp_path / "figures.json", tmp_path / "RESULTS.md"
    options = ["--steps", 4, "--tokens", 60_000, "--preset", "small", "--json", figures, "--page", page]
    program = [sys.executable, PROGRAM, *SIZES, *options]
    printed = subprocess.run(list(map(str, program)), capture_output=True, text=True, check=True).stdout
    rows = json.loads(figures.read_text(encoding="utf-8"))
    assert [(row["words"], row["head"]) for row in rows] == [(words, head) for words in SIZES for head in HEADS]
    for row in rows:
        assert min(row["tokens_per_second"], row["train_memory"], row["fill_ms"], row["load_seconds"]) > 0
        assert (row["codes_size"] > 0) == (row["head"] != "softmax")
    small, large = ({row["head"]: row["trained_weights"] for row in rows if row["words"] == words} for words in SIZES)
    assert large["softmax"] - small["softmax"] >= 96 * 3000  # each word's vector
    for head in ("codes", "hybrid"):
        assert large[head] - small[head] == 3000  # each word's bias
    section = page.read_text(encoding="utf-8")
    assert section.startswith("## Vocabulary")
    assert printed.rstrip() in section
