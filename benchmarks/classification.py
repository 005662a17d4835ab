"""Classifiers by the number of labels they learn from, on another shop's goods, and their speed.

    python benchmarks/classification.py GOODS SHOPPING --base MODEL [--page docs/lab/0009-classification.md]
        [--work FOLDER]

``GOODS`` has ``text,,label`` lines, ``SHOPPING`` columns ``cat,label,review``; ``--base`` is a fill model that was
trained on no test text of GOODS. Three systems are trained on each number of labelled texts of GOODS, with a third as
many validation texts: the BRNN from scratch, the BRNN from MODEL, and TF-IDF with logistic regression (words and
pairs of words, or up to three characters; features and regularisation chosen on the same validation texts). All are
measured on the same test texts. Needs the ``[train,benchmark]`` extras. Results stay in FOLDER, so a stopped run
continues with the same command. The tables go into the page and the plot beside it.
"""

from __future__ import annotations

import argparse
import itertools
import json
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from answering import processor, this_command, write_section
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

import tiankong
from tiankong.artifact.model_folder import MODEL
from tiankong.config import SPACED, ClassifierConfig, TrainingConfig
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.corpus.reader import read_texts
from tiankong.corpus.splits import DEFAULT_SPLIT, SPLITS, split_of, text_hash
from tiankong.evaluation.labelled import wilson
from tiankong.folder import sha256, write_text
from tiankong.machine import allowed_threads
from tiankong.model import load
from tiankong.text.segment import Tokenizer
from tiankong.training.classify.trainer import chosen_texts

HEADING = "## By the number of labels"
SYSTEMS = {"tfidf": "TF-IDF + logistic regression", "scratch": "BRNN from scratch", "tuned": "BRNN, fine-tuned"}
STRENGTHS = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
SHORT = 20
"""Words of a short review at most."""


class Few(NamedTuple):
    """Training settings for few texts: more epochs, smaller batches."""

    epochs: int
    batch_tokens: int


FEW = {100: Few(40, 512), 1000: Few(15, 1024)}


