"""Manifests made by somebody who knows how the checksum is computed."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from tiankong.errors import FolderError
from tiankong.folder import FolderFormat

KIND = FolderFormat("shelf", "shelf.json", 1, "shelve")


@dataclass(frozen=True)
class Fields:
    books: int


def forge(folder, **content):
    folder.mkdir(exist_ok=True)
    content = {"format": "shelf", "version": 1, **content}
    content["checksum"] = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    (folder / "shelf.json").write_text(json.dumps(content), encoding="utf-8")


def test_a_sealed_folder_opens(tmp_path):
    with KIND.write(tmp_path / "a", force=False) as folder:
        (folder / "data").write_text("x")
        KIND.seal(folder, {"books": 3})
    assert KIND.open(tmp_path / "a", Fields) == Fields(3)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"files": [], "books": 3}, "are wrong"),
        ({"files": {"data": {}}, "books": 3}, "are wrong"),
        ({"files": {"../secret": {"bytes": 1, "sha256": "x"}}, "books": 3}, "outside the folder"),
        ({"files": {}, "books": "three"}, "books"),
        ({"files": {}}, "books"),
    ],
)
def test_forged_manifests(tmp_path, content, words):
    forge(tmp_path / "a", **content)
    with pytest.raises(FolderError, match=words):
        KIND.open(tmp_path / "a", Fields)


def test_a_failure_leaves_the_old_folder(tmp_path):
    with KIND.write(tmp_path / "a", force=False) as folder:
        KIND.seal(folder, {"books": 3})

    def fail():
        with KIND.write(tmp_path / "a", force=True) as folder:
            (folder / "data").write_text("x")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert KIND.open(tmp_path / "a", Fields) == Fields(3)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_stopped_between_the_two_renames_the_old_folder_is_put_back(tmp_path, monkeypatch):
    with KIND.write(tmp_path / "a", force=False) as folder:
        KIND.seal(folder, {"books": 3})
    rename, names = Path.rename, []

    def stopped(self, target):
        names.append(self.name)
        if len(names) == 2:
            raise SystemExit(143)  # what SIGTERM is turned into
        return rename(self, target)

    def replace():
        with KIND.write(tmp_path / "a", force=True) as folder:
            KIND.seal(folder, {"books": 4})
            monkeypatch.setattr(Path, "rename", stopped)

    with pytest.raises(SystemExit):
        replace()
    assert KIND.open(tmp_path / "a", Fields) == Fields(3)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_files_of_others_are_not_replaced(tmp_path):
    shelf = FolderFormat("shelf", "shelf.json", 1, "shelve", for_people=("card.md",))
    with shelf.write(tmp_path / "a", force=False) as folder:
        (folder / "data").write_text("x")
        shelf.seal(folder, {"books": 3})
    (tmp_path / "a" / "card.md").write_text("people may write here")
    shelf.check_output(tmp_path / "a", force=True)
    (tmp_path / "a" / "notes.txt").write_text("mine")
    with pytest.raises(FolderError, match=r"also holds notes\.txt"):
        shelf.check_output(tmp_path / "a", force=True)
    assert (tmp_path / "a" / "notes.txt").read_text() == "mine"


def test_every_file_has_the_rights_of_an_ordinary_one(tmp_path):
    with KIND.write(tmp_path / "a", force=False) as folder:
        (folder / "data").write_text("x")
        (folder / "data").chmod(0o600)
        KIND.seal(folder, {"books": 3})
    modes = {file.name: file.stat().st_mode for file in (tmp_path / "a").iterdir()}
    assert modes["data"] == modes["shelf.json"]
