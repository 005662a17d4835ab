"""Two blanks near each other: filled together, compared with each on its own.

    python benchmarks/joint_filling.py PREPARED [--model MODEL] [--texts N]

Its output is quoted in docs/how-it-works/joint-filling.md.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from tiankong.corpus.prepared import PreparedCorpus
from tiankong.evaluation.measure import check_vocabulary, split_texts
from tiankong.runtime.joint_probability import JointScorer
from tiankong.runtime.predictor import open_predictor
from tiankong.runtime.reading import Reading
from tiankong.text.network_input import Window
from tiankong.text.vocabulary import BLANK

FARTHEST, TOP, WIDTH, SEED = 3, 10, 8, 1


def pairs(corpus: PreparedCorpus, count: int) -> list[tuple[np.ndarray, tuple[int, int]]]:
    """Test texts and two positions of known words in each, at most :data:`FARTHEST` apart."""
    generator = np.random.default_rng(SEED)
    near_targets = []
    for text in split_texts(corpus, "test"):
        near = [(a, b) for a in text.targets.tolist() for b in text.targets.tolist() if 0 < b - a <= FARTHEST]
        if near:
            near_targets.append((text.ids, near[generator.integers(len(near))]))
    chosen = np.linspace(0, len(near_targets) - 1, min(count, len(near_targets))).astype(int)
    return [near_targets[number] for number in chosen.tolist()]


def main() -> None:
    """Prints how often both words are right."""
    parser = argparse.ArgumentParser()
    parser.add_argument("prepared", type=Path)
    parser.add_argument("--model", default="reviews-zh")
    parser.add_argument("--texts", type=int, default=1000)
    arguments = parser.parse_args()
    corpus = PreparedCorpus(arguments.prepared)
    predictor = open_predictor(arguments.model)
    check_vocabulary(predictor, corpus)
    forms = corpus.vocabulary.words + corpus.other_words
    alone, first, among, seconds = [], [], [], 0.0
    texts = pairs(corpus, arguments.texts)
    for ids, places in texts:
        reading = Reading(predictor)
        tokens = [None if place in places else forms[word] for place, word in enumerate(ids.tolist())][1:-1]
        open_ids = reading.ids(tokens)
        blanks = np.flatnonzero(open_ids == BLANK)
        right = tuple(int(ids[place]) for place in places)
        rows = reading.predictions([Window(open_ids, 1, len(open_ids) - 1, blanks)])
        alone.append(tuple(int(row.log_probabilities.argmax()) for row in rows) == right)
        start = time.perf_counter()
        fillings = [filling for filling, _ in JointScorer(reading, open_ids, blanks.tolist()).search(TOP, WIDTH)]
        seconds += time.perf_counter() - start
        first.append(fillings[0] == right)
        among.append(right in fillings)
    generator = np.random.default_rng(SEED)
    samples = generator.integers(0, len(texts), (2000, len(texts)))
    gains = np.array(first)[samples].mean(axis=1) / np.maximum(np.array(alone)[samples].mean(axis=1), 1e-9)
    low, high = np.quantile(gains, (0.025, 0.975))
    print(f"texts of the test split           {len(texts):,}")
    print(f"both right, each on its own       {np.mean(alone):.3f}")
    print(f"both right, together              {np.mean(first):.3f}")
    gain = np.mean(first) / max(np.mean(alone), 1e-9)
    print(f"together against alone            {gain:.2f} (95%: {low:.2f} to {high:.2f})")
    print(f"both right, among the best {TOP}     {np.mean(among):.3f}")
    print(f"milliseconds a text, together     {1000 * seconds / len(texts):.0f}")


if __name__ == "__main__":
    main()
