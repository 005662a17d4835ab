"""Trainings that end after so many steps or hours, and are evaluated within their epochs."""

from __future__ import annotations

import functools
import itertools
import json
import os
import shutil
import signal

import pytest

import tiankong
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.training.schedule import TIME_PARTS, Schedule
from tiankong.training.stream import Capacity

pytestmark = pytest.mark.trains

SMALL = {
    **{"preset": "small", "embedding_size": 16, "hidden_size": 16, "mlp_sizes": (24,), "character_size": 8},
    **{"batch_tokens": 200, "window": 64, "checkpoint_steps": 4, "validation_sentences": 20, "warmup_steps": 5},
    **{"negatives": 40, "threads": 1, "precision": "fp32", "measure_limit": 20},
}
LAST = 0.05
"""Share of the highest rate that a cosine ends at."""


class Stopped(Exception):
    """What ends a training as a crash would, without a save."""


class Stopping:
    """Stops a training at these steps, by Ctrl-C or as a crash does."""

    def __init__(self, *steps, crash=False):
        self.steps, self.crash = set(steps), crash

    def __call__(self, progress):
        if progress.stage == "training" and progress.done in self.steps:
            self.steps.remove(progress.done)
            if self.crash:
                raise Stopped
            os.kill(os.getpid(), signal.SIGINT)


def trained(corpus, output, **settings):
    return tiankong.train(corpus, output, **{**SMALL, **settings})


def stopped_and_resumed(corpus, output, stopping, **settings):
    """Trains on until nothing stops it any more."""
    resume = False
    while True:
        try:
            return trained(corpus, output, resume=resume, progress=stopping, **settings)
        except (KeyboardInterrupt, Stopped):
            resume = True


def weights(result):
    return (result.path / "model.safetensors").read_bytes()


def measured(result):
    """The history without the times."""
    times = {"seconds", "processor_seconds", "tokens_per_second"}
    return [{name: value for name, value in row.items() if name not in times} for row in result.history]


@pytest.fixture(scope="module")
def corpus(prepared):
    return PreparedCorpus(prepared)


@pytest.fixture
def streamed(monkeypatch):
    """As if the corpus were too large for memory."""
    monkeypatch.setattr("tiankong.training.cloze.trainer.Capacity", functools.partial(Capacity, tokens=1500, items=60))
    monkeypatch.setattr("tiankong.training.corpus_batches.BLOCK_TOKENS", 200)


@pytest.mark.parametrize("epochs", [0, 9])
def test_a_training_ends_after_so_many_steps_with_the_rate_at_its_end(corpus, tmp_path, epochs):
    result = trained(corpus, tmp_path / "model", epochs=epochs, max_steps=12, learning_rate=0.01)
    assert result.history[-1]["step"] == result.metrics["steps"] == 12
    assert result.metrics["ended_by"] == "max_steps"
    assert result.history[-1]["learning_rate"] == pytest.approx(0.01 * LAST)
    assert result.metrics["best_epoch"] in {row["epoch"] for row in result.history}
    assert 0 < result.history[-1]["epoch"] < 9


def test_the_limit_that_comes_first_ends_a_training(corpus, tmp_path):
    longer = trained(corpus, tmp_path / "longer", epochs=1, max_steps=10_000, max_hours=100.0)
    assert longer.metrics["ended_by"] == "epochs"
    assert longer.metrics["epochs"] == longer.metrics["best_epoch"] == 1
    assert longer.history[-1]["learning_rate"] == pytest.approx(4e-3 * LAST, rel=0.5)
    hurried = trained(corpus, tmp_path / "hurried", epochs=50, max_hours=1e-9)
    assert hurried.metrics["ended_by"] == "max_hours"
    assert hurried.metrics["steps"] <= 2
    assert hurried.history[-1]["learning_rate"] < 4e-3 * 2 * LAST
    assert tiankong.load(hurried.path).fill("物流__，很快", top_k=3)


def test_steps_within_the_epochs_end_as_the_epochs_do(corpus, tmp_path):
    whole = trained(corpus, tmp_path / "whole", epochs=1)
    steps = int(whole.history[-1]["step"])
    cut = trained(corpus, tmp_path / "cut", epochs=0, max_steps=steps)
    assert weights(cut) == weights(whole)
    assert measured(cut) == measured(whole)


