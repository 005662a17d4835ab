"""Rows without an answer: each has its reason, and the others are answered."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import tiankong
from tests.pipeline.answer_files import TABLES, read, text_file
from tiankong.corpus import encoding
from tiankong.pipeline.answer_input import LONGEST_TEXT


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
    assert "not valid Unicode" in errors["line 9"]
    assert "type list" in errors["line 10"]
    rows = read(tmp_path / "out.jsonl")
    assert [row.get("error") for row in rows if "error" in row] == list(errors.values())
    assert rows[3] == {"no": 1, "error": errors["line 4"]}
    assert rows[-1] == {"sentence": "[]", "error": errors["line 10"]}


@pytest.mark.parametrize("value", ["[1, 2]", "5", "true", "1.50", '[{"text": "物流__"}]'])
@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
def test_a_row_that_is_no_object_keeps_its_value(tmp_path, value, suffix):
    source = tmp_path / "texts.jsonl"
    source.write_text(f'"物流__"\n{value}\n', encoding="utf-8")
    answered = tiankong.answer_file("fill", source, tmp_path / f"out.{suffix}", top_k=1, threads=1)
    (error,) = answered.first_failed
    assert "make it a string" in error.message
    assert read(tmp_path / f"out.{suffix}")[1] == {"sentence": value, "error": error.message}


@pytest.mark.parametrize("suffix", ["jsonl", "csv", "parquet"])
def test_rows_without_a_text_say_the_same_in_every_format(tmp_path, suffix):
    rows = [{"text": "物流__", "id": "1"}, {"text": None, "id": "2"}, {"text": "", "id": "3"}, {"text": " ", "id": "4"}]
    source = tmp_path / f"texts.{suffix}"
    source.write_bytes(TABLES[suffix](rows))
    for output in ("out.jsonl", "out.csv", "out.parquet"):
        answered = tiankong.answer_file("fill", source, tmp_path / output, top_k=1, threads=1)
        assert (answered.rows, answered.failed) == (4, 3)
        assert {error.message for error in answered.first_failed} == {"there is no text"}
        written = read(tmp_path / output)
        assert [row["id"] for row in written] == ["1", "2", "3", "4"]
        assert ["error" in row for row in written] == [False, True, True, True]


@pytest.mark.parametrize("first", ['{"id": 1}', "{}", '{"id": null}', '{"id": ["物流__"]}'])
def test_a_first_row_without_a_text_does_not_choose_the_column(tmp_path, first):
    source = tmp_path / "texts.jsonl"
    source.write_text(f'{first}\n{{"id": 2, "text": "物流__"}}\n', encoding="utf-8")
    answered = tiankong.answer_file("fill", source, tmp_path / "out.jsonl", top_k=1, threads=1)
    assert [(error.place, error.message) for error in answered.first_failed] == [
        ("line 1", "there is no field that holds a text")
    ]


def test_a_named_column_that_the_first_row_lacks(tmp_path):
    source = tmp_path / "texts.jsonl"
    source.write_text('{"id": 1}\n{"id": 2, "review": "物流__"}\n{"review": 5}\n', encoding="utf-8")
    answered = tiankong.answer_file("fill", source, tmp_path / "out.jsonl", column="review", top_k=1, threads=1)
    assert [(error.place, error.message) for error in answered.first_failed] == [
        ("line 1", "there is no field 'review'"),
        ("line 3", "the text is a value of type int: make it a string"),
    ]
    assert read(tmp_path / "out.jsonl")[1]["sentence"] == "物流__"


def test_a_row_of_a_table_with_too_few_or_too_many_fields(tmp_path):
    source = tmp_path / "texts.csv"
    source.write_text('id,text,\n1,外套__,\n2\n\n3,"外\n套__",好\n4,外套__,好,更多\n', encoding="utf-8")
    answered = tiankong.answer_file("fill", source, tmp_path / "out.csv", top_k=1, threads=1)
    assert [(error.place, error.message) for error in answered.first_failed] == [
        ("line 3", "the row has 1 field, the header has 3"),
        ("line 7", "the row has 4 fields, the header has 3"),
    ]
    rows = read(tmp_path / "out.csv")
    assert [row["id"] for row in rows] == ["1", "2", "3", "4"]
    assert rows[2]["column 3"] == "好"
    assert rows[3]["column 4"] == "更多"
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
