"""A preparation that is interrupted and resumed: what comes out is the same."""

from __future__ import annotations

import itertools
import json
import random
import re
import signal
import subprocess
import sys
import time

import pytest

from tests.corpus.preparations import CONFIG, PAIRS, TINY, files_of
from tiankong.cli.main import run
from tiankong.corpus import prepare as preparing
from tiankong.corpus.prepare import prepare
from tiankong.corpus.shards import Segmented
from tiankong.corpus.sources import GivenTexts
from tiankong.corpus.work_folder import work_folder
from tiankong.errors import FolderError
from tiankong.pipeline.prepare import prepare as public_prepare

KILLED = """
import json, sys, time
from pathlib import Path
from tiankong.config import PrepareConfig
from tiankong.corpus.prepare import Sizes, prepare
from tiankong.corpus.sources import GivenTexts

output, pairs, stopping, signal = sys.argv[1:]  # where to wait to be killed, and what to write then

def texts():
    for pair in json.loads(Path(pairs).read_text()):
        time.sleep(0.001)
        yield tuple(pair)
    report("all read", 0)

def report(stage, _):
    if stage == stopping:
        Path(signal).touch()
        time.sleep(600)

sizes = Sizes(chunk=2000, hashes=70, entries=300)
config = PrepareConfig(minimum_count=2)
prepare(GivenTexts(texts()), Path(output), config, processes=2, sizes=sizes, resume=True, report=report)
"""


def test_killed_ten_times_and_resumed(whole, tmp_path):
    output, work = tmp_path / "out", work_folder(tmp_path / "out")
    pairs, ready = tmp_path / "pairs.json", tmp_path / "ready"
    pairs.write_text(json.dumps(PAIRS), encoding="utf-8")
    command = [sys.executable, "-c", KILLED, output, pairs]
    generator = random.Random(1)
    shards = 0
    for kills in range(10):
        process = subprocess.Popen([*command, "all read" if kills < 8 else "counting", ready])
        while not ready.exists() and (kills >= 8 or len(list(work.glob("*.safetensors"))) <= shards):
            assert process.poll() is None
            time.sleep(0.002)
        time.sleep(generator.random() * 0.03)
        process.kill()
        assert process.wait() == -signal.SIGKILL
        assert not output.exists()
        shards = len(list(work.glob("*.safetensors")))
        ready.unlink(missing_ok=True)
    subprocess.run([*command, "", ready], check=True)
    assert files_of(output) == files_of(whole.path)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["out", "pairs.json"]


def stopped_after(texts, count):
    """``texts``, of which only so many are given before somebody presses Ctrl-C."""
    yield from itertools.islice(texts, count)
    raise KeyboardInterrupt


def test_what_is_whole_is_not_segmented_again(whole, tmp_path, monkeypatch):
    output = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        prepare(GivenTexts(stopped_after(PAIRS, 300)), output, CONFIG, processes=1, sizes=TINY)
    done = len(list(work_folder(output).glob("*.safetensors")))
    assert done > 2
    segmented = []
    segment = preparing.ChunkSegmenter.segment
    monkeypatch.setattr(
        preparing.ChunkSegmenter, "segment", lambda self, content: segmented.append(content) or segment(self, content)
    )
    corpus = prepare(GivenTexts(PAIRS), output, CONFIG, processes=1, sizes=TINY, resume=True)
    assert files_of(corpus.path) == files_of(whole.path)
    everything = []
    monkeypatch.setattr(
        preparing.ChunkSegmenter, "segment", lambda self, content: everything.append(content) or segment(self, content)
    )
    prepare(GivenTexts(PAIRS), tmp_path / "again", CONFIG, processes=1, sizes=TINY)
    assert segmented == everything[done:]


def test_texts_that_changed_meanwhile_are_segmented_again(whole, tmp_path):
    output = tmp_path / "out"
    others = [("手机不错，很满意", "1"), *PAIRS[1:]]
    with pytest.raises(KeyboardInterrupt):
        prepare(GivenTexts(stopped_after(others, 300)), output, CONFIG, sizes=TINY)
    assert files_of(prepare(GivenTexts(PAIRS), output, CONFIG, sizes=TINY, resume=True).path) == files_of(whole.path)


@pytest.fixture
def begun(tmp_path, monkeypatch, tiny):  # noqa: ARG001 - for its effect
    """A preparation of two files that was stopped after eight chunks."""
    for number in range(2):
        lines = "".join(f"{text}\n" for text, _ in PAIRS[number * 200 : number * 200 + 200])
        (tmp_path / f"{number}.txt").write_text(lines, encoding="utf-8")
    with monkeypatch.context() as patch:
        patch.setattr(Segmented, "write", stopping(Segmented.write, 8))
        assert run(arguments_of(tmp_path, "0.txt", "1.txt")) == 130
    return tmp_path


