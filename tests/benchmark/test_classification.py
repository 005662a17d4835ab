"""The program behind the figures of docs/lab/0009-classification.md runs, whole, on little text."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

from tests.conftest import optional_package
from tiankong.sample.grammar import reviews

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "classification.py"


def test_it_learns_takes_over_and_times(corpus_file, model_folder, tmp_path):
    optional_package("sklearn")
    shopping = tmp_path / "shopping.csv"
    with shopping.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["cat", "label", "review"])
        # The first are among the practice texts, and left out.
        writer.writerows([["书籍" if n % 2 else "酒店", one.label, one.text] for n, one in enumerate(reviews(460))])
    page = tmp_path / "page.md"
    arguments = [corpus_file, shopping, "--base", model_folder, "--work", tmp_path / "work", "--page", page]
    arguments += ["--sizes", "100", "0", "--seeds", "1"]
    command = [sys.executable, str(PROGRAM), *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True)
    text = page.read_text(encoding="utf-8")
    tables = [
        [line.strip("| ").split(" | ") for line in part.splitlines()] for part in text.split("\n\n") if "|---" in part
    ]
    learning, transfer, speed = tables
    assert [row[0] for row in learning[2:]] == ["TF-IDF + logistic regression", "BRNN from scratch", "BRNN, fine-tuned"]
    assert all(0.3 < float(cell.split()[0]) <= 1 for row in learning[2:] for cell in row[1:])
    assert {row[0] for row in transfer[2:]} == {"书籍", "酒店", "all"}
    assert sum(int(row[1]) for row in transfer[2:-1]) == int(transfer[-1][1]) <= 60
    assert all(int(cell.split()[0].replace(",", "")) > 10 for row in speed[2:] for cell in row[1:])
    assert (tmp_path / "page.png").read_bytes().startswith(b"\x89PNG")
    # Given again, nothing is trained again.
    before = {file: file.stat().st_mtime for file in (tmp_path / "work").glob("*/config.json")}
    subprocess.run(command, check=True, capture_output=True)
    assert {file: file.stat().st_mtime for file in (tmp_path / "work").glob("*/config.json")} == before
