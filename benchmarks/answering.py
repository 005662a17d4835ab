"""Size, memory and speed of answering, compared with a fill-mask pipeline of BERT base's size.

    python benchmarks/answering.py [--page benchmarks/RESULTS.md] [--original MODEL] [--quick]

``--original`` is a model folder in 32 bits of the sizes of ``reviews-zh``, to compare with its 8 bits. Needs the
``[train,benchmark]`` extras, and a package index to install the base packages into a fresh environment. The tables go
to standard output and into a section of the page. The pipeline's weights are random, which costs the same time.
Everything runs on the CPU, in one run.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import multiprocessing
import os
import platform
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path

import numpy as np

import tiankong
from tiankong.config import DEFAULT_MODEL
from tiankong.machine import allowed_threads
from tiankong.model import Model
from tiankong.request.queries import parse_query
from tiankong.runtime.decoding import CodesDecoder, Floats, Order, best
from tiankong.runtime.reading import Reading
from tiankong.sample.grammar import reviews
from tiankong.text.network_input import network_input

ROOT = Path(__file__).parents[1]
SENTENCE = "外套做工__，穿着很暖和"
WORDS = 20
SIZES = (1, 8, 64, 512)
MILLION, BITS = 1_000_000, 128
HEADING = "## Answering"

Row = tuple[str, str, str]
"""Quantity, measurement, target."""


def sentences(model: Model, count: int) -> list[str]:
    """Practice sentences of :data:`WORDS` tokens with a blank in the middle."""
    texts: list[str] = []
    for review in reviews(200_000):
        tokens = model.predictor.tokenizer.located_tokens(review.text)
        if len(tokens) < WORDS:
            continue
        middle = tokens[WORDS // 2]
        text = f"{review.text[: middle.start]}__{review.text[middle.end : tokens[WORDS - 1].end]}"
        if len(parse_query(text, model.predictor).tokens) == WORDS:
            texts.append(text)
        if len(texts) == count:
            break
    return texts


def timed(work: Callable[[], object]) -> float:
    """Seconds."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def base_install(folder: Path) -> Iterator[Row]:
    """Size of an environment with the base packages, and the time and memory of one answer from it."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    pip = [folder / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--constraint", ROOT / "constraints.txt", ROOT], check=True)
    python = folder / "bin" / "python"
    packages = next((folder / "lib").glob("python*/site-packages"))
    size = sum(
        file.stat().st_size
        for entry in packages.iterdir()
        if not entry.name.startswith(("pip", "setuptools"))
        for file in ([entry] if entry.is_file() else entry.rglob("*"))
        if file.is_file()
    )
    direct = [name for name in importlib.metadata.requires("tiankong") or [] if "extra ==" not in name]
    yield "base install, built-in model included", f"{size / 1e6:.0f} MB", "200 MB"
    yield "direct dependencies of it", str(len(direct)), "12"
    seconds, memory = [], 0
    for _ in range(12):
        process = subprocess.Popen([folder / "bin" / "tiankong", "fill", SENTENCE], stdout=subprocess.DEVNULL)
        start = time.perf_counter()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit("tiankong fill failed in the base install")
        seconds.append(time.perf_counter() - start)
        memory = max(memory, used.ru_maxrss)
    yield f'`tiankong fill "{SENTENCE}"`, whole process', f"{statistics.median(seconds[2:]):.2f} s", "0.5 s"
    yield "its memory (largest resident set)", f"{memory / 1024:.0f} MB", "200 MB"
    program = "import time; start = time.perf_counter(); import tiankong; print(time.perf_counter() - start)"
    imports = [
        float(subprocess.run([python, "-c", program], capture_output=True, check=True).stdout) for _ in range(12)
    ]
    yield "`import tiankong`", f"{statistics.median(imports[2:]):.3f} s", "0.1 s"


def latency(model: Model, texts: list[str], name: str) -> Iterator[Row]:
    """One query at a time."""
    for text in texts[:50]:
        model.fill(text)
    times = [1000 * timed(partial(model.fill, text)) for text in texts]
    p50, p99 = np.quantile(times, (0.5, 0.99))
    yield f"one query of {WORDS} words, {name}, p50 / p99", f"{p50:.2f} / {p99:.2f} ms", "1.0 / 3 ms"


def throughput(model: Model, texts: list[str]) -> float:
    """Sentences a second, given all at once."""
    model.fill(texts[:64])
    return len(texts) / timed(lambda: model.fill(texts))


def side_by_side(texts: list[str], count: int) -> float:
    """Sentences a second of ``count`` parallel processes, each on one thread with all of the sentences."""
    context = multiprocessing.get_context("spawn")
    warm, spans = context.Barrier(count), context.Queue()
    processes = [context.Process(target=_span, args=(texts, warm, spans), daemon=True) for _ in range(count)]
    for process in processes:
        process.start()
    begins, ends = zip(*(spans.get(timeout=300) for _ in processes), strict=True)
    return count * len(texts) / (max(ends) - min(begins))


def _span(texts: list[str], warm: Barrier, spans: Queue[tuple[float, float]]) -> None:
    """Runs in a process of :func:`side_by_side`; reports when it began and ended."""
    model = tiankong.load(threads=1)
    model.fill(texts[:64])
    warm.wait(timeout=300)
    begin = time.perf_counter()
    model.fill(texts)
    spans.put((begin, time.perf_counter()))


def shapes(models: dict[str, Path | str], texts: list[str], cores: int) -> Iterator[list[str]]:
    """Sentences a second by arithmetic, threads, and how many sentences are given at once: rows of a table."""
    yield ["arithmetic", "threads", *(f"{size} at once" for size in SIZES)]
    for name, model in models.items():
        for threads in sorted({1, cores}):
            loaded = tiankong.load(model, threads=threads)
            loaded.fill(texts[:64])
            row = []
            for size in SIZES:
                some = texts[: max(128, min(len(texts), 4 * size))]
                start = time.perf_counter()
                for first in range(0, len(some), size):
                    loaded.fill(some[first : first + size])
                row.append(f"{len(some) / (time.perf_counter() - start):,.0f}")
            yield [name, str(threads), *row]


def pipeline_throughput(texts: list[str], batch: int) -> float:
    """Sentences a second of transformers' fill-mask with a BERT of base size, which reads characters."""
    import torch  # noqa: PLC0415 - only for this row
    from transformers import BertConfig, BertForMaskedLM, BertTokenizerFast, pipeline  # noqa: PLC0415

    torch.set_num_threads(allowed_threads())
    characters = sorted({character for text in texts for character in text})
    with tempfile.TemporaryDirectory() as folder:
        special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        filler = [f"[unused{number}]" for number in range(21_128 - len(special) - len(characters))]
        words = Path(folder) / "vocab.txt"
        words.write_text("\n".join([*special, *characters, *filler]), encoding="utf-8")
        tokenizer = BertTokenizerFast(vocab=str(words))
        filler_model = BertForMaskedLM(BertConfig(vocab_size=21_128)).eval()
        fill = pipeline("fill-mask", model=filler_model, tokenizer=tokenizer, top_k=10)
        masked = [text.replace("__", "[MASK]") for text in texts]
        fill(masked[:batch], batch_size=batch)
        return len(masked) / timed(lambda: fill(masked, batch_size=batch))


