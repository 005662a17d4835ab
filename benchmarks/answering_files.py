"""A file of lines through ``tiankong fill --input … --output …``: rate, memory, and a run that is killed and resumed.

    python benchmarks/answering_files.py [--rows 1000000] [--method fill] [--model NAME] [--page benchmarks/RESULTS.md]

The rate is compared with that of ``model.fill(list)`` in this process, measured before and after on the same machine.
Memory is that of all processes together, of which shared pages count once (Pss); it is sampled in each tenth of the
run. The run is killed once in the middle and resumed; then every answer must stand in the row of its text. Linux only.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from itertools import cycle, islice
from pathlib import Path

from answering import processor, this_command, write_section

import tiankong
from tiankong.machine import allowed_threads
from tiankong.pipeline.records import RECORD_KINDS
from tiankong.sample.grammar import reviews

HEADING = "## Answering a file"
LOWEST_RATIO = 0.9
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
    if kill_at is None and process.returncode:
        raise SystemExit("the run failed: see its message above")
    return time.perf_counter() - start, samples


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--method", default="fill")
    parser.add_argument("--model")
    parser.add_argument("--page", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source, output = Path(folder) / "lines.txt", Path(folder) / "answers.jsonl"
        write_lines(source, arguments.rows)
        command = [sys.executable, "-m", "tiankong", arguments.method, "--input", str(source), "--output", str(output)]
        command += ["--resume", "--quiet", *(["--model", arguments.model] if arguments.model else [])]
        before = rate_in_process(arguments.method, arguments.model, source)
        first, samples = run(command, output, arguments.rows // 2)
        second, more = run(command, output, None)
        after = rate_in_process(arguments.method, arguments.model, source)
        check_order(source, output, RECORD_KINDS[arguments.method].text_field)
        size = output.stat().st_size / 1e6
    rate, in_process = arguments.rows / (first + second), (before + after) / 2
    samples = sorted(samples + more)
    tenths = [samples[len(samples) * tenth // 10 : len(samples) * (tenth + 1) // 10] for tenth in range(10)]
    peaks = [max((used for _, used in tenth), default=0) // _MEGA for tenth in tenths]
    lines = [
        HEADING,
        "",
        f"    {this_command('answering_files.py')}",
        "",
        f"`{arguments.method}` of {arguments.rows:,} rows, {size:,.0f} MB of answers, killed once in the middle and "
        f"resumed; {allowed_threads()} processors ({processor()}), Python {platform.python_version()}, {date.today()}.",
        "",
        "| | |",
        "|---|---|",
        f"| rows/s, starts included | {rate:,.0f} |",
        f"| rows/s of `model.{arguments.method}(list)`, before and after | {before:,.0f}, {after:,.0f} |",
        f"| ratio | {rate / in_process:.2f} (at least {LOWEST_RATIO}) |",
        f"| highest memory of all processes in each tenth of the run | {', '.join(map(str, peaks))} MB |",
        "| rows in the order of the input | all |",
    ]
    print("\n".join(lines[4:]))
    if arguments.page:
        write_section(arguments.page, HEADING, lines)


def check_order(source: Path, output: Path, field: str) -> None:
    """Checks that there is one row for each text, which has it as its ``field``, in the same order."""
    with source.open(encoding="utf-8") as texts, output.open(encoding="utf-8") as rows:
        for number, (text, row) in enumerate(zip(texts, rows, strict=True), start=1):
            if json.loads(row)[field] != text.rstrip("\n"):
                raise SystemExit(f"row {number:,} of the answers is not that of line {number:,}")


if __name__ == "__main__":
    main()
