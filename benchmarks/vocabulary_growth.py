"""What each head costs as the vocabulary grows, on the whole way: prepare, train, load and fill, on made-up words.

    python benchmarks/vocabulary_growth.py [WORDS…] [--heads softmax,codes,hybrid] [--steps 24] [--tokens 1000000]
        [--preset default] [--json FILE] [--page benchmarks/RESULTS.md]

Without WORDS: 20,000, 200,000 and 1,000,000. For each number, a text is written in which every word stands at least
once, and ``--tokens`` more by Zipf's law; a word is two of 4,000 Han characters. It is prepared with all of its words,
and trained on for ``--steps`` steps of the preset with sampled softmax. Words beyond the 20,000 most frequent have no
input vector, but with the softmax, which needs one for every word. Every row is measured in processes of its own.

With ``--json``, figures that the file has already are kept, so that the sizes can be measured one after the other.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from answering import processor, this_command, write_section

from tiankong.machine import allowed_threads

HEADING = "## Vocabulary"
SIZES = (20_000, 200_000, 1_000_000)
WITH_VECTOR = 20_000
HEADS: dict[str, dict[str, Any]] = {
    "softmax": {},
    "codes": {"code_bits": 256, "word_vectors": WITH_VECTOR},
    "hybrid": {"word_vectors": WITH_VECTOR},
}
MORE_WORDS = 1.05
"""Words written for each that is wanted: those that only the small splits have are not in the vocabulary."""

CHARACTERS, FIRST_CHARACTER = 4000, 0x4E00
STRIDE = 6_700_417  # coprime with the number of pairs, so that neighbours in rank have unlike characters
LENGTH = 20
WARM_UP = 0.3
"""Share of the steps that are not timed."""

FILLS = 40
HELD_OUT = 60
"""Texts each of the validation and the test split."""

TEXTS = 20
"""Texts of each split that an evaluation measures: every word of the vocabulary is ranked at each place."""


def write_text(file: Path, words: int, tokens: int) -> int:
    """Writes texts of :data:`LENGTH` words: each of ``words`` once, and ``tokens`` more by frequency. Returns their
    number.
    """
    generator = np.random.default_rng(1)
    by_frequency = np.exp(generator.random(tokens) * np.log(words + 1)).astype(np.int64) - 1
    drawn = generator.permutation(np.concatenate([np.arange(words), np.clip(by_frequency, 0, words - 1)]))
    pairs = np.arange(words) * STRIDE % CHARACTERS**2
    codes = np.stack([pairs // CHARACTERS, pairs % CHARACTERS], axis=1).astype(np.uint32) + FIRST_CHARACTER
    names = codes.view("U2")[:, 0]
    with file.open("w", encoding="utf-8") as out:
        for start in range(0, len(drawn), LENGTH):
            out.write(" ".join(names[drawn[start : start + LENGTH]].tolist()) + "\n")
    return -(-len(drawn) // LENGTH)


def prepare(work: Path, words: int, tokens: int) -> dict[str, float]:
    """Prepares such a text, with ``words`` words; seconds and memory."""
    import tiankong  # noqa: PLC0415 - each process loads what it measures

    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder) / "text.txt"
        texts = write_text(text, int(words * MORE_WORDS), tokens)
        start = time.perf_counter()
        corpus = tiankong.prepare(
            text,
            work / "prepared",
            segmenter="whitespace",
            minimum_count=1,
            maximum_vocabulary=words,
            split=(texts - 2 * HELD_OUT, HELD_OUT, HELD_OUT),
        )
    return {"prepare_seconds": time.perf_counter() - start, "words": corpus.manifest.words, "prepare_memory": memory()}


def train(work: Path, head: str, steps: int, preset: str) -> dict[str, float]:
    """Trains a model; what the training takes."""
    import tiankong  # noqa: PLC0415

    marks: dict[int, float] = {}

    def note(progress: tiankong.Progress) -> None:
        if progress.stage == "training":
            marks[progress.done] = time.perf_counter()

    start = time.perf_counter()
    result = tiankong.train(
        work / "prepared",
        work / f"model-{head}",
        preset=preset,
        head=head,
        epochs=0,
        max_steps=steps,
        precision="fp32",
        validation_sentences=TEXTS,
        measure_limit=TEXTS,
        force=True,
        progress=note,
        **HEADS[head],
    )
    seconds = time.perf_counter() - start
    first = int(WARM_UP * steps)
    step = (marks[steps] - marks[first]) / (steps - first)
    last = result.history[-1]
    return {
        "tokens_per_second": last["tokens_per_second"] * last["seconds"] / last["step"] / step,
        "step_seconds": step,
        "other_seconds": seconds - step * steps,
        "train_memory": memory(),
        "trained_weights": json.loads((result.path / "config.json").read_text("utf-8"))["parameters"],
        "model_size": size(result.path),
        "codes_size": sum(size(folder) for folder in work.glob(f"prepared.codes-{HEADS[head].get('code_bits', 100)}"))
        if HEADS[head]
        else 0,
    }


def fill(work: Path, head: str) -> dict[str, float]:
    """Loads a model and fills blanks with it."""
    import tiankong  # noqa: PLC0415

    start = time.perf_counter()
    model = tiankong.load(work / f"model-{head}")
    seconds = time.perf_counter() - start
    words = [line.split("\t")[0] for line in (work / "prepared" / "vocabulary.tsv").read_text("utf-8").splitlines()]
    generator = np.random.default_rng(2)
    times = []
    for _ in range(FILLS):
        chosen = [words[number] for number in generator.integers(0, len(words), LENGTH)]
        sentence = " ".join([*chosen[: LENGTH // 2], "__", *chosen[LENGTH // 2 :]])
        start = time.perf_counter()
        model.fill(sentence)
        times.append(time.perf_counter() - start)
    return {"load_seconds": seconds, "fill_ms": 1000 * statistics.median(times[1:]), "fill_memory": memory()}


def size(folder: Path) -> float:
    """MB of the files of a folder."""
    return sum(file.stat().st_size for file in folder.iterdir()) / 1e6


def memory() -> float:
    """The most memory that this process has had, in GiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def in_own_process(what: str, work: Path, *arguments: str) -> dict[str, float]:
    """The figures that a process of this program measures."""
    command = [sys.executable, __file__, "--child", what, "--work", str(work), *arguments]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    measured: dict[str, float] = json.loads(printed.splitlines()[-1])
    return measured


