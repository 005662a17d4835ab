"""Output folders: what names one, what is replaced, and what a run that was killed leaves."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from tests.conftest import TINY
from tiankong.cli.main import run
from tiankong.corpus.prepared import PreparedCorpus

LONG = "长" * 200  # 600 bytes: no file system takes it


@pytest.mark.parametrize(
    "arguments",
    [
        ["prepare", "{corpus}", "-o", LONG],
        ["prepare", LONG, "-o", "out"],
        ["train", "{prepared}", "-o", LONG],
        ["train", LONG, "-o", "out"],
        ["fill", "--model", LONG, "物流__"],
        ["evaluate", "--model", "{model}", "--text", LONG],
        ["info", LONG],
        ["sample", f"{LONG}.txt"],
    ],
    ids=lambda arguments: " ".join(arguments).replace(LONG, "LONG"),
)
def test_names_too_long_for_the_file_system(refused, corpus_file, prepared, model_folder, arguments):
    filled = [text.format(corpus=corpus_file, prepared=prepared, model=model_folder) for text in arguments]
    sentence = refused(*filled)
    assert LONG in sentence
    assert "too long" in sentence


@pytest.mark.parametrize("output", [".", "..", "/"])
def test_outputs_that_are_no_name(refused, corpus_file, prepared, output):
    assert "choose another output folder" in refused("prepare", corpus_file, "-o", output, "--force")
    assert "choose another output folder" in refused("train", prepared, "-o", output, "--force", *TINY)


def test_what_a_killed_run_left_is_removed_and_a_living_one_kept(corpus_file, tmp_path):
    output = tmp_path / "out"
    write = (
        "import sys, time; from pathlib import Path; from tiankong.corpus.prepared import PREPARED\n"
        f"with PREPARED.write(Path({str(output)!r}), force=False) as folder:\n"
        "    (folder / 'half').write_bytes(b'1234'); print(folder.name, flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", write]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as killed,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as living,
    ):
        names = [process.stdout.readline().strip() for process in (killed, living)]
        killed.kill()
        killed.wait()
        assert {path.name for path in tmp_path.iterdir()} == set(names)
        assert run(["prepare", str(corpus_file), "-o", str(output), "--code-bits", "0", "--quiet"]) == 0
        assert sorted(path.name for path in tmp_path.iterdir()) == [names[1], "out"]
        living.kill()


def test_what_was_about_to_be_replaced_when_a_run_was_killed_is_put_back(prepared, tmp_path, capfd):
    shutil.copytree(prepared, tmp_path / ".out.replaced-0a1b2c3d")
    (tmp_path / "few.txt").write_text("物流很快\n", encoding="utf-8")
    assert run(["prepare", str(tmp_path / "few.txt"), "-o", str(tmp_path / "out"), "--quiet"]) == 2
    assert "too few" in capfd.readouterr().err
    assert PreparedCorpus(tmp_path / "out").manifest == PreparedCorpus(prepared).manifest
    assert sorted(path.name for path in tmp_path.iterdir()) == ["few.txt", "out"]


def test_what_a_link_leads_to_is_replaced(corpus_file, prepared, tmp_path):
    shutil.copytree(prepared, tmp_path / "real")
    link = tmp_path / "link"
    link.symlink_to("real")
    before = (tmp_path / "real" / "prepared.json").read_bytes()
    assert run(["prepare", str(corpus_file), "-o", str(link), "--force", "--code-bits", "0", "--quiet"]) == 0
    assert link.is_symlink()
    assert (tmp_path / "real" / "prepared.json").read_bytes() != before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "real"]


def test_force_replaces_a_corpus_only_with_a_whole_one(corpus_file, prepared, tmp_path, capfd):
    folder = tmp_path / "out"
    shutil.copytree(prepared, folder)
    before = (folder / "prepared.json").read_bytes()
    (tmp_path / "few.txt").write_text("物流很快\n", encoding="utf-8")
    assert run(["prepare", str(tmp_path / "few.txt"), "-o", str(folder), "--force"]) == 2
    assert "too few" in capfd.readouterr().err
    assert (folder / "prepared.json").read_bytes() == before
    assert run(["prepare", str(corpus_file), "-o", str(folder), "--force", "--code-bits", "0", "--quiet"]) == 0
    assert (folder / "prepared.json").read_bytes() != before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["few.txt", "out"]


def test_the_practice_corpus_replaces_nothing_but_files(refused, tmp_path):
    pipe = tmp_path / "pipe.txt"
    os.mkfifo(pipe)
    assert "no ordinary file" in refused("sample", pipe, "--force")
    assert pipe.is_fifo()
    assert "must end in .txt" in refused("sample", tmp_path / "reviews.csv")
