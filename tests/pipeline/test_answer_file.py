"""Files of texts answered: every format in and out, rows without an answer, and runs that are stopped."""

from __future__ import annotations

import csv
import datetime
import decimal
import gzip
import io
import json
import os
import random
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import tiankong
from tests.answers import same
from tiankong.cli.main import run
from tiankong.corpus import encoding
from tiankong.errors import FolderError, MissingPackageError, OptionError, SourceError, TiankongError
from tiankong.pipeline import answering_work
from tiankong.pipeline.answer_file import LONGEST_TEXT, answer_file
from tiankong.pipeline.records import RECORD_KINDS
from tiankong.registry.answer_formats import ANSWER_FORMATS

SENTENCES = ["物流__，第二天就到了", "没有空格", "外套做工__，穿着很暖和", "味道__，下次还会__"]
METHODS = list(RECORD_KINDS)


@pytest.fixture(scope="module")
def model():
    return tiankong.load(threads=1)


def text_file(folder, lines=SENTENCES, name="texts.txt"):
    path = folder / name
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def table_rows():
    return [{"id": str(number), "review": text, "更多": f"第{number}行"} for number, text in enumerate(SENTENCES)]


def as_csv(rows, delimiter=","):
    file = io.StringIO()
    writer = csv.DictWriter(file, rows[0], delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().encode()


def as_jsonl(rows):
    return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows).encode()


def as_parquet(rows):
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), buffer)
    return buffer.getvalue()


def as_workbook(rows):
    book = openpyxl.Workbook()
    book.active.append(list(rows[0]))
    for row in rows:
        book.active.append(list(row.values()))
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def as_zip(rows):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("inner.csv", as_csv(rows))
    return buffer.getvalue()


TABLES = {
    "csv": as_csv,
    "tsv": lambda rows: as_csv(rows, "\t"),
    "jsonl": as_jsonl,
    "parquet": as_parquet,
    "xlsx": as_workbook,
    "csv.gz": lambda rows: gzip.compress(as_csv(rows)),
    "zip": as_zip,
}


def read(path: Path) -> list[dict[str, object]]:
    """The rows of a file of answers, whatever its format: those of a table without empty cells, and with the JSON in
    them decoded.
    """
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_bytes().splitlines()]
    if path.suffix == ".parquet":
        return [without_null(row) for row in pq.read_table(path).to_pylist()]
    content = path.read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(content), delimiter="\t" if path.suffix == ".tsv" else ","))
    for row in rows:
        for name in {field for kind in RECORD_KINDS.values() for field in kind.fields}:
            if row.get(name):
                row[name] = json.loads(row[name])
    return [{name: value for name, value in row.items() if value != ""} for row in rows]


