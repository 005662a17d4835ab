"""The documented table of statuses equals the program's."""

from __future__ import annotations

import re
from pathlib import Path

from tiankong.serve.problems import FAULT, PROBLEMS

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "http.md"


def test_the_documented_table():
    rows = re.findall(r"(?m)^\| (\d{3}) \| `(\w+)` \| ([0-9–]+) \|", PAGE.read_text(encoding="utf-8"))
    expected = {
        (str(problem.status), problem.reason, "–" if problem.exit_code is None else str(problem.exit_code))
        for problem in [*PROBLEMS.values(), FAULT]
    }
    assert set(rows) == expected
    assert len(rows) == len(expected)
