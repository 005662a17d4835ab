"""The programs behind the pages on joint filling and error detection run on any corpus and model."""

import subprocess
import sys
from pathlib import Path

PROGRAMS = Path(__file__).parents[2] / "benchmarks"


def printed(program, *arguments):
    command = [sys.executable, str(PROGRAMS / program), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def test_joint_filling(prepared, model_folder):
    lines = printed("joint_filling.py", prepared, "--model", model_folder, "--texts", 30)
    figures = {line[:34].strip(): line[34:].split()[0] for line in lines}
    assert figures["texts of the test split"] == "30"
    assert 0 <= float(figures["both right, together"]) <= float(figures["both right, among the best 10"]) <= 1


def test_error_detection(practice_corpus, practice_model, tmp_path):
    plot = tmp_path / "curve.png"
    lines = printed("error_detection.py", practice_corpus, "--model", practice_model, "--texts", 150, "--plot", plot)
    assert len({line[:18].strip() for line in lines[1:]}) == 6
    for line in lines[1:]:
        texts, parts, asked, *shares = (float(part.replace(",", "")) for part in line[18:].split())
        assert parts > texts > 20
        assert 0 < asked <= 1
        assert len(shares) == 4
        assert all(0 <= share <= 1 for share in shares)
    assert plot.stat().st_size > 1000
