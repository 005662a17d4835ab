"""Files that are not answered at all: one sentence, and nothing is written."""

from __future__ import annotations

import os
import sys
import zipfile
from pathlib import Path

import pytest

from tests.pipeline.answer_files import as_parquet, many_lines, table_rows, text_file
from tiankong.errors import FolderError, MissingPackageError, OptionError, SourceError
from tiankong.pipeline.answer_file import answer_file

REFUSED = [
    ("texts.txt", "answers.xml", {}, OptionError, "can't write .xml files: name the output as one of"),
    ("texts.txt", "answers", {}, OptionError, "can't write files without a suffix: name the output as one of"),
    ("texts.txt", "there.jsonl", {}, FolderError, "there.jsonl exists: add `force=True`"),
    ("texts.jsonl", "texts.jsonl", {"force": True}, FolderError, "is the input itself"),
    ("texts.jsonl", "linked.jsonl", {"force": True}, FolderError, "is the input itself"),
    ("texts.txt", "folder.jsonl", {"force": True}, FolderError, "is a folder"),
    ("texts.txt", "pipe.jsonl", {"force": True}, FolderError, "no ordinary file"),
    ("texts.txt", "nowhere/out.jsonl", {}, FolderError, "there is no folder"),
    ("texts.txt", "长" * 200 + ".jsonl", {}, FolderError, "can't be written"),
    ("texts.txt", "out.jsonl", {"column": "text"}, SourceError, "no columns"),
    ("texts.txt", "out.jsonl", {"sheet": 1}, SourceError, "no sheets"),
    ("texts.csv", "out.jsonl", {"column": "none"}, SourceError, "no column 'none'"),
    ("none.txt", "out.jsonl", {}, SourceError, "can't be read"),
    ("empty.txt", "out.jsonl", {}, SourceError, "is empty: there is nothing to answer"),
    ("late.jsonl", "out.jsonl", {}, SourceError, "a field 'error' .line 3."),
    ("late.jsonl", "out.jsonl", {"answer_prefix": "x", "column": "none"}, SourceError, "no column 'none'"),
    ("later.zip", "out.csv", {}, SourceError, r"a field 'blanks' .line 2 of later\.zip:b\.csv"),
    ("texts.csv", "out.csv", {"answer_prefix": 5}, OptionError, "`answer_prefix` must be a string"),
    ("texts.csv", "out.csv", {"model": 5}, OptionError, "`model` must be the name .* or a loaded Model, not 5"),
    ("blank.txt", "out.jsonl", {}, SourceError, "holds no text"),
    ("header.csv", "out.jsonl", {}, SourceError, "holds no text"),
    ("folder.jsonl", "out.jsonl", {}, SourceError, "is a folder, and one file at a time"),
    ("texts.csv", "out.jsonl", {"encoding": "none"}, OptionError, "not an encoding"),
    ("texts.txt", "out.jsonl", {"top_k": 0}, OptionError, "`top_k` must be"),
    ("texts.txt", "out.jsonl", {"colour": 1}, OptionError, "no option 'colour': its options are top_k, .*length"),
    ("texts.txt", "out.jsonl", {"on_read": print}, OptionError, "no option 'on_read'"),
    ("texts.txt", "out.jsonl", {"on_error": "return"}, OptionError, "`on_error` is not for files: .* leave it out"),
    ("texts.txt", "out.jsonl", {"exclude": object()}, OptionError, "unusable"),
    ("texts.txt", "out.jsonl", {"joint": 3}, OptionError, "`joint` must be"),
    ("texts.txt", "out.jsonl", {"threads": -1}, OptionError, "`threads` must be"),
    ("texts.txt", "out.jsonl", {"model": "none"}, FolderError, "built-in models"),
    ("taken.csv", "out.jsonl", {}, SourceError, "a field 'blanks' .line 2.*`answer_prefix=\"answer_\"`"),
    ("best.csv", "out.csv", {}, SourceError, "a field 'best_answer'"),
    ("other.csv", "out.jsonl", {"column": "review"}, SourceError, "a field 'sentence'"),
    ("twice.csv", "out.jsonl", {}, SourceError, "more than one column 'id'"),
]


