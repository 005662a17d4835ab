"""Runs the systems one after the other, each in a process of its own, and stores their results.

When a system is done, its folder holds ``result.json`` and the arrays behind its figures, so that a benchmark that was
stopped continues with the next system. A peer's training that was stopped goes on from its last checkpoint there.
"""

from __future__ import annotations

import dataclasses
import json
import multiprocessing
import resource
import signal
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save_file

from tiankong.artifact.model_folder import MODEL, open_model
from tiankong.benchmark.system import Budget, RankingSystem, System
from tiankong.benchmark.task import Task, make_task
from tiankong.corpus.prepared import PREPARED, PreparedCorpus
from tiankong.corpus.word_codes import usual_bits, word_codes
from tiankong.errors import FolderError, MissingPackageError, TiankongError
from tiankong.folder import sha256, write_text
from tiankong.pipeline.train import limit_spinning
from tiankong.registry.tasks import WORDS
from tiankong.runtime.decoding import ranks

RESULT_FILE = "result.json"
ARRAYS_FILE = "answers.safetensors"
_LATENCY_QUERIES = 60


@dataclass(frozen=True)
class Result:
    """What a system cost. Its answers are in :data:`ARRAYS_FILE`: ``ranks`` and ``log_probabilities`` (N,)."""

    system: str
    label: str
    training_seconds: float = 0.0
    tokens: int = 0
    note: str = ""
    processor_seconds: float = 0.0
    peak_bytes: int = 0
    gives_probabilities: bool = False
    size_bytes: int = 0
    targets_per_second: float = 0.0
    latency_milliseconds: float = 0.0
    bit_accuracy: float | None = None
    skipped: str = ""
    model: str = ""  # SHA-256 of the manifest of one that was trained before


def registry() -> dict[str, type[System]]:
    """Every system by name, in the order they run and are listed."""
    from tiankong.benchmark import ours  # noqa: PLC0415 - imports the packages behind the systems
    from tiankong.benchmark.peers import counting, masked_lm, negative_sampling, ngram, tutorial  # noqa: PLC0415

    return {
        **ours.SYSTEMS,
        "tutorial": tutorial.TutorialProcedure,
        "unigram": counting.Unigram,
        "cbow": counting.Cbow,
        "kenlm": ngram.KenLM,
        "context2vec": negative_sampling.NegativeSampling,
        "masked-lm": masked_lm.MaskedLM,
    }


def run_benchmark(
    corpus: PreparedCorpus,
    names: Sequence[str],
    targets: int,
    budget: Budget,
    folder: Path,
    report: Callable[[str], None],
    *,
    also: Sequence[Path] = (),
) -> list[Result]:
    """Runs what has no result yet in ``folder`` and returns all results.

    ``also`` are existing model folders, measured like the rest. If ``budget.processor_seconds`` is 0, peers without an
    end of their own get as many as our default took.

    :raises FolderError: ``folder`` holds the results of another run or is none or a corpus or a model, ``also`` has no
        model that fills blanks with the words of ``corpus``, a system failed.
    """
    for model in also:
        _check_given(model, corpus)
    _check_place(folder)
    settings = {"corpus": corpus.fingerprint, "targets": targets, "budget": dataclasses.asdict(budget)}
    _check_settings(folder, settings)
    results: list[Result] = []
    models = {f"trained-{model.name}": model for model in also}
    stated = {name: sha256(model / MODEL.manifest) for name, model in models.items()}
    for name in [*models, *names]:
        place = folder / name
        if not _measured(place, stated.get(name, "")):
            place.mkdir(parents=True, exist_ok=True)
            ours = next((result.processor_seconds for result in results if result.system == "softmax"), 60.0)
            _in_own_process(
                name,
                corpus.path,
                targets,
                dataclasses.replace(budget, processor_seconds=budget.processor_seconds or ours),
                place,
                models.get(name),
            )
        results.append(read_result(place))
        report(_line(results[-1]))
    return results


def _measured(place: Path, model: str) -> bool:
    """Whether a system's folder has its result; for an existing model, that of this checksum. Skipped systems are tried
    again.
    """
    if not (place / RESULT_FILE).exists():
        return False
    result = read_result(place)
    return result.model == model and not result.skipped


def read_result(place: Path) -> Result:
    """The result in a system's folder."""
    return Result(**json.loads((place / RESULT_FILE).read_text(encoding="utf-8")))


def read_answers(place: Path) -> dict[str, np.ndarray]:
    """``ranks`` and ``log_probabilities`` of a system's answers, none where it was skipped."""
    file = place / ARRAYS_FILE
    return load_file(file) if file.exists() else {}


def _check_given(model: Path, corpus: PreparedCorpus) -> None:
    folder = open_model(model)
    folder.needs(WORDS)
    if folder.vocabulary.words != corpus.vocabulary.words:
        raise FolderError(f"{model} has other words than {corpus.path}: give a model trained on that")


