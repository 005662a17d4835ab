"""What training on a large corpus takes beside a small one: time to the first step, memory for the data, rate.

    python benchmarks/large_training.py SMALL LARGE [--steps 300] [--rounds 3]

SMALL and LARGE are prepared corpora, best of one vocabulary. Each round trains on both in turn, in processes of their
own. The first step is counted from the start of the call, the imports behind it. Memory for the data is what reading
the corpus adds to the process, at its highest, over the first 30,000 batches: no network is there. The rate is that of
the steps after the first fifty, by the clock and by the time on processors.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

WARM_UP = 50
WINDOW, BATCHES = 192, 30_000
MOST_SECONDS, MOST_MEMORY, LARGEST_LOSS = 30, 300, 0.05


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


def rate(folder: Path, steps: int) -> dict[str, float]:
    """Trains for so many steps; the seconds to the first one, and the steps a second after the warm-up."""
    from tiankong.pipeline.train import train  # noqa: PLC0415 - counted before

    marks: dict[int, tuple[float, float]] = {}

    def note(progress: Any) -> None:
        if progress.stage == "training":
            marks[progress.done] = time.monotonic(), time.process_time()

    started = time.monotonic()
    with tempfile.TemporaryDirectory() as place:
        settings = {"epochs": 0, "max_steps": steps, "threads": 1, "precision": "fp32", "validation_sentences": 200}
        train(folder, Path(place) / "model", preset="small", measure_limit=20, progress=note, **settings)
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


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpora", nargs="+", type=Path)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--child", choices=["data", "rate"], help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        print(json.dumps(data(given.corpora[0]) if given.child == "data" else rate(given.corpora[0], given.steps)))
        return
    small, large = given.corpora
    rounds = [[_in_own_process("rate", folder, given.steps) for folder in (small, large)] for _ in range(given.rounds)]
    memory = [_in_own_process("data", folder, given.steps)["memory"] for folder in (small, large)]
    for place, folder in enumerate((small, large)):
        first = statistics.median(one[place]["first"] for one in rounds)
        steps = statistics.median(one[place]["rate"] for one in rounds)
        print(f"{folder}: first step after {first:.1f} s, {memory[place]:.0f} MB for the data, {steps:.1f} steps/s")
    for name in ("rate", "processor_rate"):
        ratio = statistics.median(one[1][name] / one[0][name] for one in rounds)
        print(f"{name.replace('_', ' ')} of the second beside the first: {ratio:.3f}")
    first = statistics.median(one[1]["first"] for one in rounds)
    good = first <= MOST_SECONDS and memory[1] <= MOST_MEMORY
    print(f"at most {MOST_SECONDS} s and {MOST_MEMORY} MB: {'yes' if good else 'no'}")


if __name__ == "__main__":
    main()
