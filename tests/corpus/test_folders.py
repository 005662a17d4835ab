"""A folder stands for the files of texts in it and below it."""

from __future__ import annotations

import gzip
import os
import shutil

import pytest

import tiankong
from tiankong.cli.main import run
from tiankong.corpus.folders import with_files_of_folders
from tiankong.errors import SourceError
from tiankong.sample.grammar import reviews

TEXTS = [review.text for review in reviews(90)]
SMALL = {"minimum_count": 1, "code_bits": 0}


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "texts"
    (place / "b" / "deep").mkdir(parents=True)
    (place / "z.txt").write_text("\n".join(TEXTS[:30]), encoding="utf-8")
    (place / "b" / "a.csv").write_text("\n".join(["text", *TEXTS[30:60]]), encoding="utf-8")
    (place / "b" / "deep" / "c.TXT.gz").write_bytes(gzip.compress("\n".join(TEXTS[60:]).encode()))
    return place


def names(folder, notes=None):
    files = with_files_of_folders([folder], (notes if notes is not None else []).append)
    return [str(file.relative_to(folder)) for file in files]


def test_files_are_read_in_the_order_of_their_names(folder):
    notes = []
    assert names(folder, notes) == ["b/a.csv", "b/deep/c.TXT.gz", "z.txt"]
    assert notes == []


def test_what_is_not_read_is_named(folder):
    (folder / "notes.pdf").write_bytes(b"%PDF-")
    (folder / "LICENSE").write_text("x")
    (folder / "b" / "empty.txt").touch()
    (folder / "b" / "gone.txt").symlink_to("nowhere.txt")
    for number in range(4):
        (folder / f"picture{number}.png").write_bytes(b"x")
    for hidden in (".git", "__MACOSX"):
        (folder / hidden).mkdir()
        (folder / hidden / "d.txt").write_text("x")
    (folder / ".DS_Store").write_text("x")
    notes = []
    assert names(folder, notes) == ["b/a.csv", "b/deep/c.TXT.gz", "z.txt"]
    assert notes == [
        f"{folder}: skipped, because they are empty or their kind is not supported: LICENSE, b/empty.txt, b/gone.txt, "
        "notes.pdf, picture0.png and 3 more"
    ]


def test_links_are_followed_once(folder, tmp_path):
    (tmp_path / "beside").mkdir()
    (tmp_path / "beside" / "d.txt").write_text("很好", encoding="utf-8")
    (folder / "linked").symlink_to("../beside")
    (folder / "again").symlink_to("../beside")
    (folder / "b" / "round").symlink_to("..")
    (folder / "itself").symlink_to(".")
    (folder / "copy.txt").symlink_to("z.txt")
    assert names(folder) == ["again/d.txt", "b/a.csv", "b/deep/c.TXT.gz", "copy.txt"]


def test_corpora_and_models_are_no_texts(folder, prepared, model_folder):
    shutil.copytree(prepared, folder / "prepared")
    shutil.copytree(model_folder, folder / "b" / "model")
    (folder / "config.json").write_text('"设置"\n', encoding="utf-8")  # not every such file is a model's
    notes = []
    assert names(folder, notes) == ["b/a.csv", "b/deep/c.TXT.gz", "config.json", "z.txt"]
    assert "b/model, prepared" in notes[0]
    with pytest.raises(SourceError, match="holds no file of a supported kind, only a prepared corpus or a model"):
        names(folder / "prepared")


def test_a_folder_without_texts_is_refused(tmp_path):
    with pytest.raises(SourceError, match="is a folder that holds no file: name files of texts"):
        names(tmp_path)
    (tmp_path / "a.pdf").write_bytes(b"x")
    with pytest.raises(SourceError, match=r"no file of a supported kind, only a\.pdf: name files"):
        names(tmp_path)


def test_a_folder_makes_the_corpus_of_its_files(folder, tmp_path, capfd):
    (folder / "notes.pdf").write_bytes(b"%PDF-")
    ordered = TEXTS[30:60] + TEXTS[60:] + TEXTS[:30]
    expected = tiankong.prepare(ordered, tmp_path / "expected", **SMALL).manifest.splits
    steps = []
    made = tiankong.prepare(str(folder), tmp_path / "made", progress=steps.append, **SMALL).manifest
    assert made.splits == expected
    assert [source.path for source in made.sources] == [str(folder / name) for name in names(folder)]
    assert "notes.pdf" in steps[0].message
    assert max(step.done for step in steps) == sum(source.bytes for source in made.sources)
    options = ["--minimum-count", "1", "--code-bits", "0"]
    assert run(["prepare", str(folder), "-o", str(tmp_path / "cli"), *options]) == 0
    assert "skipped, because they are empty or their kind is not supported: notes.pdf" in capfd.readouterr().err
    with pytest.raises(SourceError, match="is given twice"):
        tiankong.prepare([folder, folder / "z.txt"], tmp_path / "twice", **SMALL)
    few = tiankong.evaluate(text=folder, limit=5).metrics
    assert few["sentences"] == 5


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_cannot_be_listed_is_named(folder):
    (folder / "b").chmod(0)
    with pytest.raises(SourceError, match="b can't be read"):
        names(folder)


def test_lock_files_of_office_programs_are_hidden(tmp_path):
    for name in ("~$c.xlsx", ".~lock.c.xlsx#", "a.txt"):
        (tmp_path / name).write_bytes("质量很好".encode())
    notes: list[str] = []
    assert with_files_of_folders([tmp_path], notes.append) == [tmp_path / "a.txt"]
    assert notes == []
