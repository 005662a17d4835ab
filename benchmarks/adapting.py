"""What going on from a model is worth beside starting from nothing, by the number of texts, and what else it costs.

    python benchmarks/adapting.py TEXTS GENERAL --from BASE [--column NAME] [--sizes 200,2000,20000,0] [--preset quick]
        [--limit 2000] [--work FOLDER] [--page benchmarks/RESULTS.md] [--plot docs/images/adapting.png]

Of the texts of the file TEXTS, subsets of each size (0: all), each within the next, are prepared with the shares
80/10/10. On each, one model goes on from BASE, and another starts from nothing with the preset. All are measured on the
same test texts, those of all TEXTS, which neither learns from, and on the texts of the file GENERAL. Words outside a
vocabulary count as misses. Rows stay in the folder of ``--work``, so the same command goes on with a stopped study.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from answering import processor, this_command, write_section

import tiankong
from tiankong.corpus.reader import read_texts
from tiankong.corpus.splits import SPLITS, split_of, text_hash
from tiankong.machine import allowed_threads

HEADING = "## Adapting"
SHARES = (80.0, 10.0, 10.0)
SEED = 1
BASE, ADAPTED, FROM_NOTHING = "the base itself", "from the base", "from nothing"
MEASURED = 100
"""Texts of each split that a training measures at its end: the study measures more itself."""

Row = dict[str, Any]


def shuffled_texts(file: Path, column: str | None = None) -> list[str]:
    """The texts of a file, in an order of their own."""
    texts = [text.text for text in read_texts([file], column=column)]
    random.Random(SEED).shuffle(texts)
    return texts


def trained(texts: list[str], folder: Path, name: str, settings: dict[str, Any]) -> Row:
    """Trains the model ``name`` on ``texts``; where it is and what it took."""
    corpus = folder / "prepared"
    if not corpus.exists():
        tiankong.prepare(texts, corpus, split=SHARES, seed=SEED)
    started, processor_started = time.monotonic(), time.process_time()
    result = tiankong.train(corpus, folder / name, force=True, measure_limit=MEASURED, **settings)
    return {
        "model": str(result.path),
        "seconds": time.monotonic() - started,
        "processor_seconds": time.process_time() - processor_started,
        "best_epoch": result.metrics["best_epoch"],
    }


def measured(model: str, own: list[str], general: list[str]) -> Row:
    """Scores on the test texts and on general ones."""
    scores: Row = {}
    for name, texts in (("own", own), ("general", general)):
        metrics = tiankong.evaluate(model, text=texts).metrics
        scores |= {f"{name}_{score}": metrics[score] for score in ("top1", "top10", "oov_targets", "targets")}
    return scores


def study(arguments: argparse.Namespace) -> list[Row]:
    """A row for the base, and for each size and start."""
    texts = shuffled_texts(arguments.texts, arguments.column)
    general = shuffled_texts(arguments.general)[: arguments.limit]
    is_test = (SPLITS[split_of(text_hash(text, SEED), SHARES)] == "test" for text in texts)
    own = [text for text, chosen in zip(texts, is_test, strict=True) if chosen][: arguments.limit]
    work: Path = arguments.work
    work.mkdir(parents=True, exist_ok=True)

    def row_of(some: list[str], start: str, name: str, settings: dict[str, Any]) -> Row:
        row = {"start": start, "texts": len(some), **trained(some, work / f"{len(some)}", name, settings)}
        return row | measured(row["model"], own, general)

    starts = ((ADAPTED, "adapted", {"base": arguments.base}), (FROM_NOTHING, "scratch", {"preset": arguments.preset}))
    rows = [once(work / "base.json", lambda: {"start": BASE, "texts": 0, **measured(arguments.base, own, general)})]
    for size in arguments.sizes:
        some = texts[:size] if size else texts
        for start, name, settings in starts:
            rows.append(once(work / f"{len(some)}-{name}.json", partial(row_of, some, start, name, settings)))
    return rows


def once(file: Path, make: Callable[[], Row]) -> Row:
    """The row in ``file``, made if it is not there."""
    if not file.exists():
        file.write_text(json.dumps(make()), encoding="utf-8")
    row: Row = json.loads(file.read_text(encoding="utf-8"))
    print(json.dumps(row), flush=True)
    return row


def table(rows: list[Row]) -> list[str]:
    """The rows as Markdown."""
    lines = [
        "| texts | start | top-10 | relative | top-1 | general text, top-10 | minutes | processor minutes |",
        "|---|---|---|---|---|---|---|---|",
    ]
    nothing = {row["texts"]: row["own_top10"] for row in rows if row["start"] == FROM_NOTHING}
    for row in rows:
        took = ["", ""]
        if "seconds" in row:
            took = [f"{row[name] / 60:.1f}" for name in ("seconds", "processor_seconds")]
        relative = f"{row['own_top10'] / nothing[row['texts']]:.2f}" if row["start"] == ADAPTED else ""
        scores = [f"{row['own_top10']:.3f}", relative, f"{row['own_top1']:.3f}", f"{row['general_top10']:.3f}"]
        cells = [f"{row['texts']:,}", row["start"], *scores, *took]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def draw(rows: list[Row], picture: Path) -> None:
    """Top-10 by the number of texts, on the test texts and on general ones."""
    import matplotlib as mpl  # noqa: PLC0415

    mpl.use("Agg")
    from matplotlib import pyplot  # noqa: PLC0415

    figure, axes = pyplot.subplots(1, 2, figsize=(9, 4), layout="constrained", sharey=True)
    for axis, score, title in zip(axes, ("own", "general"), ("test texts", "general text"), strict=True):
        for start in (ADAPTED, FROM_NOTHING):
            points = [(row["texts"], row[f"{score}_top10"]) for row in rows if row["start"] == start]
            axis.plot(*zip(*points, strict=True), marker="o", label=start)
        axis.axhline(rows[0][f"{score}_top10"], linestyle=":", color="grey", label=BASE)
        axis.set(xscale="log", xlabel="texts", title=title)
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("top-10")
    axes[0].legend()
    picture.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(picture, dpi=110)


def main() -> None:
    """Runs the study and prints its table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("texts", type=Path)
    parser.add_argument("general", type=Path)
    parser.add_argument("--from", dest="base", required=True)
    parser.add_argument("--column", help="the column of TEXTS, of a table")
    parser.add_argument(
        "--sizes", type=lambda text: [int(size) for size in text.split(",")], default=[200, 2000, 20000, 0]
    )
    parser.add_argument("--preset", default="quick")
    parser.add_argument("--limit", type=int, default=2000, help="measure at most this many texts of each kind")
    parser.add_argument("--work", type=Path, default=Path("build/adapting"))
    parser.add_argument("--page", type=Path)
    parser.add_argument("--plot", type=Path)
    arguments = parser.parse_args()
    rows = study(arguments)
    lines = table(rows)
    print("\n".join(lines))
    if arguments.plot:
        draw(rows, arguments.plot)
    if arguments.page:
        what = (
            f"The base is `{Path(arguments.base).name}`; from nothing: the preset `{Path(arguments.preset).stem}`. "
            f"Relative: to the top-10 from nothing. {allowed_threads()} processors ({processor()}), Python "
            f"{platform.python_version()}, {date.today()}."
        )
        section = [HEADING, "", f"    {this_command('adapting.py')}", "", what, "", *lines]
        if arguments.plot:
            place = Path(os.path.relpath(arguments.plot, arguments.page.parent)).as_posix()
            section += ["", f"![Top-10 by the number of texts]({place})"]
        write_section(arguments.page, HEADING, section)


if __name__ == "__main__":
    main()
