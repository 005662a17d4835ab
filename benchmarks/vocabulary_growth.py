"""What each head costs as the vocabulary grows: the network of the default preset on made-up words.

    python benchmarks/vocabulary_growth.py [WORDS…]        # default: 20,000 200,000 1,000,000

Its output is quoted in docs/how-it-works/heads.md. Every line is measured in its own process, for its peak memory.
"""

from __future__ import annotations

import multiprocessing
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from tiankong.config import ModelConfig, TrainingConfig
from tiankong.exporting.onnx_export import export_onnx
from tiankong.network.cloze import ClozeNetwork
from tiankong.network.context import tensors
from tiankong.network.word_tables import WordTables
from tiankong.runtime.decoding import CodesDecoder, SoftmaxDecoder, best
from tiankong.runtime.session import NetworkSession
from tiankong.text.characters import LONGEST_WORD
from tiankong.text.network_input import Lexicon, NetworkInput, Window, network_input
from tiankong.text.vocabulary import BEGIN, END, SPECIAL_TOKENS

CHARACTERS, BITS, TEXTS, LENGTH, STEPS, QUERIES = 4000, 128, 64, 32, 3, 15
HEADS = {
    "softmax": ModelConfig(),
    "codes": ModelConfig(head="codes", word_vectors=20_000),
    "hybrid": ModelConfig(head="hybrid", frequent_words=2000, word_vectors=20_000),
}


def tables(words: int, generator: np.random.Generator) -> tuple[WordTables, Lexicon]:
    """Zipf counts, random codes and spellings of two characters."""
    counts = np.maximum(1, 5_000_000 // np.arange(1, words + 1))
    counts[: len(SPECIAL_TOKENS)] = 0
    codes = generator.integers(0, 2, (words, BITS), dtype=np.uint8)
    candidate = np.arange(words) >= len(SPECIAL_TOKENS)
    spelling = np.zeros((words, LONGEST_WORD), dtype=np.int32)
    spelling[len(SPECIAL_TOKENS) :, :2] = generator.integers(2, CHARACTERS, (words - len(SPECIAL_TOKENS), 2))
    return WordTables(counts, candidate, codes, CHARACTERS, spelling), Lexicon(np.arange(words), spelling)


def texts(
    lexicon: Lexicon, count: int, generator: np.random.Generator, targets: np.ndarray
) -> tuple[NetworkInput, np.ndarray]:
    """A batch of texts drawn by frequency, and the words at the positions ``targets`` of each."""
    words = len(lexicon.word_ids)
    drawn = np.minimum(words - 1, len(SPECIAL_TOKENS) + (generator.pareto(1.0, (count, LENGTH)) * 10).astype(int))
    windows = [Window(np.array([BEGIN, *row, END]), 1, LENGTH + 1, targets) for row in drawn.tolist()]
    return network_input(windows, lexicon), drawn[:, targets - 1].reshape(-1)


def measure(name: str, words: int) -> None:
    """Prints one line: trained parameters, memory and time of a training step, size and time of a query."""
    generator = np.random.default_rng(1)
    tiny = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    table, lexicon = tables(words, generator)
    network = ClozeNetwork(HEADS[name], table, TrainingConfig())
    optimiser = torch.optim.AdamW(network.parameters(), 1e-3, fused=True)
    batch, targets = texts(lexicon, TEXTS, generator, np.arange(1, LENGTH + 1))
    seconds = []
    for _ in range(1 + STEPS):
        start = time.perf_counter()
        optimiser.zero_grad()
        network.head.loss(network.context(*tensors(batch)), torch.from_numpy(targets)).backward()
        optimiser.step()
        seconds.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - tiny
    optimiser.zero_grad()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        export_onnx(network, lexicon, path)
        size = path.stat().st_size + (0 if name == "softmax" else words * (BITS // 8 + 4))
        session = NetworkSession(path, threads=1)
    decoder: SoftmaxDecoder | CodesDecoder = SoftmaxDecoder(table.candidate)
    if name != "softmax":
        packed, bias = np.packbits(table.codes, axis=1), network.head.bias.detach().numpy()
        decoder = CodesDecoder(packed, BITS, bias, table.candidate, getattr(network.head, "frequent", 0))
    query, _ = texts(lexicon, 1, generator, np.array([LENGTH // 2]))
    times = []
    for _ in range(QUERIES):
        start = time.perf_counter()
        best(decoder.log_probabilities(session.run(query)["scores"])[0], 10)
        times.append(time.perf_counter() - start)
    trained = sum(weight.numel() for weight in network.parameters() if weight.requires_grad)
    print(
        f"{words:>9,}  {name:<8} {trained / 1e6:>8.1f} {peak / 2**20:>9.2f} {min(seconds[1:]):>9.2f} "
        f"{size / 1e6:>9.0f} {1000 * statistics.median(times):>9.1f}",
        flush=True,
    )


def main() -> None:
    """A line for each head and size."""
    print("    words  head      M weights  GiB train  s a step  MB model  ms query", flush=True)
    for words in [int(argument) for argument in sys.argv[1:]] or [20_000, 200_000, 1_000_000]:
        for name in HEADS:
            process = multiprocessing.get_context("spawn").Process(target=measure, args=(name, words))
            process.start()
            process.join()
            if process.exitcode:
                print(f"{words:>9,}  {name:<8} failed (exit {process.exitcode})", flush=True)


if __name__ == "__main__":
    main()
