"""What going on from a model is worth beside starting from nothing, by the number of texts, and what else it costs.

    python benchmarks/adapting.py TEXTS GENERAL --from BASE [--sizes 200,2000,20000,0] [--preset quick] [--work FOLDER]
        [--page docs/guide/adapting.md]

Of the lines of TEXTS, subsets of each size (0: all), each within the next, are prepared with the shares 80/10/10.
A model goes on from BASE on each, and another starts from nothing with the preset. All are measured on the test texts
of all TEXTS, which no training reads, and on the lines of GENERAL. Words outside a vocabulary are misses. Results stay
in FOLDER, so a stopped run continues with the same command. The table goes into the page and the plot beside it.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import time
from pathlib import Path
from typing import Any

from answering import processor, this_command, write_section

import tiankong
from tiankong.corpus.reader import read_texts
from tiankong.corpus.splits import SPLITS, split_of, text_hash
from tiankong.machine import allowed_threads

HEADING = "## What it is worth"
SHARES = (80.0, 10.0, 10.0)
ADAPTED, FROM_NOTHING = "from the base", "from nothing"


def lines_of(file: Path) -> list[str]:
    """The texts of a file, in an order of their own."""
    texts = [text.text for text in read_texts([file])]
    random.Random(1).shuffle(texts)
    return texts


def trained(texts: list[str], folder: Path, settings: dict[str, Any]) -> dict[str, Any]:
    """Trains on ``texts``; what it took."""
    corpus = folder / "prepared"
    if not corpus.exists():
        tiankong.prepare(texts, corpus, split=SHARES)
    started, processor_started = time.monotonic(), time.process_time()
    name = "adapted" if settings.get("base") else "scratch"
    result = tiankong.train(corpus, folder / name, force=True, measure_limit=100, **settings)
    return {
        "model": str(result.path),
        "seconds": time.monotonic() - started,
        "processor_seconds": time.process_time() - processor_started,
        "best_epoch": result.metrics["best_epoch"],
    }


def measured(model: str, own: list[str], general: list[str]) -> dict[str, float]:
    """Scores on the test texts and on general ones."""
    scores: dict[str, float] = {}
    for name, texts in (("own", own), ("general", general)):
        metrics = tiankong.evaluate(model, text=texts).metrics
        scores |= {f"{name}_{score}": metrics[score] for score in ("top1", "top10", "perplexity")}
    return scores


def study(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """A row for the base, and for each size and start."""
    texts, general = lines_of(arguments.texts), lines_of(arguments.general)[: arguments.limit]
    test = [text for text in texts if SPLITS[split_of(text_hash(text, 1), SHARES)] == "test"][: arguments.limit]
    arguments.work.mkdir(parents=True, exist_ok=True)

    def once(name: str, make: Any) -> dict[str, Any]:
        file = arguments.work / f"{name}.json"
        if not file.exists():
            file.write_text(json.dumps(make()), encoding="utf-8")
        row: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        print(json.dumps(row), flush=True)
        return row

    base = arguments.base
    rows = [once("base", lambda: {"start": "the base itself", "texts": 0, **measured(base, test, general)})]
    for size in arguments.sizes:
        some = texts[:size] if size else texts
        for start, settings in ((ADAPTED, {"base": base}), (FROM_NOTHING, {"preset": arguments.preset})):

            def make(some: list[str] = some, start: str = start, settings: Any = settings) -> dict[str, Any]:
                row = {"start": start, "texts": len(some)}
                row |= trained(some, arguments.work / str(len(some)), settings)
                return row | measured(row["model"], test, general)

            rows.append(once(f"{len(some)}-{start.split()[-1]}", make))
    return rows


def table(rows: list[dict[str, Any]]) -> list[str]:
    """The rows as Markdown."""
    lines = [
        "| texts | start | top-10 | top-1 | general text: top-10 | perplexity | minutes |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        minutes = f"{row['seconds'] / 60:.1f}" if "seconds" in row else ""
        lines.append(
            f"| {row['texts']:,} | {row['start']} | {row['own_top10']:.3f} | {row['own_top1']:.3f} | "
            f"{row['general_top10']:.3f} | {row['general_perplexity']:.0f} | {minutes} |"
        )
    return lines


def draw(rows: list[dict[str, Any]], picture: Path) -> None:
    """Top-10 by the number of texts."""
    import matplotlib as mpl  # noqa: PLC0415

    mpl.use("Agg")
    from matplotlib import pyplot  # noqa: PLC0415

    figure, axes = pyplot.subplots(figsize=(6, 4), layout="constrained")
    for start in (ADAPTED, FROM_NOTHING):
        points = [(row["texts"], row["own_top10"]) for row in rows if row["start"] == start]
        axes.plot(*zip(*points, strict=True), marker="o", label=start)
    axes.axhline(rows[0]["own_top10"], linestyle=":", color="grey", label=rows[0]["start"])
    axes.set(xscale="log", xlabel="texts", ylabel="top-10 on the test texts")
    axes.legend()
    axes.grid(alpha=0.3)
    figure.savefig(picture, dpi=110)


def main() -> None:
    """Runs the study and prints its table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("texts", type=Path)
    parser.add_argument("general", type=Path)
    parser.add_argument("--from", dest="base", required=True)
    parser.add_argument(
        "--sizes", type=lambda text: [int(size) for size in text.split(",")], default=[200, 2000, 20000, 0]
    )
    parser.add_argument("--preset", default="quick")
    parser.add_argument("--limit", type=int, default=2000, help="measure at most this many texts of each kind")
    parser.add_argument("--work", type=Path, default=Path("build/adapting"))
    parser.add_argument("--page", type=Path)
    arguments = parser.parse_args()
    rows = study(arguments)
    lines = table(rows)
    print("\n".join(lines))
    if arguments.page:
        picture = arguments.page.with_suffix(".png")
        draw(rows, picture)
        machine = f"{allowed_threads()} processors ({processor()}), Python {platform.python_version()}."
        head = [HEADING, "", f"    {this_command('adapting.py')}", "", machine, "", *lines, ""]
        write_section(arguments.page, HEADING, [*head, f"![Top-10 by the number of texts]({picture.name})"])


if __name__ == "__main__":
    main()
