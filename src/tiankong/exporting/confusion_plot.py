"""The plot of the confusion matrix."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

_MOST_NUMBERED = 20
"""With more labels, the numbers would run into each other."""

_LONGEST_NAME = 24

_CHINESE_FONTS = ["Noto Sans CJK SC", "Noto Sans SC", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "Microsoft YaHei"]


def draw_confusion(labels: Sequence[str], confusion: Sequence[Sequence[int]], path: Path) -> None:
    """``confusion`` has for each label in the data (row) how often it was given each label (column).

    Cells are coloured by their share of the row. Names that no font here can show are replaced by their numbers.
    """
    import matplotlib as mpl  # noqa: PLC0415 - heavy, and needed once

    mpl.use("Agg")
    from matplotlib import font_manager, pyplot  # noqa: PLC0415

    here = {font.name for font in font_manager.fontManager.ttflist}
    fonts = [name for name in _CHINESE_FONTS if name in here]
    numbered = not fonts and not all(name.isascii() for name in labels)
    names = [str(number) if numbered else _short(name) for number, name in enumerate(labels, 1)]
    counts = np.array(confusion, dtype=np.float64)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = min(12.0, 2.5 + 0.6 * len(labels))
    settings: Any = {"font.sans-serif": [*fonts, *mpl.rcParams["font.sans-serif"]], "text.parse_math": False}
    with mpl.rc_context(settings), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of characters that no font has
        figure, axes = pyplot.subplots(figsize=(side + 1, side), layout="constrained")
        image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        figure.colorbar(image, label="share of the texts with the label")
        axes.set(xlabel="taken for", ylabel="label, by its number in the table" if numbered else "label")
        if len(labels) <= _MOST_NUMBERED:
            axes.set_xticks(range(len(labels)), names, rotation=45, ha="right")
            axes.set_yticks(range(len(labels)), names)
            for row, column in np.ndindex(counts.shape):
                colour = "white" if shares[row, column] > 0.5 else "black"
                axes.text(column, row, f"{int(counts[row, column]):,}", ha="center", va="center", color=colour)
        figure.savefig(path, dpi=90)
    pyplot.close(figure)


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
