"""The benchmark through the command line: every system on the same blanks, and going on after a stop."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import tiankong
from tests.conftest import optional_package, succeed
from tiankong.benchmark.run import Result, read_answers, read_result
from tiankong.benchmark.task import make_task, queries
from tiankong.cli.main import run
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.folder import sha256

SYSTEMS = [
    "softmax",
    "codes",
    "hybrid",
    "tutorial-network",
    "tutorial",
    "unigram",
    "cbow",
    "kenlm",
    "context2vec",
    "masked-lm",
]


@pytest.fixture(scope="module")
def benchmark(prepared, tmp_path_factory):
    for peer in ("kenlm", "transformers"):
        optional_package(peer)
    folder = tmp_path_factory.mktemp("benchmark") / "out"
    succeed("benchmark", prepared, "-o", folder, "--quick", "--threads", 1, "--quiet")
    return folder


def test_every_system_has_real_numbers(benchmark, prepared):
    task = make_task(PreparedCorpus(prepared), 500)
    for name in SYSTEMS:
        result = read_result(benchmark / name)
        assert not result.skipped
        assert result.peak_bytes > 50e6
        answers = read_answers(benchmark / name)
        if name == "tutorial":
            assert result.tokens > 0 < result.training_seconds
            assert not answers
            continue
        assert len(answers["ranks"]) == len(task.targets)
        assert answers["ranks"].min() >= 1
        assert (answers["log_probabilities"] <= 1e-6).all()
        assert result.size_bytes > 0 < result.latency_milliseconds


def test_the_page_shows_every_system_and_the_command(benchmark):
    page = (benchmark / "RESULTS.md").read_text(encoding="utf-8")
    assert "nan" not in page
    for name in SYSTEMS:
        assert read_result(benchmark / name).label in page
    assert (benchmark / "results.png").read_bytes().startswith(b"\x89PNG")


def test_systems_are_set_beside_the_softmax_on_the_same_texts(benchmark, prepared):
    task = make_task(PreparedCorpus(prepared), 500)
    size = len(task.targets) + task.unknown
    rows = [line.split(" | ") for line in (benchmark / "RESULTS.md").read_text(encoding="utf-8").splitlines()]
    columns = {row[0].removeprefix("| "): row for row in rows[: rows.index(["## Top-10 by word frequency"])]}
    softmax = read_answers(benchmark / "softmax")["ranks"]
    assert columns["**tiankong** softmax (default)"][5] == "–"
    for label, system in (("unigram", "unigram"), ("tiankong codes", "codes")):
        other = read_answers(benchmark / system)["ranks"]
        low, high = (float(end.replace("−", "-")) for end in columns[label][5].split(" to "))
        difference = ((other <= 10).sum() - (softmax <= 10).sum()) / size
        assert low - 0.001 <= difference <= high + 0.001
        assert low < high


def test_unigram_figures_can_be_checked_by_hand(benchmark, prepared):
    corpus = PreparedCorpus(prepared)
    task = make_task(corpus, 500)
    candidate = corpus.vocabulary.targets()
    counts = np.where(candidate, corpus.vocabulary.counts, 0)
    answers = read_answers(benchmark / "unigram")
    expected = [1 + int((counts > counts[target]).sum()) for target in task.targets]
    # Ties go to the more frequent rank, so a rank is at least the number of more frequent words plus one.
    assert (answers["ranks"] >= expected).all()
    assert answers["ranks"][np.argmax(counts[task.targets])] == min(expected)
    share = np.log(counts[task.targets] / counts.sum())
    np.testing.assert_allclose(answers["log_probabilities"], share, atol=1e-4)


def test_a_model_trained_before_gets_a_row_of_its_own(benchmark, prepared, tmp_path):
    model = benchmark / "softmax" / "model"
    succeed(
        "benchmark",
        prepared,
        "-o",
        benchmark,
        "--quick",
        "--threads",
        1,
        "--quiet",
        "--systems",
        "softmax",
        "--also",
        model,
    )
    given, same = read_answers(benchmark / "trained-model"), read_answers(benchmark / "softmax")
    np.testing.assert_array_equal(given["ranks"], same["ranks"])
    page = (benchmark / "RESULTS.md").read_text(encoding="utf-8")
    given_row = next(line for line in page.splitlines() if line.startswith("| tiankong, model as given |"))
    assert "| +0.000 to +0.000 |" in given_row  # above the softmax, which it is
    assert "trained before, 2 epochs" in page
    # Another model of the same name is measured again.
    assert read_result(benchmark / "trained-model").model == sha256(model / "config.json")
    other = tmp_path / "model"
    succeed("export", model, "--prepared", prepared, "-o", other, "--quiet")
    succeed("benchmark", prepared, "-o", benchmark, "--quick", "--threads", 1, "--systems", "softmax", "--also", other)
    assert read_result(benchmark / "trained-model").model == sha256(other / "config.json")


@pytest.mark.parametrize(
    ("name", "words"), [("reviews-zh", "has other words than"), ("reviews-zh-sentiment", "fills no blanks")]
)
def test_a_model_that_does_not_fill_blanks_with_these_words_is_refused(prepared, tmp_path, capfd, name, words):
    built_in = Path(tiankong.__file__).parent / "models" / name
    arguments = ["--quick", "--threads", "1", "--quiet", "--systems", "unigram", "--also", str(built_in)]
    assert run(["benchmark", str(prepared), "-o", str(tmp_path / "out"), *arguments]) == 2
    assert words in capfd.readouterr().err
    assert not (tmp_path / "out").exists()


def test_results_are_not_put_among_the_files_of_a_corpus(prepared, capfd):
    before = sorted(prepared.iterdir())
    assert run(["benchmark", str(prepared), "-o", str(prepared), "--systems", "unigram", "--quick"]) == 2
    assert "is a prepared corpus: choose another --output" in capfd.readouterr().err
    assert sorted(prepared.iterdir()) == before


@pytest.mark.trains
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_training_goes_on(prepared, tmp_path, number):
    folder = tmp_path / "out"
    arguments = ["benchmark", prepared, "-o", folder, "--epochs", 3, "--targets", 100, "--threads", 1, "--quiet"]
    arguments += ["--systems", "softmax"]
    log = folder / "softmax" / "train.log"
    command = [sys.executable, "-m", "tiankong", *map(str, arguments)]
    process = subprocess.Popen(
        command,
        start_new_session=True,
        stderr=subprocess.PIPE,
        text=True,
        # A suite in the background of a shell would hand on that Ctrl-C is ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - one thread
    )
    deadline = time.monotonic() + 120
    while not (log.exists() and "epoch 1/3" in log.read_text(encoding="utf-8")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    if number == signal.SIGINT:
        os.killpg(process.pid, number)  # as a terminal's Ctrl-C does
    else:
        process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    deadline = time.monotonic() + 10
    while _group_lives(process.pid):  # nobody goes on
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert "Traceback" not in said
    assert ("the same command continues" in said) == (number == signal.SIGINT)
    assert not (folder / "softmax" / "result.json").exists()
    succeed(*arguments)
    lines = log.read_text(encoding="utf-8")
    assert lines.count("epoch 1/3") == lines.count("epoch 3/3") == 1
    assert read_result(folder / "softmax").tokens > 0


def _group_lives(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_second_run_takes_up_what_is_there(benchmark, prepared, capfd):
    before = {name: (benchmark / name / "result.json").stat().st_mtime_ns for name in SYSTEMS}
    succeed("benchmark", prepared, "-o", benchmark, "--quick", "--threads", 1)
    assert before == {name: (benchmark / name / "result.json").stat().st_mtime_ns for name in SYSTEMS}
    assert "kenlm:" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--systems", "unigram,oracle"), "there is no system 'oracle': choose from softmax,"),
        (("--systems", ","), "--systems names none: choose from softmax,"),
        (("--targets", "-1"), "--targets must be"),
        (("--minutes", "-2"), "--minutes must be"),
        (("--threads", "-1"), "--threads must be"),
        (("--seed", "-1"), "--seed must be"),
    ],
)
def test_bad_options(prepared, tmp_path, capfd, arguments, words):
    assert run(["benchmark", str(prepared), "-o", str(tmp_path / "out"), *arguments]) == 2
    assert words in capfd.readouterr().err
    assert not (tmp_path / "out").exists()


def test_an_output_that_is_a_file_is_refused(prepared, tmp_path, capfd):
    (tmp_path / "out").write_text("mine")
    assert run(["benchmark", str(prepared), "-o", str(tmp_path / "out"), "--systems", "unigram", "--quick"]) == 2
    assert "exists and is not a folder" in capfd.readouterr().err


def test_results_of_other_options_are_not_mixed(benchmark, prepared, capfd):
    assert run(["benchmark", str(prepared), "-o", str(benchmark), "--quick", "--threads", "1", "--seed", "5"]) == 2
    assert "holds a benchmark with seed 1 instead of 5: choose another --output" in capfd.readouterr().err


@pytest.mark.trains
def test_where_nothing_could_be_run_that_is_said(prepared, tmp_path, capfd, monkeypatch):
    out = tmp_path / "out"
    (tmp_path / "broken").mkdir()
    # Lightning's torchmetrics imports some of transformers where it is installed.
    (tmp_path / "broken" / "transformers.py").write_text(
        "def __getattr__(name):\n    if name.startswith('ModernBert'):\n        raise ModuleNotFoundError\n"
    )
    monkeypatch.syspath_prepend(tmp_path / "broken")  # of the processes that measure
    assert run(["benchmark", str(prepared), "-o", str(out), "--quick", "--systems", "masked-lm"]) == 2
    said = capfd.readouterr().err
    assert "nothing could be run (masked-lm: the masked LM peer needs packages that are not installed" in said
    assert not (out / "RESULTS.md").exists()


@pytest.mark.trains
def test_what_was_skipped_is_tried_again(prepared, tmp_path):
    place = tmp_path / "out" / "unigram"
    options = (prepared, "-o", tmp_path / "out", "--quick", "--threads", 1, "--systems", "unigram")
    succeed("benchmark", *options)
    first = read_result(place)
    (place / "result.json").write_text(
        json.dumps(dataclasses.asdict(Result("unigram", "unigram", skipped="not installed")))
    )
    succeed("benchmark", *options)
    again = read_result(place)
    assert not again.skipped
    assert again.size_bytes == first.size_bytes


def test_models_of_the_same_name_are_refused(prepared, tmp_path, capfd):
    models = [tmp_path / place / "model" for place in "ab"]
    options = [option for model in models for option in ("--also", str(model))]
    assert run(["benchmark", str(prepared), "-o", str(tmp_path / "out"), *options]) == 2
    assert f"--also {models[0]} and {models[1]} have the same name" in capfd.readouterr().err


def test_the_task_is_whole_texts_spread_over_the_split(prepared):
    corpus = PreparedCorpus(prepared)
    everything, part = make_task(corpus, 0), make_task(corpus, 300)
    assert len(everything.targets) + everything.unknown == corpus.manifest.splits["test"].targets
    assert math.isclose(len(part.targets) + part.unknown, 300, rel_tol=0.35)
    assert [int(query.ids[query.position]) for query in queries(part.texts)] == part.targets.tolist()
    assert sum(len(batch) for batch in part.batches()) == len(part.texts)


def test_settings_are_written_for_people(benchmark, prepared):
    settings = json.loads((benchmark / "settings.json").read_text())
    assert settings["corpus"] == PreparedCorpus(prepared).fingerprint
    assert settings["budget"]["quick"] is True
