"""Signals that are held back until a block ends."""

from __future__ import annotations

import signal
import threading

import pytest

from tiankong.stop_signals import stop_signals_held_back


@pytest.fixture(autouse=True)
def handlers():
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_ctrl_c_comes_when_the_block_is_through():
    done = []

    def interrupted():
        with stop_signals_held_back():
            signal.raise_signal(signal.SIGINT)
            done.append(1)
        done.append(2)

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert done == [1]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_the_first_of_several_comes_and_once():
    came = []
    signal.signal(signal.SIGTERM, lambda number, _: came.append(number))
    with stop_signals_held_back():
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
            signal.raise_signal(number)
        assert came == []
    assert came == [signal.SIGTERM]


def test_it_comes_although_the_block_fails():
    def interrupted():
        with stop_signals_held_back():
            signal.raise_signal(signal.SIGINT)
            raise ModuleNotFoundError

    with pytest.raises(KeyboardInterrupt):
        interrupted()


def test_what_is_ignored_stays_so():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with stop_signals_held_back():
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_in_another_thread_it_does_nothing():
    raised = []

    def work():
        try:
            with stop_signals_held_back():
                pass
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert raised == []