@pytest.mark.parametrize(("source", "output", "options", "kind", "words"), REFUSED)
def test_what_is_refused_leaves_nothing(tmp_path, monkeypatch, source, output, options, kind, words):
    monkeypatch.chdir(tmp_path)
    text_file(tmp_path)
    text_file(tmp_path, [""], "blank.txt")
    Path("empty.txt").touch()
    Path("there.jsonl").touch()
    Path("folder.jsonl").mkdir()
    Path("texts.jsonl").write_text('"物流__"\n', encoding="utf-8")
    Path("linked.jsonl").hardlink_to("texts.jsonl")
    os.mkfifo("pipe.jsonl")
    for name, header in (("texts", "id,text"), ("taken", "blanks,text"), ("best", "best_answer,text")):
        Path(f"{name}.csv").write_text(f"{header}\n1,物流__\n", encoding="utf-8")
    Path("header.csv").write_text("id,text\n", encoding="utf-8")
    Path("other.csv").write_text("sentence,review\n1,物流__\n", encoding="utf-8")
    Path("twice.csv").write_text("id,id,text\n1,1,物流__\n", encoding="utf-8")
    Path("late.jsonl").write_text('{"text": "物流__"}\n"外套__"\n{"text": "外套__", "error": "旧"}\n', encoding="utf-8")
    with zipfile.ZipFile("later.zip", "w") as archive:
        archive.writestr("a.csv", "text\n物流__\n")
        archive.writestr("b.csv", "text,blanks\n外套__,1\n")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(kind, match=words) as refused:
        answer_file("fill", source, output, **options)
    assert "\n" not in str(refused.value)
    assert sorted(tmp_path.rglob("*")) == before


def test_notes_come_in_a_stage_that_is_documented(tmp_path):
    steps = []
    answer_file("embed", text_file(tmp_path), tmp_path / "out.jsonl", resume=True, threads=1, progress=steps.append)
    assert {step.stage for step in steps} == {"answering"}
    assert "there is no unfinished run" in "".join(step.message for step in steps)


def test_methods_and_options_that_there_are_none_of(tmp_path):
    with pytest.raises(OptionError, match="there is no method 'rank'"):
        answer_file("rank", text_file(tmp_path), tmp_path / "out.jsonl")
    with pytest.raises(OptionError, match="check has no option 'top_k'"):
        answer_file("check", text_file(tmp_path), tmp_path / "out.jsonl", top_k=3)


@pytest.mark.parametrize(("source", "output"), [("texts.parquet", "out.jsonl"), ("texts.txt", "out.parquet")])
def test_parquet_without_pyarrow(tmp_path, monkeypatch, source, output):
    path = text_file(tmp_path) if source.endswith("txt") else tmp_path / source
    if source.endswith("parquet"):
        path.write_bytes(as_parquet(table_rows()))
    for module in [name for name in sys.modules if name.startswith("pyarrow") or name.endswith(".parquet")]:
        monkeypatch.setitem(sys.modules, module, None) if module == "pyarrow" else monkeypatch.delitem(
            sys.modules, module
        )
    with pytest.raises(MissingPackageError, match=r"parquet files needs packages .* 'tiankong\[train\]'"):
        answer_file("fill", path, tmp_path / output, column="review" if source.endswith("parquet") else None)


def test_a_folder_with_other_files_is_left_alone(tmp_path):
    other = tmp_path / "out.jsonl.answering" / "notes.txt"
    other.parent.mkdir()
    other.touch()
    with pytest.raises(FolderError, match=r"notes\.txt is no part of an unfinished run"):
        answer_file("fill", text_file(tmp_path), tmp_path / "out.jsonl", threads=1)
    assert other.exists()


@pytest.mark.parametrize("change", ["longer", "replaced", "gone"])
def test_a_file_that_changes_while_it_is_read(model_folder, tmp_path, change):
    source = many_lines(tmp_path)

    def meanwhile(_):
        if change == "longer":
            with source.open("a", encoding="utf-8") as file:
                file.write("又一行__\n")
        elif change == "replaced" and source.exists():
            copy = tmp_path / "copy.txt"
            copy.write_bytes(source.read_bytes())
            copy.replace(source)
        elif source.exists():
            source.unlink()

    with pytest.raises(SourceError, match=r"many\.txt was changed while it was read"):
        answer_file("fill", source, tmp_path / "out.jsonl", model=model_folder, threads=1, progress=meanwhile)
    assert {path.name for path in tmp_path.iterdir()} <= {"many.txt"}
