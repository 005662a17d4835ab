"""Work ends at its deadline, and only its own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tiankong.model import load
from tiankong.runtime import deadline as module
from tiankong.runtime.deadline import OutOfTimeError, check_deadline, deadline


@pytest.fixture(scope="module")
def model():
    return load(threads=2)


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands until a test moves it."""
    now = [1000.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def test_without_a_deadline_there_is_time():
    check_deadline()


def test_time_runs_out(clock):
    with deadline(5):
        clock[0] += 5
        check_deadline()
        clock[0] += 0.01
        with pytest.raises(OutOfTimeError):
            check_deadline()
    check_deadline()


def test_abandoned_work_ends_at_once():
    waiting = [True]
    with deadline(60, lambda: not waiting[0]):
        check_deadline()
        waiting[0] = False
        with pytest.raises(OutOfTimeError):
            check_deadline()


def test_the_inner_deadline_counts_and_the_outer_one_comes_back(clock):
    with deadline(10):
        with deadline(1):
            clock[0] += 2
            with pytest.raises(OutOfTimeError):
                check_deadline()
        check_deadline()
        clock[0] += 9
        with pytest.raises(OutOfTimeError):
            check_deadline()


def test_a_deadline_is_forgotten_after_an_error():
    with pytest.raises(RuntimeError, match="mine"), deadline(-1):
        raise RuntimeError("mine")
    check_deadline()


def test_other_threads_have_their_own():
    with deadline(-1), ThreadPoolExecutor(1) as workers:
        workers.submit(check_deadline).result()


@pytest.mark.parametrize("sentences", ["物流__，第二天就到了", ["物流__，第二天就到了"] * 100])
def test_the_model_looks_at_it(model, sentences):
    with deadline(-1), pytest.raises(OutOfTimeError):
        model.fill(sentences)
    assert model.fill("物流__，第二天就到了", top_k=1)


def test_many_batches_end_between_runs(model):
    looks = []
    with deadline(60, lambda: looks.append(1) or len(looks) > 4), pytest.raises(OutOfTimeError):
        model.fill(["物流__，第二天就到了"] * 640)  # 20 batches
    assert len(looks) == 5
