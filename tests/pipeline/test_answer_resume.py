"""Runs of several processes, and runs that are stopped, killed or short of something: the same answers in the end."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.pipeline.answer_files import many_lines, read
from tiankong.errors import FolderError, OptionError, TiankongError
from tiankong.pipeline import answering_work
from tiankong.pipeline.answer_file import answer_file


@pytest.mark.parametrize("suffix", ["jsonl", "csv", "parquet"])
def test_the_number_of_processes_changes_nothing(model_folder, tmp_path, suffix):
    source = many_lines(tmp_path)
    outputs = [tmp_path / f"{threads}.{suffix}" for threads in (1, 2, 3)]
    for threads, output in enumerate(outputs, 1):
        answered = answer_file("fill", source, output, model=model_folder, threads=threads, top_k=2)
        assert (answered.rows, answered.failed) == (1500, 38)
    assert outputs[0].read_bytes() == outputs[1].read_bytes() == outputs[2].read_bytes()


PROGRAM = """
import sys, time
from tiankong.cli.main import main
from tiankong.pipeline import answering_work
answering_work.SECONDS_BETWEEN_PARTS = 0.0
main()
"""


@pytest.mark.parametrize(("suffix", "threads"), [("jsonl", 2), ("csv", 1), ("parquet", 2)])
def test_a_run_that_is_killed_again_and_again_ends_with_the_same_bytes(model_folder, tmp_path, suffix, threads):
    source = many_lines(tmp_path, 6000)
    whole, output = tmp_path / f"whole.{suffix}", tmp_path / f"out.{suffix}"
    answer_file("fill", source, whole, model=model_folder, threads=threads, top_k=2)
    command = [sys.executable, "-c", PROGRAM, "fill", "--input", source, "-o", output, "--model", model_folder]
    command += ["-k", "2", "--threads", str(threads), "--resume"]
    chooser = random.Random(1)
    kills, was_killed = 0, False
    for _ in range(40):
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            try:
                process.wait(chooser.uniform(0.6, 2.5) if kills < 6 else 120)
                was_killed = False
            except subprocess.TimeoutExpired:
                process.kill()
                kills, was_killed = kills + 1, True
        if output.exists():
            break
    assert kills >= 1
    assert output.read_bytes() == whole.read_bytes()
    left = {path.name for path in tmp_path.iterdir()}
    if was_killed:  # after the output was there, and before the work folder was gone
        left.discard(f"{output.name}.answering")
    assert left == {"many.txt", output.name, whole.name}


class Stop(Exception):
    """Ends a run, as nothing of tiankong's would."""


def stopped_run(source, output, after=2, **options):
    """A run that is stopped after so many chunks."""
    steps = 0

    def stop(step):
        nonlocal steps
        steps += step.stage == "answering"
        if steps == after:
            raise Stop

    with pytest.raises(Stop):
        answer_file("fill", source, output, progress=stop, threads=1, **options)