def test_long_epochs_are_evaluated_within_and_short_ones_are_not(corpus, tmp_path):
    plain = trained(corpus, tmp_path / "plain", epochs=2)
    length = int(plain.history[0]["step"])
    assert [row["epoch"] for row in plain.history] == [1, 2]
    often = trained(corpus, tmp_path / "often", epochs=2, evaluate_every=7)
    steps = [int(row["step"]) for row in often.history]
    expected = [*range(7, length, 7), length, *range(length + 7, 2 * length, 7), 2 * length]
    assert steps == expected
    for row in often.history:
        assert row["epoch"] == pytest.approx(row["step"] / length, abs=1e-4)
        assert row["tokens_per_second"] > 0
    # Measuring changes nothing of what is learned.
    by_step = {row["step"]: row for row in often.history}
    for row in plain.history:
        assert by_step[row["step"]]["validation_perplexity"] == row["validation_perplexity"]
    best = min(often.history, key=lambda row: row["validation_perplexity"])
    assert often.metrics["best_epoch"] == best["epoch"]


def test_patience_counts_evaluations(corpus, tmp_path):
    result = trained(
        corpus, tmp_path / "model", epochs=50, evaluate_every=2, patience=1, learning_rate=1.0, clip_norm=0.0
    )
    scores = [row["validation_perplexity"] for row in result.history]
    assert result.metrics["ended_by"] == "patience"
    assert min(scores) < scores[-1] or len(scores) == 1
    assert result.metrics["best_epoch"] == result.history[scores.index(min(scores))]["epoch"]


@pytest.mark.parametrize("size", ["in memory", "streamed"])
@pytest.mark.parametrize("steps", [(1, 6, 7), (5, 13, 14, 33)])
def test_stopped_within_an_epoch_with_evaluations_it_resumes_to_the_bit(corpus, tmp_path, request, size, steps):
    if size == "streamed":
        request.getfixturevalue("streamed")
    settings = {"epochs": 2, "evaluate_every": 7}
    whole = trained(corpus, tmp_path / "whole", **settings)
    resumed = stopped_and_resumed(corpus, tmp_path / "resumed", Stopping(*steps), **settings)
    assert weights(resumed) == weights(whole)
    assert measured(resumed) == measured(whole)
    crashed = stopped_and_resumed(corpus, tmp_path / "crashed", Stopping(steps[-1], crash=True), **settings)
    assert weights(crashed) == weights(whole)
    assert measured(crashed) == measured(whole)


def test_a_stream_has_another_order_and_learns_as_well(corpus, tmp_path, request):
    plain = trained(corpus, tmp_path / "plain", epochs=3)
    request.getfixturevalue("streamed")
    large = trained(corpus, tmp_path / "large", epochs=3)
    assert weights(large) != weights(plain)
    steps = [result.history[-1]["step"] for result in (plain, large)]
    assert steps[1] == pytest.approx(steps[0], rel=0.3)
    perplexities = [result.metrics["test"]["perplexity"] for result in (plain, large)]
    assert perplexities[1] == pytest.approx(perplexities[0], rel=0.3)


@pytest.mark.usefixtures("streamed")
def test_a_shard_that_is_removed_meanwhile_ends_a_training_with_its_name(corpus, tmp_path):
    shutil.copytree(corpus.path, tmp_path / "prepared")

    def remove(progress):
        if progress.stage == "training" and progress.done == 6:
            (tmp_path / "prepared" / "train.tokens.npy").unlink()

    with pytest.raises(tiankong.FolderError, match=r"train\.tokens\.npy was removed or changed while it was read"):
        trained(tmp_path / "prepared", tmp_path / "model", epochs=3, progress=remove)
    assert not (tmp_path / "model").exists()


class Clock:
    """Says so many seconds a step, which a training tells as it goes on."""

    def __init__(self, seconds):
        self.seconds, self.step, self.then = seconds, 0, lambda _: None

    def __call__(self):
        return self.step * self.seconds

    def hear(self, progress):
        if progress.stage == "training":
            self.step += 1
        self.then(progress)


@pytest.fixture
def clock(monkeypatch):
    made = Clock(10)
    monkeypatch.setattr("tiankong.training.time_budget.clock", made)
    return made


HOURS = 320 / 3600
"""32 steps of ten seconds."""


def test_the_rate_falls_with_the_time_and_a_resumed_training_is_the_same(corpus, tmp_path, clock):
    settings = {"epochs": 0, "max_hours": HOURS, "evaluate_every": 5}
    whole = trained(corpus, tmp_path / "whole", progress=clock.hear, **settings)
    assert whole.metrics["ended_by"] == "max_hours"
    steps = whole.metrics["time_steps"]
    assert len(steps) == TIME_PARTS
    assert steps == sorted(steps)
    assert whole.metrics["steps"] == steps[-1] == 33
    rates = [row["learning_rate"] for row in whole.history]
    assert all(later < earlier for earlier, later in itertools.pairwise(rates))
    assert rates[-1] == pytest.approx(4e-3 * LAST)
    clock.then = Stopping(3, 11, 27)
    resumed = stopped_and_resumed(corpus, tmp_path / "resumed", clock.hear, **settings)
    assert resumed.metrics["time_steps"] == steps
    assert weights(resumed) == weights(whole)
    assert measured(resumed) == measured(whole)