def rows(given: argparse.Namespace, known: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """A row for each number of words and each head."""
    for words in given.words:
        heads = [
            head
            for head in given.heads.split(",")
            if (words, head) not in {(row["words"], row["head"]) for row in known}
        ]
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            work = Path(folder)
            if heads:
                prepared = in_own_process("prepare", work, str(words), "--tokens", str(given.tokens))
            for head in heads:
                options = ("--heads", head, "--steps", str(given.steps), "--preset", given.preset)
                row = {**prepared, "head": head, **in_own_process("train", work, *options)}
                row |= in_own_process("fill", work, "--heads", head)
                print(json.dumps(row), file=sys.stderr, flush=True)
                yield row


def table(measured: list[dict[str, Any]]) -> list[str]:
    """The rows as a table in Markdown."""
    smallest = measured[0]["tokens_per_second"]
    lines = [
        "| words | head | weights | training, GiB | tokens/s | relative | the rest, s | codes, MB | model, MB | "
        "load, s | fill, ms | answering, GiB |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in measured:
        figures = (
            f"{row['words']:,}",
            f"`{row['head']}`",
            f"{row['trained_weights'] / 1e6:.1f} M",
            f"{row['train_memory']:.2f}",
            f"{row['tokens_per_second']:,.0f}",
            f"{row['tokens_per_second'] / smallest:.2f}",
            f"{row['other_seconds']:.0f}",
            f"{row['codes_size']:,.0f}",
            f"{row['model_size']:,.0f}",
            f"{row['load_seconds']:.1f}",
            f"{row['fill_ms']:.1f}",
            f"{row['fill_memory']:.2f}",
        )
        lines.append(f"| {' | '.join(figures)} |")
    return lines


def main() -> None:
    """Measures, or does what it measures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("words", nargs="*", type=int)
    parser.add_argument("--heads", default=",".join(HEADS))
    parser.add_argument("--steps", type=int, default=24)
    parser.add_argument("--tokens", type=int, default=1_000_000)
    parser.add_argument("--preset", default="default")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--page", type=Path)
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--child", choices=["prepare", "train", "fill"], help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        work = {
            "prepare": lambda: prepare(given.work, given.words[0], given.tokens),
            "train": lambda: train(given.work, given.heads, given.steps, given.preset),
            "fill": lambda: fill(given.work, given.heads),
        }
        print(json.dumps(work[given.child]()))
        return
    given.words = given.words or SIZES
    measured = json.loads(given.json.read_text()) if given.json and given.json.exists() else []
    for row in rows(given, measured):
        measured.append(row)
        if given.json:
            given.json.write_text(json.dumps(measured, indent=2) + "\n")
    measured.sort(key=lambda row: (row["words"], list(HEADS).index(row["head"])))
    lines = table(measured)
    print("\n".join(lines))
    if given.page:
        written = [
            HEADING,
            "",
            f"    {this_command('vocabulary_growth.py')}",
            "",
            f"Made-up words, {given.steps} steps of the preset `{given.preset}`; codes of 256 bits, those of `hybrid` "
            f"100; {allowed_threads()} processors ({processor()}), Python {platform.python_version()}, "
            f"{date.today()}. Relative: to the softmax of {measured[0]['words']:,} words. The rest: of the time of "
            f"`train`, without its steps, with {TEXTS} texts in each evaluation.",
            "",
            *lines,
        ]
        write_section(given.page, HEADING, written)


if __name__ == "__main__":
    main()