def without_null(value):
    if isinstance(value, dict):
        return {name: without_null(inner) for name, inner in value.items() if inner is not None or name == "token"}
    return [without_null(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("suffix", ["jsonl", "csv", "tsv", "parquet"])
def test_every_format_keeps_order_and_columns(model, tmp_path, kind, suffix):
    source = tmp_path / f"texts.{kind}"
    source.write_bytes(TABLES[kind](table_rows()))
    output = tmp_path / f"answers.{suffix}"
    answered = tiankong.answer_file("fill", source, output, column="review", top_k=2, threads=1)
    assert (answered.path, answered.rows, answered.failed) == (output, 4, 1)
    rows = read(output)
    assert [{name: row[name] for name in ("id", "review", "更多")} for row in rows] == table_rows()
    for row, text in zip(rows, SENTENCES, strict=True):
        if "__" not in text:
            assert "no blank" in row["error"]
            assert "blanks" not in row
            continue
        expected = model.fill(text, top_k=2)
        same(row["blanks"], expected if isinstance(expected[0], list) else [expected])
        if suffix in {"csv", "tsv"}:
            best = [answers[0] for answers in row["blanks"]]
            assert row["best_answer"].split(" ") == [answer["token_str"] for answer in best]
            scores = [float(score) for score in row["best_score"].split(" ")]
            assert scores == pytest.approx([answer["score"] for answer in best], rel=1e-4)
        assert ("sentence" in row) == (suffix == "jsonl")
    assert [path.name for path in tmp_path.iterdir() if "answering" in path.name] == []


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("suffix", ["jsonl", "csv", "parquet"])
def test_every_method_answers_lines(tmp_path, capfd, method, suffix):
    source = text_file(tmp_path)
    command = [method, "--threads", "1"]
    flag = [] if method == "embed" else ["--json"]
    code = run([*command, "--input", str(source), "-o", str(tmp_path / f"answers.{suffix}")])
    assert code == (2 if method in {"fill", "embed"} else 0)
    said = capfd.readouterr()
    assert said.out.endswith(": 4 rows, 1 without an answer\n" if code else ": 4 rows\n")
    program = [sys.executable, "-m", "tiankong", *command, *flag]
    piped = subprocess.run(program, input=source.read_bytes(), capture_output=True, check=False)
    assert piped.returncode == code
    assert piped.stderr.decode() == said.err
    rows = [
        {name: value for name, value in row.items() if not name.startswith("best_")}
        for row in read(tmp_path / f"answers.{suffix}")
    ]
    same(rows, list(map(json.loads, piped.stdout.splitlines())))


def test_options_are_those_of_the_method(model, tmp_path):
    source = text_file(tmp_path, ["味道__，下次还会__", "質量__，很失望"])
    options = {"top_k": 2, "targets": ["不错", "很差", "购买"], "length": (2, 4), "exclude": {"可以"}}
    tiankong.answer_file("fill", source, tmp_path / "out.jsonl", **options, joint=True, threads=1)
    first, second = read(tmp_path / "out.jsonl")
    same(first["joint"], model.joint("味道__，下次还会__", **options))
    assert second["read_as"] == "simplified"
    prompts, labels = ["{text}，总的来说很__。"], {"好评": ["好", "不错"], "差评": ["差"]}
    tiankong.answer_file("classify", source, tmp_path / "labels.csv", prompts=prompts, labels=labels, threads=1)
    (row, _) = read(tmp_path / "labels.csv")
    same(row["labels"], model.classify("味道__，下次还会__", prompts, labels))


def test_a_table_of_several_blanks_together(tmp_path):
    source = text_file(tmp_path, ["味道__，下次还会__"])
    tiankong.answer_file("fill", source, tmp_path / "out.csv", top_k=3, joint=True, threads=1)
    (row,) = read(tmp_path / "out.csv")
    assert row["best_answer"] == " ".join(row["joint"][0]["token_strs"])
    assert float(row["best_score"]) == pytest.approx(row["joint"][0]["score"], rel=1e-4)


def test_several_blanks_alone_together(tmp_path):
    source = text_file(tmp_path, ["味道__，下次还会__", "物流__"])
    for suffix in ("jsonl", "parquet", "csv"):
        tiankong.answer_file("fill", source, tmp_path / f"out.{suffix}", top_k=3, joint=None, threads=1)
        first, second = read(tmp_path / f"out.{suffix}")
        assert len(first["joint"]) == 3
        assert "joint" not in second


def test_columns_of_parquet_keep_their_types(tmp_path):
    table = pa.table(
        {
            "id": pa.array([1, 2], pa.int8()),
            "text": pa.array(["物流__", "外套__"]).dictionary_encode(),
            "when": pa.array([datetime.datetime(2024, 5, 6, 7, 8), None], pa.timestamp("ns", "UTC")),
            "price": [decimal.Decimal("1.50"), None],
            "bytes": [b"\xff", b""],
            "nested": [{"a": [1, None]}, None],
        }
    )
    source = tmp_path / "texts.parquet"
    pq.write_table(table, source)
    tiankong.answer_file("fill", source, tmp_path / "out.parquet", top_k=1, threads=1)
    assert pq.read_table(tmp_path / "out.parquet").select(table.schema.names).equals(table)
    tiankong.answer_file("fill", source, tmp_path / "out.jsonl", top_k=1, threads=1)
    row = read(tmp_path / "out.jsonl")[0]
    assert (row["when"], row["price"], row["bytes"]) == ("2024-05-06T07:08:00Z", "1.50", "/w==")
    assert row["nested"] == {"a": [1, None]}


def test_columns_of_json_have_the_type_of_their_values(tmp_path):
    rows = [
        {"text": "物流__", "whole": 1, "number": 1, "truth": True, "mixed": 1, "nested": {"a": 1}, "large": 1 << 80},
        {"text": "外套__", "whole": 2, "number": 1.5, "truth": None, "mixed": "一", "later": "x", "large": 1},
    ]
    source = tmp_path / "texts.jsonl"
    source.write_bytes(as_jsonl(rows))
    tiankong.answer_file("fill", source, tmp_path / "out.parquet", top_k=1, threads=1)
    table = pq.read_table(tmp_path / "out.parquet")
    types = {field.name: str(field.type) for field in table.schema}
    expected = {"whole": "int64", "number": "double", "truth": "bool", "mixed": "string", "nested": "string"}
    assert {name: types[name] for name in expected} == expected
    first, second = table.to_pylist()
    assert (first["nested"], first["large"], first["later"]) == ('{"a":1}', str(1 << 80), None)
    assert (second["mixed"], second["later"]) == ("一", "x")


def test_rows_that_are_no_texts_have_their_reason(tmp_path):
    source = tmp_path / "texts.jsonl"
    lines = [
        '{"text": "物流__"}',
        "{bad",
        '"外套__"',
        '{"no": 1}',
        '{"text": 5}',
        '{"text": null}',
        "",
        '{"text": " "}',
    ]
    source.write_text("\n".join([*lines, '{"text": "\\ud800__", "more": "\\ud800"}', "[]"]), encoding="utf-8")
    answered = tiankong.answer_file("fill", source, tmp_path / "out.jsonl", top_k=1, threads=1)
    assert (answered.rows, answered.failed) == (9, 7)
    errors = {error.place: error.message for error in answered.first_failed}
    assert "not valid JSON" in errors["line 2"]
    assert "no field 'text'" in errors["line 4"]
    assert "type int" in errors["line 5"]
    assert errors["line 6"] == errors["line 8"] == "there is no text"
    assert "no valid Unicode" in errors["line 9"]
    assert "type list" in errors["line 10"]
    rows = read(tmp_path / "out.jsonl")
    assert [row.get("error") for row in rows if "error" in row] == list(errors.values())
    assert rows[3] == {"no": 1, "error": errors["line 4"]}


def test_a_row_of_a_table_with_too_few_or_too_many_fields(tmp_path):
    source = tmp_path / "texts.csv"
    source.write_text('id,text,\n1,外套__,\n2\n\n3,"外\n套__",好\n4,外套__,好,更多\n', encoding="utf-8")
    answered = tiankong.answer_file("fill", source, tmp_path / "out.csv", top_k=1, threads=1)
    assert [(error.place, error.message) for error in answered.first_failed] == [
        ("line 3", "it has 1 of 3 fields"),
        ("line 7", "it has 4 of 3 fields"),
    ]
    rows = read(tmp_path / "out.csv")
    assert [row["id"] for row in rows] == ["1", "2", "3", "4"]
    assert rows[2]["column 3"] == "好"
    assert rows[2]["text"] == "外\n套__"


def test_bytes_that_are_not_utf8_spoil_their_line_alone(tmp_path):
    source = tmp_path / "texts.txt"
    source.write_bytes("物流__，第二天就到了\n外套".encode() + b"\xff__\n" + "客服__，很好\n".encode())
    answered = tiankong.answer_file("fill", source, tmp_path / "out.jsonl", top_k=1, threads=1)
    assert [error.place for error in answered.first_failed] == ["line 2"]
    assert [row["sentence"] for row in read(tmp_path / "out.jsonl")][::2] == ["物流__，第二天就到了", "客服__，很好"]


def test_only_ten_rows_are_named(tmp_path):
    source = text_file(tmp_path, ["没有空格"] * 300 + ["物流__"])
    answered = tiankong.answer_file("fill", source, tmp_path / "out.jsonl", top_k=1, threads=1)
    assert (answered.rows, answered.failed) == (301, 300)
    assert [error.place for error in answered.first_failed] == [f"line {number}" for number in range(1, 11)]


@pytest.mark.parametrize("suffix", [".txt", ".jsonl", ".csv"])
def test_a_row_that_is_too_long_is_refused_alone(tmp_path, monkeypatch, suffix):
    monkeypatch.setattr(encoding, "MAX_LINE", 1 << 10)
    long = "长" * 5000
    source = tmp_path / f"texts{suffix}"
    if suffix == ".csv":
        lines = ["id,text", "1,物流__", f'2,"{long}', f'和""{long}"', f"3,{long}", f'"4{long}",外套__', "5,客服__"]
    else:
        lines = ["物流__", long, "客服__"]
    if suffix == ".jsonl":
        lines = [json.dumps(line, ensure_ascii=False) for line in lines]
    source.write_text("\n".join(lines), encoding="utf-8")
    answered = tiankong.answer_file("fill", source, tmp_path / "out.jsonl", top_k=1, threads=1)
    long_rows = answered.rows - 2
    assert answered.failed == long_rows == (3 if suffix == ".csv" else 1)
    assert all("more than 16,777,216 characters" in error.message for error in answered.first_failed)
    rows = read(tmp_path / "out.jsonl")
    assert rows[0]["sentence"] == "物流__"
    assert rows[-1]["sentence"] == "客服__"
    assert "error" not in rows[-1]


def test_a_text_over_the_limit_is_refused_in_its_row(tmp_path):
    source = text_file(tmp_path, ["物流__", f"{'长' * LONGEST_TEXT}__", "客服__"])
    answered = tiankong.answer_file("fill", source, tmp_path / "out.jsonl", top_k=1, threads=1)
    (error,) = answered.first_failed
    assert error.place == "line 2"
    assert error.message == f"the text has {LONGEST_TEXT + 2:,} characters: split it into texts of at most 1,048,576"


REFUSED = [
    ("texts.txt", "answers.xml", {}, OptionError, "a suffix that is not written"),
    ("texts.txt", "answers", {}, OptionError, "a suffix that is not written"),
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
    ("empty.txt", "out.jsonl", {}, SourceError, "is empty"),
    ("blank.txt", "out.jsonl", {}, SourceError, "holds no text"),
    ("header.csv", "out.jsonl", {}, SourceError, "holds no text"),
    ("folder.jsonl", "out.jsonl", {}, SourceError, "is a folder"),
    ("texts.csv", "out.jsonl", {"encoding": "none"}, OptionError, "not an encoding"),
    ("texts.txt", "out.jsonl", {"top_k": 0}, OptionError, "`top_k` must be"),
    ("texts.txt", "out.jsonl", {"colour": 1}, OptionError, "unknown constraint colour"),
    ("texts.txt", "out.jsonl", {"exclude": object()}, OptionError, "unusable"),
    ("texts.txt", "out.jsonl", {"joint": 3}, OptionError, "joint must be"),
    ("texts.txt", "out.jsonl", {"threads": -1}, OptionError, "threads must be"),
    ("texts.txt", "out.jsonl", {"model": "none"}, FolderError, "built-in models"),
    ("taken.csv", "out.jsonl", {}, SourceError, "a column 'blanks'"),
    ("best.csv", "out.csv", {}, SourceError, "a column 'best_answer'"),
    ("other.csv", "out.jsonl", {"column": "review"}, SourceError, "a column 'sentence'"),
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
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(kind, match=words) as refused:
        answer_file("fill", source, output, **options)
    assert "\n" not in str(refused.value)
    assert sorted(tmp_path.rglob("*")) == before


def test_methods_and_options_that_there_are_none_of(tmp_path):
    with pytest.raises(OptionError, match="there is no method 'rank'"):
        answer_file("rank", text_file(tmp_path), tmp_path / "out.jsonl")
    with pytest.raises(OptionError, match="check has no option 'top_k'"):
        answer_file("check", text_file(tmp_path), tmp_path / "out.jsonl", top_k=3)


def test_a_field_of_the_answers_in_a_later_row_is_refused_there(tmp_path):
    source = tmp_path / "texts.jsonl"
    source.write_bytes(as_jsonl([{"text": "物流__"}, {"text": "外套__", "error": "旧", "blanks": 1}]))
    tiankong.answer_file("fill", source, tmp_path / "out.jsonl", top_k=1, threads=1)
    row = read(tmp_path / "out.jsonl")[1]
    assert "fields of the answer's (error, blanks)" in row["error"]
    assert "blanks" not in row


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


def many_lines(folder, count=1500):
    chooser = random.Random(7)
    things, rest = ["外套", "物流", "客服", "屏幕", "味道"], ["，很满意", "，不会再买", "", "，穿着很暖和"]
    lines = [f"第{n}件{chooser.choice(things)}{'__' * (n % 40 != 3)}{chooser.choice(rest)}" for n in range(count)]
    return text_file(folder, lines, "many.txt")


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
    kills = 0
    for _ in range(40):
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            try:
                process.wait(chooser.uniform(0.6, 2.5) if kills < 6 else 120)
            except subprocess.TimeoutExpired:
                assert not output.exists()
                process.kill()
                kills += 1
        if output.exists():
            break
    assert kills >= 1
    assert output.read_bytes() == whole.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["many.txt", output.name, whole.name])


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
        ({"top_k": 3}, r"`top_k=2` \(now 3\)"),
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


def test_progress_is_that_of_the_input(tmp_path):
    source, steps = text_file(tmp_path), []
    answer_file("fill", source, tmp_path / "out.csv", threads=1, progress=steps.append)
    size = source.stat().st_size
    assert [(step.stage, step.done, step.total) for step in steps] == [("answering", size, size), ("writing", 4, 4)]


def test_a_row_of_100_megabytes_in_bounded_memory(tmp_path):
    source = tmp_path / "texts.jsonl"
    with source.open("w", encoding="utf-8") as file:
        file.write('"物流__"\n"')
        for _ in range(100):
            file.write("a" * (1 << 20))
        file.write('"\n"客服__"\n')
    if not Path("/proc/self/status").exists():
        pytest.skip("there is no /proc")
    program = (
        "import re, tiankong; from pathlib import Path; "
        f"done = tiankong.answer_file('fill', {str(source)!r}, {str(tmp_path / 'out.jsonl')!r}, threads=1); "
        "peak = re.search(r'VmHWM:\\s+(\\d+) kB', Path('/proc/self/status').read_text())[1]; "
        "print(done.rows, done.failed, int(peak) // 1024)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    rows, failed, megabytes = map(int, done.stdout.split())
    assert (rows, failed) == (3, 1)
    assert megabytes < 500
    assert [row["sentence"] for row in read(tmp_path / "out.jsonl")[::2]] == ["物流__", "客服__"]


def test_every_format_has_a_reader_here():
    assert {suffix.removeprefix(".") for suffix in ANSWER_FORMATS} == {"jsonl", "ndjson", "csv", "tsv", "parquet"}