def test_after_a_crash_what_the_clock_said_is_repeated_however_fast_the_machine_is_now(corpus, tmp_path, clock):
    settings = {"epochs": 0, "max_hours": HOURS, "evaluate_every": 5, "keep_checkpoints": True}
    clock.then = Stopping(19, crash=True)
    with pytest.raises(Stopped):
        trained(corpus, tmp_path / "model", progress=clock.hear, **settings)
    told = json.loads((tmp_path / "model.training" / "time.json").read_text())
    assert told["steps"]
    clock.seconds, clock.step = 4, 0
    resumed = trained(corpus, tmp_path / "model", resume=True, progress=clock.hear, **settings)
    steps = resumed.metrics["time_steps"]
    assert steps[: len(told["steps"])] == told["steps"]
    assert resumed.metrics["steps"] > 33
    # The record alone, without any checkpoint, trains the same model on a machine of any speed.
    again = tmp_path / "again.training"
    again.mkdir()
    for name in ("run.json", "time.json"):
        shutil.copy(tmp_path / "model.training" / name, again / name)
    clock.seconds, clock.step = 1000, 0
    repeated = trained(corpus, tmp_path / "again", resume=True, progress=clock.hear, **settings)
    assert weights(repeated) == weights(resumed)
    assert measured(repeated) == measured(resumed)


@pytest.mark.parametrize("text", [None, "", "{}", '{"decided": 3, "steps": ["x"]}', '{"decided": null, "steps": []}'])
def test_a_record_of_time_that_can_not_be_read_is_refused(corpus, tmp_path, clock, text):
    settings = {"epochs": 0, "max_hours": HOURS}
    clock.then = Stopping(9)
    with pytest.raises(KeyboardInterrupt):
        trained(corpus, tmp_path / "model", progress=clock.hear, **settings)
    file = tmp_path / "model.training" / "time.json"
    if text is None:
        file.unlink()
    else:
        file.write_text(text)
    with pytest.raises(tiankong.FolderError, match=r"time\.json can't be read: start over"):
        trained(corpus, tmp_path / "model", resume=True, **settings)


@pytest.mark.parametrize("steps", [0, 200])
@pytest.mark.parametrize("warmup", [0, 1, 30, 500])
def test_a_rate_by_time_rises_to_the_highest_and_falls_to_a_twentieth(steps, warmup):
    settings = tiankong.config.TrainingConfig(max_hours=1.0, warmup_steps=warmup, epochs=1)
    schedule = Schedule(settings, steps)
    schedule.time = [1 + number // 10 for number in range(TIME_PARTS)]  # a hundredth a step
    rates = [schedule.rate(step) for step in range(101)]
    top = rates.index(max(rates))
    assert max(rates) == pytest.approx(1)
    assert top <= max(0, min(warmup, 10))
    assert all(later >= earlier for earlier, later in itertools.pairwise(rates[: top + 1]))
    assert all(later <= earlier for earlier, later in itertools.pairwise(rates[top:]))
    assert rates[-1] == pytest.approx(LAST)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"max_steps": -1}, "`max_steps` must be at least 0, not -1"),
        ({"max_hours": -0.5}, "`max_hours` must be from 0.0 to 100000, not -0.5"),
        ({"max_hours": float("nan")}, "`max_hours` must be from 0.0 to 100000, not nan"),
        ({"max_hours": "two"}, "`max_hours='two'` must be a number, not a text"),
        ({"evaluate_every": 1}, "`evaluate_every` must be 0 (only after each epoch) or at least 2, not 1"),
        ({"evaluate_every": -3}, "`evaluate_every` must be 0 (only after each epoch) or at least 2, not -3"),
        ({"epochs": 0}, "`epochs` must be at least 1, not 0, unless you set `max_steps` or `max_hours`"),
        ({"epochs": -1, "max_steps": 5}, "`epochs` must be at least 0, not -1"),
    ],
)
def test_limits_that_mean_nothing_are_refused(corpus, tmp_path, settings, words):
    with pytest.raises(tiankong.OptionError) as caught:
        trained(corpus, tmp_path / "model", **settings)
    assert words in str(caught.value)
    assert not list(tmp_path.iterdir())