class Study:
    """One run of this program: its corpus, and what has been measured so far."""

    def __init__(self, goods: Path, base: Path, work: Path, sizes: list[int], seeds: int) -> None:
        work.mkdir(parents=True, exist_ok=True)
        self.base, self.work, self.sizes, self._seeds = base, work, sizes, seeds
        self._file = work / "measured.json"
        self.measured: dict[str, Any] = json.loads(self._file.read_text()) if self._file.exists() else {}
        what = {"goods": sha256(goods), "base": sha256(base / MODEL.manifest)}
        if self.measured.setdefault("of", what) != what:
            raise SystemExit(f"{work} holds what was measured with another base or other texts: choose another --work")
        folder = work / "prepared"
        if folder.exists():
            self.corpus = PreparedCorpus(folder)
        else:
            self.corpus = tiankong.prepare(goods, folder, unique=True, code_bits=0)
        words = [*self.corpus.vocabulary.words, *self.corpus.other_words]
        self.texts = {
            name: [[words[number] for number in split[text][1:-1]] for text in range(len(split))]
            for name, split in ((name, self.corpus.split(name)) for name in SPLITS)
        }

    def accuracy(self, system: str, size: int, seed: int) -> float:
        """Accuracy on the test split after training on ``size`` texts (0: all)."""
        key = f"{system} {size} {seed}"
        if key not in self.measured:
            self.measured[key] = self._tfidf(size, seed)[0] if system == "tfidf" else self._network(system, size, seed)
            write_text(self._file, json.dumps(self.measured, indent=1))
            print(f"{key}: {self.measured[key]:.4f}", file=sys.stderr, flush=True)
        return float(self.measured[key])

    def accuracies(self, system: str, size: int) -> list[float]:
        """Accuracies of several draws if the labels are few, else of one."""
        return [self.accuracy(system, size, seed) for seed in range(1, 1 + (self._seeds if size in FEW else 1))]

    def folder(self, system: str, size: int, seed: int) -> Path:
        """Where a trained network is kept."""
        return self.work / f"{system}-{size or 'all'}-{seed}"

    def tfidf_of_all(self) -> tuple[TfidfVectorizer, LogisticRegression]:
        """The baseline, trained on all texts."""
        return self._tfidf(0, 1)[1:]

    def _network(self, system: str, size: int, seed: int) -> float:
        few = FEW.get(size)
        options = ["--task", "classify", "--seed", seed, "--training-texts", size, "--quiet", "--json", "--force"]
        options += ["--validation-sentences", size // 3] if size else []
        options += (
            ["--epochs", few.epochs, "--batch-tokens", few.batch_tokens, "--patience", few.epochs // 3] if few else []
        )
        options += ["--from", self.base] if system == "tuned" else []
        command = [sys.executable, "-m", "tiankong", "train", self.corpus.path, "-o", self.folder(system, size, seed)]
        done = subprocess.run([*map(str, command + options)], check=True, stdout=subprocess.PIPE, text=True)
        return float(json.loads(done.stdout)["test"]["accuracy"])

    def _tfidf(self, size: int, seed: int) -> tuple[float, TfidfVectorizer, LogisticRegression]:
        training = TrainingConfig(seed=seed, validation_sentences=size // 3)
        learnt, validation = chosen_texts(self.corpus, training, ClassifierConfig(training_texts=size))
        labels = {name: self.corpus.labels(name) for name in SPLITS}
        train, held_out = (
            [self.texts[name][n] for n in chosen] for name, chosen in (("train", learnt), ("validation", validation))
        )
        best = (np.inf, None, None)
        for features in (
            {"analyzer": pairs_of_words, "min_df": 1 if size and size <= 1000 else 2},
            {
                "analyzer": "char",
                "ngram_range": (1, 3),
                "preprocessor": "".join,
                "min_df": 1 if size and size <= 1000 else 2,
            },
        ):
            vectorizer = TfidfVectorizer(sublinear_tf=True, **features)
            matrix, others = vectorizer.fit_transform(train), vectorizer.transform(held_out)
            for strength in STRENGTHS:
                model = LogisticRegression(C=strength, max_iter=2000).fit(matrix, labels["train"][learnt])
                loss = log_loss(labels["validation"][validation], model.predict_proba(others), labels=model.classes_)
                if loss < best[0]:
                    best = (loss, vectorizer, model)
        _, vectorizer, model = best
        right = model.predict(vectorizer.transform(self.texts["test"])) == labels["test"]
        return float(right.mean()), vectorizer, model


def pairs_of_words(words: list[str]) -> list[str]:
    """Words and pairs of adjacent words."""
    return [*words, *map(" ".join, itertools.pairwise(words))]


def learning_rows(study: Study) -> Iterator[list[str]]:
    """A row a system: mean accuracy for each size, with the range over seeds or, for one seed, the 95 % interval."""
    everything, tests = len(study.texts["train"]), len(study.texts["test"])
    yield ["", *(f"{size or everything:,} labels" for size in study.sizes)]
    for system, name in SYSTEMS.items():
        cells = []
        for size in study.sizes:
            accuracies = study.accuracies(system, size)
            low, high = min(accuracies), max(accuracies)
            if len(accuracies) == 1:
                low, high = wilson(round(accuracies[0] * tests), tests)
            cells.append(f"{statistics.mean(accuracies):.4f} ({low:.3f} to {high:.3f})")
        yield [name, *cells]


def draw(study: Study, file: Path) -> None:
    """Draws accuracy by number of labels."""
    import matplotlib as mpl  # noqa: PLC0415 - heavy

    mpl.use("Agg")
    from matplotlib import pyplot  # noqa: PLC0415

    figure, axes = pyplot.subplots(figsize=(6, 4), layout="constrained")
    for system, name in SYSTEMS.items():
        sizes = [size or len(study.texts["train"]) for size in study.sizes]
        runs = [study.accuracies(system, size) for size in study.sizes]
        axes.plot(sizes, list(map(statistics.mean, runs)), marker="o", label=name)
        axes.fill_between(sizes, list(map(min, runs)), list(map(max, runs)), alpha=0.2)
    axes.set(xlabel="labelled texts learned from", ylabel="accuracy on test texts", xscale="log")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(file, dpi=90)
    pyplot.close(figure)


def transfer_rows(study: Study, goods: Path, shopping: Path) -> Iterator[list[str]]:
    """Accuracy on each category of the other shop, trained on all of GOODS."""
    seen = {text_hash(text.text, 1) for text in read_texts([goods])}
    categories = (text.label for text in read_texts([shopping], column="review", label_column="cat"))
    texts: dict[str, list[tuple[str, str, bool]]] = {}
    for text, category in zip(read_texts([shopping], column="review", label_column="label"), categories, strict=True):
        hashed = text_hash(text.text, 1)
        if hashed not in seen:
            seen.add(hashed)
            unseen = SPLITS[split_of(hashed, DEFAULT_SPLIT)] == "test"
            texts.setdefault(str(category), []).append((text.text, str(text.label), unseen))
    vectorizer, regression = study.tfidf_of_all()
    names = [label.name for label in study.corpus.manifest.labels]
    tokenizer = Tokenizer(study.corpus.manifest.config)
    scratch, tuned = (load(study.folder(system, 0, 1)) for system in ("scratch", "tuned"))
    yield ["category", "reviews", *SYSTEMS.values(), "fine-tuned, reviews unseen by its base"]
    everything: list[np.ndarray[Any, np.dtype[np.bool_]]] = []
    unread: list[bool] = []
    for category, rows in texts.items():
        reviews, labels, unseen = map(list, zip(*rows, strict=True))
        tokens = list(map(tokenizer.tokens, reviews))
        given = [
            [names[number] for number in regression.predict(vectorizer.transform(tokens))],
            *([shares[0]["label"] for shares in model.classify(reviews)] for model in (scratch, tuned)),
        ]
        right = np.array(given) == np.array(labels)
        everything.append(right)
        unread += unseen
        yield transfer_row(category, right, np.array(unseen))
    yield transfer_row("all", np.concatenate(everything, axis=1), np.array(unread))


def transfer_row(name: str, right: Any, unseen: Any) -> list[str]:
    """Accuracy of each system, the last one's with its 95 % interval, and on unseen reviews alone."""
    last = right[-1]
    low, high = wilson(int(last.sum()), len(last))
    unread = last[unseen]
    return [
        name,
        f"{len(last):,}",
        *(f"{one.mean():.4f}" for one in right[:-1]),
        f"{last.mean():.4f} ({low:.3f} to {high:.3f})",
        f"{unread.mean():.4f} of {len(unread):,}",
    ]


def speed_rows(study: Study) -> Iterator[list[str]]:
    """Short reviews a second, from text to labels."""
    tuned = study.folder("tuned", 0, 1)
    small = study.work / "tuned-8-bits"
    if not small.exists():
        tiankong.export(tuned, small, prepared=study.corpus)
    space = " " if study.corpus.manifest.config.segmenter in SPACED else ""
    short = [space.join(words) for split in SPLITS for words in study.texts[split] if len(words) <= SHORT][:8192]
    yield ["model", "1 thread", f"{allowed_threads()} threads"]
    for name, folder in (("as trained, 32 bits", tuned), ("exported, 8 bits", small)):
        cells = []
        for threads in (1, allowed_threads()):
            model = load(folder, threads=threads)
            model.classify(short[:1024])
            seconds = []
            for _ in range(3):
                start = time.perf_counter()
                model.classify(short)
                seconds.append(time.perf_counter() - start)
            cells.append(f"{len(short) / statistics.median(seconds):,.0f} a second")
        yield [name, *cells]


def table(rows: Iterator[list[str]]) -> list[str]:
    """Markdown lines of a table; the first row is the header."""
    lines = []
    for number, cells in enumerate(rows):
        lines.append(f"| {' | '.join(cells)} |")
        lines += [f"|{'---|' * len(cells)}"] if number == 0 else []
        print(lines[-1] if number else lines[0], flush=True)
    return lines


def main() -> None:
    """Prints the tables and writes them into the page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("goods", type=Path)
    parser.add_argument("shopping", type=Path)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=Path("build/classification"))
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 1000, 10_000, 0], help="0: all")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--page", type=Path)
    arguments = parser.parse_args()
    study = Study(arguments.goods, arguments.base, arguments.work, arguments.sizes, arguments.seeds)
    learning = table(learning_rows(study))
    transfer = table(transfer_rows(study, arguments.goods, arguments.shopping))
    speed = table(speed_rows(study))
    if not arguments.page:
        return
    picture = arguments.page.with_suffix(".png")
    draw(study, picture)
    lines = [
        HEADING,
        "",
        f"    {this_command('classification.py')}",
        "",
        f"{allowed_threads()} processors ({processor()}), Python {platform.python_version()}. Accuracy on "
        f"{len(study.texts['test']):,} test texts; for 100 and 1,000 labels, the mean and range of {arguments.seeds} "
        "draws; for more, the 95 % interval. Epoch, features and regularisation were chosen on validation texts, a "
        "third as many as the labels.",
        "",
        *learning,
        "",
        f"![Accuracy by number of labels]({picture.name})",
        "",
        "Trained on all labels, tested on another shop's reviews (those in both corpora left out):",
        "",
        *transfer,
        "",
        f"Speed, from text to labels, for reviews of at most {SHORT} words:",
        "",
        *speed,
    ]
    write_section(arguments.page, HEADING, lines)


if __name__ == "__main__":
    main()
