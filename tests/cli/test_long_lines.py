"""Long texts on the command line: lines of any length, and what people see while they wait."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import struct
import subprocess
import termios

import pytest

from tests.cli.test_fill import PROGRAM, wait_for
from tiankong.model import load
from tiankong.sample.grammar import reviews

TEXT = "。".join(review.text for review in reviews(260))
"""A line of some 5,000 tokens."""


@pytest.fixture(scope="module")
def model():
    return load(threads=1)


@pytest.fixture(scope="module")
def places(model):
    return [(word["word"], word["start"], word["end"]) for word in model.check(TEXT)]


def piped(text, *arguments):
    program = [PROGRAM, *arguments, "--threads", "1", "--json"]
    finished = subprocess.run(program, input=text.encode(), capture_output=True, check=False)
    assert (finished.returncode, finished.stderr) == (0, b"")
    return [json.loads(line) for line in finished.stdout.decode().splitlines()]


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_one_huge_line_is_checked_whole(places, end):
    (answer,) = piped(TEXT + end, "check")
    assert answer["sentence"] == TEXT
    assert [(word["word"], word["start"], word["end"]) for word in answer["words"]] == places


def test_long_lines_among_short_ones(model):
    long = f"{TEXT}。物流__，第二天就到了"
    short = "质量__，很失望"
    answers = piped("\n".join([short, long, "", short]), "fill", "-k", "1")
    assert [answer["sentence"] for answer in answers] == [short, long, short]
    assert answers[0]["blanks"] == answers[2]["blanks"]
    (best,) = model.fill(long, top_k=1)
    assert answers[1]["blanks"][0][0]["token_str"] == best["token_str"]


def test_a_line_longer_than_what_arrives_at_once():
    """300 kB come in several parts, some of which end within a character."""
    line = "质量很好物流很快" * 12_500
    words = piped(f"{line}\n很好\n", "classify")
    assert [answer["text"] for answer in words] == [line, "很好"]


def test_a_terminal_shows_the_progress_of_a_long_text():
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))
    program = [PROGRAM, "check", "--threads", "1", TEXT * 3]
    process = subprocess.Popen(program, stdin=child, stdout=subprocess.PIPE, stderr=child)
    os.close(child)
    seen = wait_for(parent, "", "checking:")
    seen = wait_for(parent, seen, "%")
    output, _ = process.communicate(timeout=120)
    os.close(parent)
    assert process.returncode == 0
    assert b"checking" not in output


def test_a_short_text_has_no_progress_bar():
    parent, child = pty.openpty()
    process = subprocess.Popen([PROGRAM, "check", "物流很快"], stdin=child, stdout=subprocess.PIPE, stderr=child)
    process.communicate(timeout=60)
    os.set_blocking(parent, False)
    with pytest.raises(BlockingIOError):
        os.read(parent, 1000)
    os.close(child)
    os.close(parent)
