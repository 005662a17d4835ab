"""The plot of a model's calibration on the test split."""

from __future__ import annotations

from pathlib import Path


def draw_reliability(table: list[list[float]], error: float, path: Path) -> None:
    """``table`` has rows of mean probability, share right and number of answers; see ``evaluate.reliability``."""
    import matplotlib as mpl  # noqa: PLC0415 - heavy, and needed once

    mpl.use("Agg")
    from matplotlib import pyplot  # noqa: PLC0415

    probability, right, answers = zip(*table, strict=True)
    figure, (top, bottom) = pyplot.subplots(
        2, 1, figsize=(5, 6), sharex=True, height_ratios=(3, 1), layout="constrained"
    )
    top.plot((0, 1), (0, 1), color="grey", linestyle="--", label="as it should be")
    top.plot(probability, right, marker="o", label=f"test split, error {error:.3f}")
    top.set(ylabel="share of best answers that are right", xlim=(0, 1), ylim=(0, 1))
    top.legend()
    bottom.bar(probability, answers, width=0.05)
    bottom.set(xlabel="probability of the best answer", ylabel="answers")
    for axes in (top, bottom):
        axes.grid(alpha=0.3)
    figure.savefig(path, dpi=90)
    pyplot.close(figure)