def _check_place(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise FolderError(f"{folder} exists and is not a folder: choose another --output")
    for made in (PREPARED, MODEL):
        if (folder / made.manifest).exists():
            raise FolderError(f"{folder} is a {made.kind}: choose another --output for the results")


def _check_settings(folder: Path, settings: dict[str, Any]) -> None:
    file = folder / "settings.json"
    text = json.dumps(settings, indent=2) + "\n"
    if file.exists() and file.read_text(encoding="utf-8") != text:
        raise FolderError(f"{folder} holds a benchmark with {_differing(file, settings)}: choose another --output")
    folder.mkdir(parents=True, exist_ok=True)
    write_text(file, text)


def _differing(file: Path, settings: dict[str, Any]) -> str:
    """The differences between ``settings`` and those that the earlier benchmark wrote to ``file``."""
    try:
        earlier = json.loads(file.read_text(encoding="utf-8"))
        pairs = [("targets", earlier["targets"], settings["targets"])]
        pairs += [(name, earlier["budget"].get(name), value) for name, value in settings["budget"].items()]
    except (ValueError, LookupError, AttributeError, TypeError):
        return "other options or another corpus"
    differences = [] if earlier.get("corpus") == settings["corpus"] else ["another corpus"]
    differences += [f"{name.replace('_', ' ')} {old} instead of {new}" for name, old, new in pairs if old != new]
    return ", ".join(differences) or "other options"


def _in_own_process(name: str, corpus: Path, targets: int, budget: Budget, place: Path, model: Path | None) -> None:
    """Measures a system in a child process: its peak memory is its own, and its threads end with it."""
    arguments = (name, corpus, targets, budget, place, model)
    process = multiprocessing.get_context("spawn").Process(target=_measure, args=arguments)
    process.start()
    try:
        process.join()
    except KeyboardInterrupt:
        process.join()  # Ctrl-C reached it too
        raise
    except SystemExit:  # after SIGTERM
        process.terminate()
        process.join()
        raise
    if process.exitcode:
        raise FolderError(f"the benchmark of {name} failed: see its message above")


def _measure(name: str, corpus_folder: Path, targets: int, budget: Budget, place: Path, model: Path | None) -> None:
    from tiankong.benchmark.ours import SYSTEMS, Trained  # noqa: PLC0415 - imports the packages behind the systems

    if name in SYSTEMS:
        limit_spinning()
    import torch  # noqa: PLC0415 - heavy

    torch.set_num_threads(budget.threads)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # closes what is open
    corpus = PreparedCorpus(corpus_folder)
    system = Trained(corpus, budget, place, model) if model else registry()[name](corpus, budget, place)
    try:
        if system.needs_codes:
            word_codes(corpus, usual_bits(corpus))
        training = system.train()
    except MissingPackageError as error:
        _write(place, Result(name, system.label, skipped=str(error)))
        return
    except TiankongError as error:
        raise SystemExit(f"tiankong: {error}") from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result = Result(
        name, system.label, training.seconds, training.tokens, training.note, training.processor_seconds, peak
    )
    if model:
        result = dataclasses.replace(result, model=sha256(model / MODEL.manifest))
    if isinstance(system, RankingSystem):
        task = make_task(corpus, targets)
        arrays, seconds = _answer(system, task, corpus.vocabulary.targets())
        save_file(arrays, place / ARRAYS_FILE)
        result = dataclasses.replace(
            result,
            gives_probabilities=system.gives_probabilities,
            size_bytes=system.size(),
            targets_per_second=len(task.targets) / seconds,
            latency_milliseconds=_latency(system, task),
            bit_accuracy=system.bit_accuracy(),
        )
    _write(place, result)


def _answer(system: RankingSystem, task: Task, candidate: np.ndarray) -> tuple[dict[str, np.ndarray], float]:
    """Rank and log probability of every target, and the seconds the system took for its scores."""
    all_ranks, all_logs = [], []
    seconds = 0.0
    for batch in task.batches():
        start = time.perf_counter()
        scores = system.scores(batch)
        seconds += time.perf_counter() - start
        targets = np.concatenate([text.ids[text.targets] for text in batch])
        scores = np.where(candidate, scores, -np.inf).astype(np.float32)
        all_ranks.append(ranks(scores, targets))
        highest = scores.max(axis=1, keepdims=True)
        sums = np.log(np.exp(scores - highest).sum(axis=1, dtype=np.float64)) + highest[:, 0]
        all_logs.append(scores[np.arange(len(targets)), targets] - sums)
    return {"ranks": np.concatenate(all_ranks), "log_probabilities": np.concatenate(all_logs)}, seconds


def _latency(system: RankingSystem, task: Task) -> float:
    """Median milliseconds for a single blank."""
    texts = task.texts[:: max(1, len(task.texts) // _LATENCY_QUERIES)][:_LATENCY_QUERIES]
    times = []
    for text in texts:
        single = text._replace(targets=text.targets[:1])
        start = time.perf_counter()
        system.scores([single])
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times)


def _write(place: Path, result: Result) -> None:
    write_text(place / RESULT_FILE, json.dumps(dataclasses.asdict(result), ensure_ascii=False, indent=2) + "\n")


def _line(result: Result) -> str:
    if result.skipped:
        return f"{result.system}: skipped, {result.skipped}"
    rate = result.tokens / result.training_seconds if result.training_seconds else 0
    return f"{result.system}: {result.training_seconds:,.0f} s of training, {rate:,.0f} tokens/s"
