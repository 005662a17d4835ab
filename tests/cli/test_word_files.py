"""Files of words from a pipe: they are read once."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

TIANKONG = [sys.executable, "-m", "tiankong"]
CONTENTS = {"utf-8": "utf-8", "a byte order mark": "utf-8-sig", "GB18030": "gb18030", "UTF-16": "utf-16"}


def answered(arguments, **options):
    process = subprocess.run(
        [*TIANKONG, *arguments], capture_output=True, text=True, timeout=120, check=False, **options
    )
    assert process.returncode == 0, process.stderr
    return process.stdout


@pytest.mark.parametrize("encoding", CONTENTS.values(), ids=CONTENTS)
def test_words_from_a_named_pipe(tmp_path, encoding):
    pipe = tmp_path / "words"
    os.mkfifo(pipe)
    content = "神速达\n我们的新品\n".encode(encoding)
    writer = threading.Thread(target=pipe.write_bytes, args=[content], daemon=True)
    writer.start()
    found = answered(["fill", "--threads", "1", "--words", str(pipe), "--starts-with", "神速", "物流用__"])
    assert "神速达" in found


def test_words_from_the_shell():
    for arguments in (
        "fill --words <(printf '神速达\\n') --starts-with 神速 物流用__",
        "rank --words <(printf '神速达\\n') 物流用__ 神速达 顺丰",
    ):
        command = f"{sys.executable} -m tiankong {arguments}"
        process = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=120, check=False)
        assert process.returncode == 0, process.stderr
        assert "神速达" in process.stdout


def test_ignored_words_from_standard_input():
    text = "今天的天汽很好"
    found = answered(["check", "--threads", "1", "--ignore", "/dev/stdin", "--all", text], input="天汽\n")
    assert found


def test_a_file_without_end_is_refused():
    arguments = ["fill", "--words", "/dev/zero", "物流__"]
    process = subprocess.run([*TIANKONG, *arguments], capture_output=True, text=True, timeout=120, check=False)
    assert process.returncode == 2
    assert process.stderr.startswith("tiankong: /dev/zero is not a text file")
