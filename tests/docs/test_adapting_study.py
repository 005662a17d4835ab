"""The program behind the table on adapting runs: nested subsets, two starts, one set of test texts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tiankong.corpus.prepared import PreparedCorpus

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "adapting.py"
SCRATCH = """
[model]
embedding_size = 16
hidden_size = 16
mlp_sizes = [16]
attention_size = 0
[training]
epochs = 2
"""


@pytest.mark.trains
@pytest.mark.slow
def test_it_compares_both_starts_at_every_size(corpus_file, practice_model, tmp_path):
    general, preset = tmp_path / "general.txt", tmp_path / "scratch.toml"
    general.write_text("外套做工精细，穿着很暖和\n快递小哥态度很好，物流很快\n" * 5, encoding="utf-8")
    preset.write_text(SCRATCH, encoding="utf-8")
    page, plot, work = tmp_path / "RESULTS.md", tmp_path / "images" / "adapting.png", tmp_path / "work"
    options = ["--sizes", "120,0", "--limit", 30, "--preset", preset, "--work", work, "--page", page, "--plot", plot]
    program = list(map(str, [sys.executable, PROGRAM, corpus_file, general, "--from", practice_model, *options]))
    printed = subprocess.run(program, capture_output=True, text=True, check=True).stdout
    rows = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    every = len(corpus_file.read_text(encoding="utf-8").splitlines())
    starts = ("from the base", "from nothing")
    assert [(row["texts"], row["start"]) for row in rows] == [
        (0, "the base itself"),
        *((size, start) for size in (120, every) for start in starts),
    ]
    assert len({row["own_targets"] for row in rows}) == 1
    assert all(row["seconds"] > 0 for row in rows[1:])
    splits = [PreparedCorpus(work / f"{size}" / "prepared").manifest.splits for size in (120, every)]
    assert [sum(split.texts for split in counts.values()) for counts in splits] == [120, every]
    section = page.read_text(encoding="utf-8")
    assert section.startswith("## Adapting")
    assert section.count("| from the base |") == 2
    assert "](images/adapting.png)" in section
    assert plot.stat().st_size > 1000
    assert (
        subprocess.run(program, capture_output=True, text=True, check=True).stdout == printed
    )  # nothing is made twice