def tokens_read(model: Model, texts: list[str]) -> Iterator[Row]:
    """How many words the two directions read for one blank: those before it and <BEG>, those after it and <EOF>."""
    read = wanted = 0
    for text in texts:
        query = parse_query(text, model.predictor)
        reading = Reading(model.predictor)
        arrays = network_input(query.windows(reading), model.predictor.lexicon, np.zeros((99, 12), dtype=np.int32))
        read += arrays.forward_words.size + arrays.backward_words.size
        wanted += len(query.tokens) - 1 + 2
    yield f"words read by both directions, {len(texts)} queries", f"{read:,}", f"{wanted:,}: each once"


def million_words(repeats: int) -> Iterator[Row]:
    """Exact search among a million codes, against computing every score."""
    generator = np.random.default_rng(1)
    codes = generator.integers(0, 2, (MILLION, BITS), dtype=np.uint8)
    bias = generator.normal(size=MILLION).astype(np.float32)
    decoder = CodesDecoder(np.packbits(codes, axis=1), BITS, bias, np.ones(MILLION, dtype=np.bool_))
    scores = generator.normal(size=(repeats, 1, BITS)).astype(np.float32)
    searches: dict[str, tuple[Callable[[Floats], Order], Callable[[Floats], Floats]]] = {
        "likelihood": (decoder.log_probabilities, lambda row: codes.astype(np.float32) @ row + bias),
        "distance": (decoder.agreements, lambda row: -(codes != (row > 0)).sum(axis=1)),
    }
    for name, (quick, brute) in searches.items():
        times, hits = [], 0
        for row in scores:
            start = time.perf_counter()
            nearest = best(quick(row)[0], 10)
            times.append(time.perf_counter() - start)
            hits += len(set(nearest.tolist()) & set(np.argsort(-brute(row[0]), kind="stable")[:10].tolist()))
        value = f"{1000 * statistics.median(times):.1f} ms, recall {hits / (10 * repeats):.3f}"
        yield f"best 10 of {MILLION:,} words of a codes head, by {name}", value, "3 ms, recall 1.0"


