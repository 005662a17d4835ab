"""The page on padding quotes what its program prints."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "benchmarks" / "padding.py"
PAGE = ROOT / "docs" / "how-it-works" / "padding.md"


def test_the_page_shows_the_real_output():
    printed = subprocess.run([sys.executable, str(PROGRAM)], capture_output=True, text=True, check=True).stdout
    assert f"```\n{printed}```" in PAGE.read_text(encoding="utf-8")


def test_only_reversing_padding_is_wrong():
    printed = subprocess.run([sys.executable, str(PROGRAM)], capture_output=True, text=True, check=True).stdout
    worst = dict(line.split("alone, ")[1].split(": ") for line in printed.splitlines() if line.startswith("largest"))
    assert float(worst["padded, then reversed"]) > 0.01
    assert float(worst["tiankong"]) == 0
    assert float(worst["packed"]) == 0
