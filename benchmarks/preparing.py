"""How long `tiankong prepare` takes beside the segmenter alone, and how much memory all of its processes take.

    python benchmarks/preparing.py FILE… [--processes 1,2] [--rounds 3] [--json FILE] [--page benchmarks/RESULTS.md
        [--add]]
    python benchmarks/preparing.py FILE… --write big.txt --gigabytes 2

The segmenter alone reads the same texts once and cuts each with rjieba, with the same number of processes. Both run in
turn, in processes of their own, and start-up counts. Memory is the sum over all processes of a run, shared pages
counted once, at its highest. What the JSON file has is not measured again.

The second form writes the texts of the files over and over, each time with another number behind every text, until the
file has that size: a corpus as large as wanted.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from itertools import count
from pathlib import Path

from answering import processor, this_command, write_section
from rjieba import cut

import tiankong
from tiankong.corpus.sources import Files
from tiankong.machine import allowed_threads

HEADING = "## Preparing"
LARGEST_RATIO, MOST_MEMORY = 4, 1024
TABLE_HEAD = [
    "| text | processes | segmenter alone | prepare | ratio | of processor time | MB/s | memory of all processes |",
    "|---|---|---|---|---|---|---|---|",
]
CHUNK = 2_000_000
_PAUSE = 0.02


@dataclass(frozen=True)
class Run:
    """Seconds of a run, those of the processors in all of its processes, and the most memory of these in MB."""

    seconds: float
    processor_seconds: float
    memory: float


def segment(files: Sequence[Path], processes: int) -> None:
    """Cuts every text of ``files``: the segmenter alone."""
    if processes == 1:
        for text in Files(files).read():
            cut(text.text)
        return
    with ProcessPoolExecutor(processes) as pool:
        running: deque[Future[int]] = deque()
        for texts in chunks(text.text for text in Files(files).read()):
            running.append(pool.submit(cut_all, texts))
            if len(running) >= 2 * processes:
                running.popleft().result()
        for future in running:
            future.result()


def chunks(texts: Iterable[str]) -> Iterator[list[str]]:
    """Texts in lists of about :data:`CHUNK` characters."""
    chunk: list[str] = []
    size = 0
    for text in texts:
        chunk.append(text)
        size += len(text)
        if size >= CHUNK:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def cut_all(texts: Sequence[str]) -> int:
    """The number of tokens of these texts."""
    return sum(len(cut(text)) for text in texts)


def prepare(files: Sequence[Path], processes: int) -> None:
    """Prepares ``files``."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("PREPARE_IN")) as folder:
        tiankong.prepare(files, Path(folder) / "prepared", processes=processes)


WORK = {"segment": segment, "prepare": prepare}


def measured(work: str, files: Sequence[Path], processes: int) -> Run:
    """Runs one of :data:`WORK` in a process of its own."""
    command = [sys.executable, __file__, *map(str, files), "--run", work, "--processes", str(processes)]
    start, before = time.perf_counter(), processor_seconds()
    running = subprocess.Popen(command)
    most = 0.0
    while running.poll() is None:
        most = max(most, memory(running.pid))
        time.sleep(_PAUSE)
    seconds = time.perf_counter() - start
    if running.returncode:
        raise SystemExit(f"{work} failed")
    return Run(seconds, processor_seconds() - before, most / 1024)


def processor_seconds() -> float:
    """Of all processes below this one that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def memory(process: int) -> float:
    """KB of a process and those below it, a page that several share in equal parts."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(folder.name))
    total, left = 0.0, [process]
    while left:
        number = left.pop()
        left += children.get(number, [])
        try:
            lines = Path(f"/proc/{number}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(float(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total


def write_large(files: Sequence[Path], out: Path, size: float) -> None:
    """Writes the texts of ``files`` over and over, each time changed, until ``out`` has ``size`` bytes."""
    written = 0
    with out.open("w", encoding="utf-8") as file:
        for number in count():
            for text in Files(files).read():
                line = f"{' '.join(text.text.splitlines())}{number or ''}\n"
                file.write(line)
                written += len(line.encode())
                if written >= size:
                    return


def main() -> None:
    """Measures, or does what it measures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--processes", default="1,2")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--page", type=Path)
    parser.add_argument("--add", action="store_true", help="keep the rows that the page has")
    parser.add_argument("--write", type=Path)
    parser.add_argument("--gigabytes", type=float, default=2)
    parser.add_argument("--run", choices=WORK, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.run:
        WORK[arguments.run](arguments.files, int(arguments.processes))
        return
    if arguments.write:
        write_large(arguments.files, arguments.write, arguments.gigabytes * 1e9)
        return
    if arguments.json and arguments.json.exists():
        measured_before = json.loads(arguments.json.read_text())
        size, rows = measured_before["megabytes"], measured_before["rows"]
    else:
        rows = [compare(arguments.files, int(number), arguments.rounds) for number in arguments.processes.split(",")]
        size = sum(len(text.text.encode()) for text in Files(arguments.files).read()) / 1e6
    table = [table_row(size, row) for row in rows]
    if arguments.add:
        table = rows_of_section(arguments.page) + table
    lines = [
        HEADING,
        "",
        f"    {this_command('preparing.py')}",
        "",
        f"{allowed_threads()} processors ({processor()}), Python {platform.python_version()}, {date.today()}; medians.",
        "",
        *TABLE_HEAD,
        *table,
    ]
    print("\n".join(lines[6:]))
    if arguments.json:
        arguments.json.write_text(json.dumps({"megabytes": size, "rows": rows}, indent=2) + "\n")
    if arguments.page:
        write_section(arguments.page, HEADING, lines)


def table_row(size: float, row: dict) -> str:
    """The row of the table for ``size`` MB of text."""
    segment, prepare = row["segment"], row["prepare"]
    return (
        f"| {size:,.0f} MB | {row['processes']} | {segment['seconds']:.1f} s | {prepare['seconds']:.1f} s "
        f"| {row['ratio']:.2f} (at most {LARGEST_RATIO}) | {row['processor_ratio']:.2f} | "
        f"{size / prepare['seconds']:.1f} | {prepare['memory']:,.0f} MB (at most {MOST_MEMORY:,}) |"
    )


def rows_of_section(page: Path) -> list[str]:
    """The rows that the table on the page has."""
    text = page.read_text(encoding="utf-8")
    section = text.partition(f"{HEADING}\n")[2].partition("\n## ")[0]
    return [line for line in section.splitlines() if line.startswith("| ") and line not in TABLE_HEAD]


def compare(files: Sequence[Path], processes: int, rounds: int) -> dict:
    """Both kinds of work in turn; the ratio is that of medians, memory the most of any round."""
    runs: dict[str, list[Run]] = {work: [] for work in WORK}
    for _ in range(rounds):
        for work, done in runs.items():
            done.append(measured(work, files, processes))
            print(f"{processes} processes, {work}: {done[-1]}", file=sys.stderr, flush=True)
    both = {
        work: {
            "seconds": statistics.median(run.seconds for run in done),
            "processor_seconds": statistics.median(run.processor_seconds for run in done),
            "memory": max(run.memory for run in done),
        }
        for work, done in runs.items()
    }
    ratio, processor_ratio = (
        both["prepare"][figure] / both["segment"][figure] for figure in ("seconds", "processor_seconds")
    )
    return {"processes": processes, **both, "ratio": ratio, "processor_ratio": processor_ratio}


if __name__ == "__main__":
    main()