def rows(quick: bool, texts: list[str]) -> Iterator[Row]:
    """Every row of the first table."""
    with tempfile.TemporaryDirectory() as folder:
        yield from base_install(Path(folder) / "base")
    cores = allowed_threads()
    one_thread, all_cores = tiankong.load(threads=1), tiankong.load(threads=cores)
    yield from latency(one_thread, texts[:256], "1 thread")
    yield from latency(all_cores, texts[:256], f"{cores} threads")
    speed = throughput(all_cores, texts)
    yield f"sentences of {WORDS} words, one blank, {cores} threads", f"{speed:,.0f} a second", "5,000"
    yield f"the same, {cores} processes of 1 thread", f"{side_by_side(texts, cores):,.0f} a second", "5,000"
    slow = pipeline_throughput(texts[: 32 if quick else 128], 32)
    yield "fill-mask pipeline of BERT base's size on the same sentences", f"{slow:,.1f} a second", "–"
    yield "ours against it", f"{speed / slow:,.0f} times", "100"
    yield from tokens_read(one_thread, texts[:256])
    yield from million_words(3 if quick else 20)


def main() -> None:
    """Prints the table and puts it into the page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--page", type=Path)
    parser.add_argument("--original", type=Path)
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    lines = [
        HEADING,
        "",
        f"    {this_command('answering.py')}",
        "",
        f"Built-in model {DEFAULT_MODEL}, {allowed_threads()} processors ({processor()}), "
        f"Python {platform.python_version()}.",
        "",
        "| what | measured | at most / at least |",
        "|---|---|---|",
    ]
    texts = sentences(tiankong.load(), 256 if arguments.quick else 4096)
    for row in rows(arguments.quick, texts):
        lines.append(f"| {' | '.join(row)} |")
        print(lines[-1], flush=True)
    models: dict[str, Path | str] = {f"8 bits ({name})": name for name in (DEFAULT_MODEL, "reviews-zh")}
    if arguments.original:
        models["32 bits (reviews-zh, as trained)"] = arguments.original
    lines += ["", f"Sentences of {WORDS} words a second, one blank each, segmentation included:", ""]
    for number, cells in enumerate(shapes(models, texts, allowed_threads())):
        lines += [f"| {' | '.join(cells)} |", *([f"|{'---|' * len(cells)}"] if number == 0 else [])]
        print(lines[-1], flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"(this program's own memory: {peak / 1024:.0f} MB)", file=sys.stderr)
    if arguments.page:
        write_section(arguments.page, HEADING, lines)


def this_command(program: str) -> str:
    """The running command, absolute paths shortened to their last part."""
    shown = (Path(word).name if Path(word).is_absolute() else word for word in sys.argv[1:])
    return " ".join(["python", f"benchmarks/{program}", *shown])


def write_section(page: Path, heading: str, lines: list[str]) -> None:
    """Puts the section into the page, replacing an earlier one."""
    text = page.read_text(encoding="utf-8") if page.exists() else ""
    kept = re.sub(rf"\n*{heading}\n.*?(?=\n## |\Z)", "", text, flags=re.DOTALL).rstrip()
    page.write_text(f"{kept}\n\n" * bool(kept) + "\n".join(lines) + "\n", encoding="utf-8")


def processor() -> str:
    """The processor's name, as the system reports it."""
    file = Path("/proc/cpuinfo")
    match = re.search(r"model name\s*: (.*)", file.read_text()) if file.exists() else None
    return match[1] if match else platform.processor()


if __name__ == "__main__":
    main()