def test_what_must_be_the_same_to_go_on(model_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(answering_work, "SECONDS_BETWEEN_PARTS", 0.0)
    source, output = many_lines(tmp_path), tmp_path / "out.jsonl"
    stopped_run(source, output, model=model_folder, top_k=2)
    assert (tmp_path / "out.jsonl.answering").is_dir()
    with pytest.raises(FolderError, match="holds unfinished answers: go on with `resume=True` or start over"):
        answer_file("fill", source, output, model=model_folder, top_k=2)
    for other, words in (
        ({"top_k": 3}, r"`top_k=2` \(now `top_k=3`\)"),
        ({"words": ["神速达"]}, "words"),
        ({"model": None}, "another model"),
    ):
        options = {"model": model_folder, "top_k": 2, **other}
        with pytest.raises(OptionError, match=words):
            answer_file("fill", source, output, resume=True, **options)
    with pytest.raises(OptionError, match="another method"):
        answer_file("embed", source, output, model=model_folder, resume=True)
    before = source.read_bytes()
    source.write_bytes(before + "又一行__\n".encode())
    with pytest.raises(OptionError, match="another input"):
        answer_file("fill", source, output, model=model_folder, top_k=2, resume=True)
    source.write_bytes(before)
    answered = answer_file("fill", source, output, model=model_folder, top_k=2, resume=True, threads=1)
    assert (answered.rows, answered.failed, len(answered.first_failed)) == (1500, 38, 10)
    answer_file("fill", source, tmp_path / "whole.jsonl", model=model_folder, top_k=2, threads=1)
    assert output.read_bytes() == (tmp_path / "whole.jsonl").read_bytes()


@pytest.mark.parametrize("damage", ["torn", "short", "gone", "nonsense"])
def test_answers_that_were_damaged_meanwhile_are_made_again(model_folder, tmp_path, monkeypatch, damage):
    monkeypatch.setattr(answering_work, "SECONDS_BETWEEN_PARTS", 0.0)
    source, output = many_lines(tmp_path), tmp_path / "out.jsonl"
    stopped_run(source, output, after=4, model=model_folder, top_k=2)
    answers, parts = (tmp_path / "out.jsonl.answering" / name for name in ("answers.jsonl", "parts.jsonl"))
    if damage == "torn":
        parts.write_bytes(parts.read_bytes()[:-20])
    elif damage == "short":
        answers.write_bytes(answers.read_bytes()[:-5000])
    elif damage == "gone":
        answers.unlink()
    else:
        parts.write_bytes(b"\xff" + parts.read_bytes())
    answer_file("fill", source, output, model=model_folder, top_k=2, resume=True, threads=1)
    answer_file("fill", source, tmp_path / "whole.jsonl", model=model_folder, top_k=2, threads=1)
    assert output.read_bytes() == (tmp_path / "whole.jsonl").read_bytes()


def test_starting_over_and_replacing(model_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(answering_work, "SECONDS_BETWEEN_PARTS", 0.0)
    source, output = many_lines(tmp_path), tmp_path / "out.jsonl"
    stopped_run(source, output, model=model_folder, top_k=2)
    answer_file("fill", source, output, model=model_folder, top_k=1, threads=1, force=True)
    assert len(read(output)[0]["blanks"][0]) == 1
    link = tmp_path / "link.jsonl"
    link.symlink_to(output)
    answer_file("fill", source, link, model=model_folder, top_k=3, threads=1, force=True)
    assert link.is_symlink()
    assert len(read(output)[0]["blanks"][0]) == 3


def test_a_process_that_is_killed_is_named(model_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(answering_work, "SECONDS_BETWEEN_PARTS", 0.0)
    source, output = many_lines(tmp_path), tmp_path / "out.jsonl"

    def kill(_):
        for process in Path("/proc").glob("[0-9]*"):
            try:
                parent = (process / "stat").read_text().rpartition(")")[2].split()[1]
            except OSError:
                continue
            if int(parent) == os.getpid() and b"tiankong.pipeline.answering" in (process / "cmdline").read_bytes():
                os.kill(int(process.name), signal.SIGKILL)

    if not Path("/proc/self/stat").exists():
        pytest.skip("there is no /proc")
    with pytest.raises(
        TiankongError, match=r"killed \(SIGKILL\), probably because memory ran out: give fewer `threads`"
    ):
        answer_file("fill", source, output, model=model_folder, threads=2, progress=kill)
    answer_file("fill", source, output, model=model_folder, threads=2, resume=True)
    assert len(read(output)) == 1500


def test_a_disk_that_is_full(model_folder, tmp_path):
    source, output = many_lines(tmp_path), tmp_path / "out.csv"
    command = [sys.executable, "-c", PROGRAM, "fill", "--input", source, "-o", output, "--model", model_folder]
    command += ["-k", "2", "--threads", "1"]
    quoted = " ".join(f"'{part}'" for part in map(str, command))
    limited = subprocess.run(
        ["bash", "-c", f"ulimit -f 128; exec {quoted}"], capture_output=True, text=True, check=False
    )
    assert limited.returncode == 2, limited.stderr
    assert limited.stderr.count("\n") == 1
    assert (
        "can't be written (file too large): free space or choose another place and go on with --resume"
        in limited.stderr
    )
    assert not output.exists()
    assert subprocess.run([*command, "--resume"], capture_output=True, check=False).returncode == 2
    answer_file("fill", source, tmp_path / "whole.csv", model=model_folder, top_k=2, threads=1)
    assert output.read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_ctrl_c_says_how_to_go_on(model_folder, tmp_path):
    source, output = many_lines(tmp_path, 60_000), tmp_path / "out.jsonl"
    # Programs that are started in the background of a shell ignore Ctrl-C.
    listening = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    command = [
        sys.executable,
        "-c",
        listening + PROGRAM,
        "fill",
        "--input",
        source,
        "-o",
        output,
        "--model",
        model_folder,
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        parts = tmp_path / "out.jsonl.answering" / "parts.jsonl"
        for _ in range(600):
            time.sleep(0.05)
            if parts.exists() and parts.stat().st_size:
                break
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said == f"tiankong: stopped: the same command with --resume continues from {parts.parent}\n"


@pytest.mark.parametrize("after", [0.0, 0.2])
def test_ctrl_c_as_soon_as_the_folder_is_there(model_folder, tmp_path, after):
    source, output = many_lines(tmp_path, 60_000), tmp_path / "out.jsonl"
    listening = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    program = [sys.executable, "-c", listening + PROGRAM, "fill", "--input", source, "-o", output]
    folder = tmp_path / "out.jsonl.answering"
    with subprocess.Popen([*program, "--model", model_folder], stderr=subprocess.PIPE, text=True) as process:
        for _ in range(3000):
            time.sleep(0.01)
            if folder.exists():
                break
        time.sleep(after)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    kept = f"the same command with --resume continues from {folder}"
    nothing = "there is nothing yet that --resume could continue from"
    assert said == f"tiankong: stopped: {kept if folder.exists() else nothing}\n"