def arguments_of(folder, *files):
    return ["prepare", *(str(folder / file) for file in files), "-o", str(folder / "out"), "--processes", "1"]


def test_files_that_none_of_the_finished_chunks_fits_are_refused(begun, capfd):
    work = work_folder(begun / "out")
    before = files_of(work)
    for files in (["1.txt"], ["1.txt", "0.txt"]):
        capfd.readouterr()
        assert run([*arguments_of(begun, *files), "--resume"]) == 2
        error = capfd.readouterr().err
        assert f"none of the 8 finished chunks in {work} fits these texts: give the files" in error
        assert "or start over with --force" in error
        assert files_of(work) == before
    assert run([*arguments_of(begun, "1.txt"), "--force"]) == 0


def test_what_is_kept_of_other_files_is_said(begun, capfd):
    (begun / "2.txt").write_text("又一条\n", encoding="utf-8")
    assert run([*arguments_of(begun, "0.txt", "2.txt", "1.txt"), "--resume"]) == 0
    error = capfd.readouterr().err
    kept = int(re.search(r"resumed .*\.preparing: 8 chunks were done, (\d+) of which fits? these texts", error)[1])
    assert 0 < kept < 8
    made = files_of(begun / "out")
    assert run([*arguments_of(begun, "0.txt", "2.txt", "1.txt"), "--force"]) == 0
    assert files_of(begun / "out") == made


def test_more_files_keep_all_that_is_done(begun, capfd):
    (begun / "2.txt").write_text("又一条\n", encoding="utf-8")
    assert run([*arguments_of(begun, "0.txt", "1.txt", "2.txt"), "--resume"]) == 0
    assert "8 chunks were done, 8 of which fit these texts" in capfd.readouterr().err


@pytest.mark.usefixtures("tiny")
def test_an_unfinished_preparation_is_named_with_the_two_ways_on(tmp_path, capfd, monkeypatch):
    file, output = tmp_path / "texts.txt", tmp_path / "out"
    file.write_text("\n".join(text for text, _ in PAIRS), encoding="utf-8")
    monkeypatch.setattr(Segmented, "write", stopping(Segmented.write, 8))
    arguments = ["prepare", str(file), "-o", str(output), "--quiet", "--processes", "1"]
    assert run(arguments) == 130
    assert f"stopped: the same command with --resume continues from {output}.preparing" in capfd.readouterr().err
    assert run(arguments) == 2
    assert (
        f"{output}.preparing holds an unfinished preparation: go on with --resume or start over with --force"
        in capfd.readouterr().err
    )
    assert run([*arguments, "--resume", "--seed", "2", "--normalisation", "none"]) == 2
    err = capfd.readouterr().err
    assert "was started with --normalisation standard (now none), --seed 1 (now 2): repeat the" in err
    assert run([*arguments, "--resume", "--minimum-count", "2"]) == 0
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["out", "texts.txt"]
    monkeypatch.setattr(Segmented, "write", stopping(Segmented.write, 8))
    assert run([*arguments, "--force"]) == 130
    capfd.readouterr()
    assert run([*arguments, "--force"]) == 0
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["out", "texts.txt"]


def stopping(write, after):
    """``write``, but at the call after so many Ctrl-C is pressed, once."""
    calls = itertools.count()

    def written(self, file):
        if next(calls) == after:
            raise KeyboardInterrupt
        write(self, file)

    return written


@pytest.mark.usefixtures("tiny")
def test_python_says_how_to_go_on(tmp_path):
    # More than the first thousand, which are read before the rest to see whether they carry labels.
    texts = [f"第{number}次{text}" for number in range(5) for text, _ in PAIRS]
    with pytest.raises(KeyboardInterrupt, match=r"the same call with resume=True continues from .*out\.preparing"):
        public_prepare(stopped_after(texts, 2000), tmp_path / "out")
    with pytest.raises(FolderError, match="go on with `resume=True` or start over with `force=True`"):
        public_prepare(texts, tmp_path / "out")
    corpus = public_prepare(texts, tmp_path / "out", resume=True)
    assert sum(split.texts for split in corpus.manifest.splits.values()) == len(texts)


def test_nothing_to_resume_begins(whole, tmp_path):
    corpus = prepare(GivenTexts(PAIRS), tmp_path / "out", CONFIG, resume=True)
    assert files_of(corpus.path) == files_of(whole.path)
