"""The benchmark's answers as figures with confidence intervals, a page and a plot."""

from __future__ import annotations

import math
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tiankong.benchmark.run import Result, read_answers
from tiankong.benchmark.task import Task
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.folder import write_text
from tiankong.machine import allowed_threads

PAGE_FILE = "RESULTS.md"
PLOT_FILE = "results.png"

_RESAMPLES = 1000
_BANDS = ((1, 100), (101, 1000), (1001, 5000), (5001, None))
"""Of vocabulary rank, first and last."""

Answers = dict[str, NDArray[np.float32]]
"""What :func:`~tiankong.benchmark.run.read_answers` gives."""


@dataclass(frozen=True)
class Quality:
    """A system's answers. Unknown targets are misses in top-k and MRR and left out of perplexity.

    ``interval`` is of top-10: 95 %, from resampled texts. ``lead`` is that of how far top-10 is above the softmax's on
    the same texts, ``None`` for that itself or without it. ``bands`` is top-10 by word frequency, ``None`` where no
    target is in the band.
    """

    top1: float
    top5: float
    top10: float
    mrr: float
    perplexity: float | None
    interval: tuple[float, float]
    lead: tuple[float, float] | None
    bands: tuple[float | None, ...]


def quality(
    result: Result, task: Task, answers: Answers, special: int, seed: int, softmax: Answers | None = None
) -> Quality:
    """The figures of one system's ``ranks`` and ``log_probabilities`` for the targets of ``task``, beside those of the
    ``softmax``.
    """
    ranks = answers["ranks"]
    size = len(ranks) + task.unknown
    hits = _hits(answers)
    vocabulary_rank = task.targets - special + 1
    bands = [hits[(vocabulary_rank >= first) & (vocabulary_rank <= (last or np.inf))] for first, last in _BANDS]
    perplexity = math.exp(min(-float(answers["log_probabilities"].mean()), 700.0))
    return Quality(
        top1=float((ranks == 1).sum() / size),
        top5=float((ranks <= 5).sum() / size),
        top10=float(hits.sum() / size),
        mrr=float((1 / ranks).sum() / size),
        perplexity=perplexity if result.gives_probabilities else None,
        interval=_interval(hits, task, seed),
        lead=None if softmax is None else _interval(hits - _hits(softmax), task, seed),
        bands=tuple(float(band.mean()) if len(band) else None for band in bands),
    )


def _hits(answers: Answers) -> NDArray[np.int64]:
    """1 for each target among the first ten answers, 0 for the others."""
    return (answers["ranks"] <= 10).astype(np.int64)


