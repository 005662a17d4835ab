"""What training on large corpora takes beside a small one: time to the first step, memory for the data, rate.

    python benchmarks/large_training.py SMALL LARGE… [--steps 300] [--rounds 3] [--page benchmarks/RESULTS.md]

SMALL and LARGE are prepared corpora, best of one vocabulary. Each round trains on all in turn, in processes of their
own. The first step is counted from the start of the call, the imports behind it. Memory for the data is what reading
the corpus adds to the process, at its highest, over the first 30,000 batches: no network is there. The rate is that of
the steps after the first fifty, by the clock and by the time on processors.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from answering import processor, this_command, write_section

HEADING = "## Training on large corpora"
WARM_UP = 50
NEGATIVES = 512
WINDOW, BATCHES = 192, 30_000
MOST_SECONDS, MOST_MEMORY, LOWEST_RATIO = 30, 300, 0.95


def data(folder: Path) -> dict[str, float]:
    """Reads batches of the first windows; the memory that this takes, in MB."""
    from tiankong.config import load_preset  # noqa: PLC0415 - counted before
    from tiankong.corpus.mix import CorpusMix  # noqa: PLC0415
    from tiankong.corpus.prepared import PreparedCorpus  # noqa: PLC0415
    from tiankong.training.cloze.trainer import training_data  # noqa: PLC0415

    before = _memory("VmRSS")
    training = dataclasses.replace(load_preset("small").training, window=WINDOW)
    batches, _ = training_data(CorpusMix([PreparedCorpus(folder)]), training)
    for first in range(0, min(len(batches), BATCHES), 500):
        next(batches.epoch(0, first))
    return {"memory": _memory("VmHWM") - before}


class _MeasuredError(Exception):
    """Ends a training that has done its steps."""


def rate(folder: Path, steps: int) -> dict[str, float]:
    """Trains for so many steps; the seconds to the first one, and the steps a second after the warm-up."""
    from tiankong.pipeline.train import train  # noqa: PLC0415 - counted before

    marks: dict[int, tuple[float, float]] = {}

    def note(progress: Any) -> None:
        if progress.stage == "training":
            marks[progress.done] = time.monotonic(), time.process_time()
            if progress.done == steps:
                raise _MeasuredError  # before anything is evaluated or written

    started = time.monotonic()
    with tempfile.TemporaryDirectory() as place, contextlib.suppress(_MeasuredError):
        settings = {"epochs": 0, "max_steps": steps, "threads": 1, "precision": "fp32", "validation_sentences": 200}
        settings["negatives"] = NEGATIVES  # fast steps: reading the data has the largest share then
        train(folder, Path(place) / "model", preset="small", progress=note, **settings)
    (clock, processor), (clock_then, processor_then) = marks[WARM_UP], marks[steps]
    return {
        "first": marks[1][0] - started,
        "rate": (steps - WARM_UP) / (clock_then - clock),
        "processor_rate": (steps - WARM_UP) / (processor_then - processor),
    }


def _memory(name: str) -> float:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


def _in_own_process(what: str, folder: Path, steps: int) -> dict[str, float]:
    command = [sys.executable, __file__, str(folder), "--child", what, "--steps", str(steps)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    measured: dict[str, float] = json.loads(printed.splitlines()[-1])
    return measured


def table(corpora: Sequence[Path], steps: int, rounds: int) -> list[str]:
    """A row for each corpus, measured in turns; rates are medians of the ratios to the first one's."""
    from tiankong.corpus.prepared import PreparedCorpus  # noqa: PLC0415

    runs = [[_in_own_process("rate", folder, steps) for folder in corpora] for _ in range(rounds)]
    lines = [
        "| tokens | first step after | memory for the data | steps/s | rate | rate by processor time |",
        "|---|---|---|---|---|---|",
    ]
    for place, folder in enumerate(corpora):
        of_corpus = [one[place] for one in runs]
        first = statistics.median(run["first"] for run in of_corpus)
        clock = statistics.median(run["rate"] for run in of_corpus)
        memory = _in_own_process("data", folder, steps)["memory"]
        ratios = [
            statistics.median(one[place][name] / one[0][name] for one in runs) for name in ("rate", "processor_rate")
        ]
        tokens = PreparedCorpus(folder).manifest.splits["train"].tokens
        lines.append(
            f"| {tokens / 1e6:,.0f} million | {first:.1f} s (at most {MOST_SECONDS}) | {memory:.0f} MB (at most "
            f"{MOST_MEMORY}) | {clock:.1f} | {ratios[0]:.3f} (at least {LOWEST_RATIO}) | {ratios[1]:.3f} |"
        )
    return lines


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", nargs="+", type=Path)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--page", type=Path)
    parser.add_argument("--child", choices=["data", "rate"], help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        print(json.dumps(data(given.corpora[0]) if given.child == "data" else rate(given.corpora[0], given.steps)))
        return
    lines = [
        HEADING,
        "",
        f"    {this_command('large_training.py')}",
        "",
        f"Preset `small` with {NEGATIVES} negatives, one thread, {given.steps} steps ({processor()}), Python "
        f"{platform.python_version()}, {date.today()}; medians of {given.rounds} rounds; rates beside the first "
        "corpus's in the same round.",
        "",
        *table(given.corpora, given.steps, given.rounds),
    ]
    print("\n".join(lines[6:]))
    if given.page:
        write_section(given.page, HEADING, lines)


if __name__ == "__main__":
    main()
