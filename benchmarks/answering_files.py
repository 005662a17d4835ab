"""A file of lines through ``tiankong fill --input … --output …``: rate, memory, and a run that is killed and resumed.

    python benchmarks/answering_files.py [--rows 1000000] [--method fill] [--model NAME]

The rate is compared with that of ``model.fill(list)`` in this process, measured before and after on the same machine.
Memory is that of all processes together, of which shared pages count once (Pss); it is sampled in each tenth of the
run. The run is killed once in the middle and resumed. Linux only.
"""

from __future__ import annotations

import argparse
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

import tiankong
from tiankong.sample.grammar import reviews

_SECONDS_BETWEEN_SAMPLES = 0.5
_SAMPLE = 4000
_MEGA = 1024


def lines() -> Iterator[str]:
    """Practice texts, no two alike, each with a blank in the place of a word of two characters in the middle."""
    for number, review in enumerate(cycle(reviews())):
        middle = len(review.text) // 2
        yield f"{review.text[:middle]}__{review.text[middle + 2 :]}，第{number}单"


def write_lines(path: Path, rows: int) -> None:
    """Writes the file to answer."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in islice(lines(), rows))


def rate_in_process(method: str, model: str | None, path: Path) -> float:
    """Rows a second of the method of a list."""
    loaded = tiankong.load() if model is None else tiankong.load(model)
    with path.open(encoding="utf-8") as file:
        texts = [line.rstrip("\n") for line in islice(file, _SAMPLE)]
    answer = getattr(loaded, method)
    answer(texts[:200])
    start = time.perf_counter()
    answer(texts, on_error="return")
    return len(texts) / (time.perf_counter() - start)


def memory(pid: int) -> int:
    """Kilobytes of a process and its children."""
    total = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            if pid in {int(process.name), parent}:
                total += int(re.search(r"(?m)^Pss:\s+(\d+)", (process / "smaps_rollup").read_text())[1])  # type: ignore[index]
        except OSError:  # it has ended
            continue
    return total


def answered(output: Path) -> int:
    """Rows that are answered so far."""
    file = output.with_name(f"{output.name}.answering") / "parts.jsonl"
    parts = file.read_bytes().splitlines() if file.exists() else []
    rows = re.match(rb'{"rows":(\d+)', parts[-1]) if parts else None
    return int(rows[1]) if rows else 0


def run(command: list[str], output: Path, kill_at: int | None) -> tuple[float, list[tuple[int, int]]]:
    """Runs the command, or kills it when it has answered so many rows; returns seconds, samples of rows and memory."""
    samples: list[tuple[int, int]] = []
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            time.sleep(_SECONDS_BETWEEN_SAMPLES)
            rows = answered(output)
            samples.append((rows, memory(process.pid)))
            if kill_at is not None and rows >= kill_at:
                process.send_signal(signal.SIGKILL)
                break
    return time.perf_counter() - start, samples


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--method", default="fill")
    parser.add_argument("--model")
    parser.add_argument("--suffix", default=".jsonl")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source, output = Path(folder) / "lines.txt", Path(folder) / f"answers{arguments.suffix}"
        write_lines(source, arguments.rows)
        command = [sys.executable, "-m", "tiankong", arguments.method, "--input", str(source), "--output", str(output)]
        command += ["--resume", "--quiet", *(["--model", arguments.model] if arguments.model else [])]
        before = rate_in_process(arguments.method, arguments.model, source)
        first, samples = run(command, output, arguments.rows // 2)
        second, more = run(command, output, None)
        after = rate_in_process(arguments.method, arguments.model, source)
        rate, in_process = arguments.rows / (first + second), (before + after) / 2
        print(f"{arguments.rows:,} rows, {output.stat().st_size / 1e6:,.0f} MB of answers, killed once and resumed")
        print(f"rate         {rate:,.0f} rows a second, starts included; {rate / in_process:.2f} of in-process")
        print(f"in-process   {before:,.0f} before, {after:,.0f} after")
        samples = sorted(samples + more)
        tenths = [samples[len(samples) * tenth // 10 : len(samples) * (tenth + 1) // 10] for tenth in range(10)]
        peaks = [max((used for _, used in tenth), default=0) // _MEGA for tenth in tenths]
        print(f"memory       {peaks} MB, the highest of each tenth of the run")


if __name__ == "__main__":
    main()