def _interval(counted: NDArray[np.int64], task: Task, seed: int) -> tuple[float, float]:
    """Of the mean of what is ``counted`` for each target: percentile bootstrap over texts (Efron 1979), whose targets
    are not independent of each other. The same texts are drawn for every system.
    """
    edges = np.cumsum([0, *(len(text.targets) for text in task.texts)])
    by_text = np.add.reduceat(counted, edges[:-1])
    sizes = np.array([len(text.targets) + text.unknown_targets for text in task.texts])
    drawn = np.random.default_rng(seed).integers(len(sizes), size=(_RESAMPLES, len(sizes)))
    shares = by_text[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    low, high = np.percentile(shares, [2.5, 97.5])
    return float(low), float(high)


def write_report(
    folder: Path, results: Sequence[Result], corpus: PreparedCorpus, task: Task, special: int, seed: int, command: str
) -> None:
    """Writes the page and the plot into ``folder``."""
    answered = {result.system: answers for result in results if (answers := read_answers(folder / result.system))}
    measured = {
        result.system: quality(
            result,
            task,
            answered[result.system],
            special,
            seed,
            None if result.system == "softmax" else answered.get("softmax"),
        )
        for result in results
        if result.system in answered
    }
    page = [
        "# Benchmark",
        "",
        f"    {command}",
        "",
        f"{_machine()}. Corpus: {_corpus(corpus)}. {len(task.targets) + task.unknown:,} blanks in {len(task.texts):,} "
        f"test texts, {task.unknown:,} of them words outside the vocabulary of {corpus.manifest.words:,}, which every "
        "system misses. Every system ranks the same candidates for the same blanks.",
        "",
        "## Quality",
        "",
        *_quality_table(results, measured),
        "",
        "Top-10 with its 95 % interval, from resampled texts, and the interval of how far it is above the softmax's, "
        "which is narrower where both are right on the same blanks. Perplexity is over words in the "
        "vocabulary, normalised over the candidates.",
        "",
        "## Top-10 by word frequency",
        "",
        *_band_table(results, measured),
        "",
        "## Cost",
        "",
        *_cost_table(results),
        "",
        "Tokens are counted without padding. Training is time on the wall, processors that of all threads together, "
        "which limits the peers that do not stop by themselves. Peak memory is of the training process. Latency is "
        "the median of one blank on its own, whole vocabulary scored.",
        "",
        *[f"- {result.label}: not run, {result.skipped}" for result in results if result.skipped],
        *[f"- {result.label}: {result.note}" for result in results if result.note],
    ]
    write_text(folder / PAGE_FILE, "\n".join(page).rstrip() + "\n")
    _draw(folder / PLOT_FILE, results, measured)


def _quality_table(results: Sequence[Result], measured: dict[str, Quality]) -> list[str]:
    rows = [
        "| system | top-1 | top-5 | top-10 | 95 % | above the softmax | MRR | perplexity | bit accuracy |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for result in results:
        if result.system not in measured:
            continue
        scores = measured[result.system]
        perplexity = "–" if scores.perplexity is None else f"{scores.perplexity:.3g}"
        bits = "–" if result.bit_accuracy is None else f"{result.bit_accuracy:.4f}"
        lead = "–" if scores.lead is None else f"{_signed(scores.lead[0])} to {_signed(scores.lead[1])}"
        rows.append(
            f"| {result.label} | {scores.top1:.3f} | {scores.top5:.3f} | {scores.top10:.3f} "
            f"| {scores.interval[0]:.3f}–{scores.interval[1]:.3f} | {lead} | {scores.mrr:.3f} | {perplexity} | {bits} |"
        )
    return rows


def _signed(difference: float) -> str:
    return f"{difference:+.3f}".replace("-", "−")


def _band_table(results: Sequence[Result], measured: dict[str, Quality]) -> list[str]:
    names = [f"{first:,}–{last:,}" if last else f"from {first:,}" for first, last in _BANDS]
    rows = [f"| words by rank | {' | '.join(names)} |", f"|---|{'---|' * len(names)}"]
    for result in results:
        if result.system in measured:
            shares = " | ".join("–" if share is None else f"{share:.3f}" for share in measured[result.system].bands)
            rows.append(f"| {result.label} | {shares} |")
    return rows


def _cost_table(results: Sequence[Result]) -> list[str]:
    rows = [
        "| system | training | processors | tokens/s | to the tutorial's | peak memory | size | blanks/s | latency |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    rates = {result.system: _rate(result) for result in results}
    base = rates.get("tutorial")
    for result in results:
        if result.skipped:
            continue
        rate = rates[result.system]
        ratio = f"{rate / base:.1f}×" if rate and base else "–"
        answers = (
            f"{result.size_bytes / 1e6:.1f} MB | {result.targets_per_second:,.0f} "
            f"| {result.latency_milliseconds:.1f} ms"
            if result.targets_per_second
            else "– | – | –"
        )
        spent = f"{result.training_seconds:,.0f} s" if result.training_seconds else "–"
        processors = f"{result.processor_seconds:,.0f} s" if result.processor_seconds else "–"
        rows.append(
            f"| {result.label} | {spent} | {processors} | {f'{rate:,.0f}' if rate else '–'} | {ratio} "
            f"| {result.peak_bytes / 2**30:.1f} GiB | {answers} |"
        )
    return rows


def _rate(result: Result) -> float:
    return result.tokens / result.training_seconds if result.training_seconds else 0.0


def _machine() -> str:
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), model)
    except OSError:
        pass
    return f"Machine: {model}, {allowed_threads()} processors, {platform.system()}, Python {platform.python_version()}"


def _corpus(corpus: PreparedCorpus) -> str:
    names = ", ".join(f"`{Path(source.path).name}`" for source in corpus.manifest.sources)
    return f"{names}, {corpus.manifest.splits['train'].tokens:,} training tokens"


def _draw(file: Path, results: Sequence[Result], measured: dict[str, Quality]) -> None:
    import matplotlib as mpl  # noqa: PLC0415 - heavy

    mpl.use("Agg")
    from matplotlib import pyplot  # noqa: PLC0415

    shown = [result for result in results if result.system in measured][::-1]
    scores = [measured[result.system] for result in shown]
    figure, axes = pyplot.subplots(figsize=(8, 0.5 + 0.5 * len(shown)), layout="constrained")
    errors = np.array([[score.top10 - score.interval[0], score.interval[1] - score.top10] for score in scores]).T
    ours = ["tab:blue" if "tiankong" in result.label else "tab:gray" for result in shown]
    axes.barh(
        [result.label.replace("*", "") for result in shown], [score.top10 for score in scores], xerr=errors, color=ours
    )
    axes.set_xlabel("top-10 accuracy on the test blanks, with 95 % intervals")
    axes.spines[["top", "right"]].set_visible(False)
    partial = file.with_suffix(".partial.png")
    figure.savefig(partial, dpi=120)
    pyplot.close(figure)
    partial.replace(file)
