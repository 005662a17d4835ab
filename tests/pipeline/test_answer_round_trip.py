"""What a row holds beside its text comes out as it went in, or the row says why not."""

from __future__ import annotations

import csv
import datetime
import decimal
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import tiankong
from tests.pipeline.answer_files import read
from tiankong.cli.main import run

NUMBERS = {
    "tenth": "1.10",
    "beyond_float": "9007199254740993",
    "beyond_int64": "18446744073709551617",
    "long": "0.1234567890123456789012345",
    "huge": "1e400",
    "minus_zero": "-0",
    "exponent": "1E5",
}


def answered(source, output, **options):
    return tiankong.answer_file("fill", source, output, top_k=1, threads=1, **options)


def test_a_row_of_json_is_kept_to_the_letter(tmp_path):
    source = tmp_path / "texts.jsonl"
    numbers = ", ".join(f'"{name}": {number}' for name, number in NUMBERS.items())
    rows = [
        f'{{"z": null, "text" : "物流__", {numbers}, "escape": "\\u4f60\\/", "nested": {{"b": 1.0, "a": [-0.0]}}}}',
        '{"text": "外套__", "empty": {}, "list": [], "line": "a\\r\\nb\\u2028"}',
    ]
    source.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
    assert answered(source, tmp_path / "out.jsonl").failed == 0
    lines = (tmp_path / "out.jsonl").read_text(encoding="utf-8").split("\n")
    for row, line in zip(rows, lines, strict=False):
        assert line.startswith(row[:-1])
    answered(source, tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        first, second = csv.DictReader(file)
    assert {name: first[name] for name in NUMBERS} == NUMBERS
    assert (first["nested"], first["escape"], second["line"]) == ('{"b":1.0,"a":[-0.0]}', "你/", "a\r\nb\u2028")


def test_numbers_in_parquet_are_exact(tmp_path):
    source = tmp_path / "texts.jsonl"
    rows = [
        '{"text": "物流__", "float": 0.1, "whole": 9007199254740993, "mixed": 9007199254740993,'
        ' "long": 0.1234567890123456789}',
        '{"text": "外套__", "float": 2, "whole": 1, "mixed": 0.5, "long": 0.5}',
    ]
    source.write_text("\n".join(rows), encoding="utf-8")
    answered(source, tmp_path / "out.parquet")
    first, second = pq.read_table(tmp_path / "out.parquet").to_pylist()
    assert (first["float"], first["whole"], second["float"], second["whole"]) == (0.1, 9007199254740993, 2.0, 1)
    assert (first["mixed"], first["long"]) == ("9007199254740993", "0.1234567890123456789")
    assert (second["mixed"], second["long"]) == ("0.5", "0.5")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ('{"text": "物流__", "score": NaN}', "it is not valid JSON (NaN is not a number in JSON"),
        ('{"text": "物流__", "score": [-Infinity]}', "it is not valid JSON (-Infinity is not a number in JSON"),
        ('{"text": "物流__", "a": 1, "a": 2}', "it has the field 'a' more than once"),
        ('{"text": "物流__", "text": "外套__"}', "it has the field 'text' more than once"),
        ('{"text": "物流__", "a": "\\ud800"}', "it has characters that are not valid Unicode"),
    ],
)
@pytest.mark.parametrize("suffix", ["jsonl", "csv", "parquet"])
def test_what_can_not_come_through_is_an_error_of_its_row(tmp_path, row, message, suffix):
    source = tmp_path / "texts.jsonl"
    source.write_text(f'{{"text": "外套__"}}\n{row}\n"客服__"\n', encoding="utf-8")
    done = answered(source, tmp_path / f"out.{suffix}")
    assert (done.rows, done.failed, done.first_failed[0].place) == (3, 1, "line 2")
    assert done.first_failed[0].message.startswith(message)
    assert [("error" in row) for row in read(tmp_path / f"out.{suffix}")] == [False, True, False]


def test_bytes_that_are_not_utf8_beside_the_text(tmp_path):
    source = tmp_path / "texts.csv"
    source.write_bytes(
        "text,more\n物流__，第二天就到了,好\n外套__,".encode() + b"\xff\n" + "客服__，很好,好\n".encode()
    )
    done = answered(source, tmp_path / "out.csv")
    assert [error.place for error in done.first_failed] == ["line 3"]


def test_cells_of_csv(tmp_path):
    cells = ["", " a ", '"', "a,b", "a\rb", "a\nb", "a\r\nb", "007", "1e3", "=1+1", "\t", "'", "NaN", "null"]
    for suffix, delimiter in ((".csv", ","), (".tsv", "\t")):
        source, output = tmp_path / f"texts{suffix}", tmp_path / f"out{suffix}"
        with source.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL)
            writer.writerow(["text", "cell"])
            writer.writerows(["物流__", cell] for cell in cells)
        assert answered(source, output).failed == 0
        with output.open(encoding="utf-8-sig", newline="") as file:
            assert [row["cell"] for row in csv.DictReader(file, delimiter=delimiter, strict=True)] == cells
        answered(source, tmp_path / "out.jsonl", force=True)
        assert [row["cell"] for row in read(tmp_path / "out.jsonl")] == cells


def test_values_of_parquet_in_json(tmp_path):
    day = datetime.datetime(2024, 5, 6, 7, 8, 9)
    before = (day - datetime.datetime(1970, 1, 1)) // datetime.timedelta(microseconds=1) * 1000
    table = pa.table(
        {
            "text": ["物流__"] * 2,
            "float": pa.array([float("nan"), 0.5]),
            "half": pa.array([float("inf"), 0.5], pa.float32()).cast(pa.float16()),
            "nested": [{"a": [float("-inf")]}, None],
            "time": pa.array([before + 123, before], pa.timestamp("ns")),
            "zoned": pa.array([before + 1001, -1], pa.timestamp("ns", "UTC")),
            "far": pa.array([400_000_000_000, 0], pa.timestamp("s")),
            "wait": pa.array([1, 1000], pa.duration("ns")),
            "clock": pa.array([1_000_000_002, 1_000_000_000], pa.time64("ns")),
            "price": pa.array([decimal.Decimal("12345678901234567890.10"), None], pa.decimal128(30, 2)),
            "large": pa.array([2**64 - 1, 0], pa.uint64()),
            "inner": pa.array([[before + 123], None], pa.list_(pa.timestamp("ns"))),
        }
    )
    source = tmp_path / "texts.parquet"
    pq.write_table(table, source)
    assert answered(source, tmp_path / "out.jsonl").failed == 0
    first, second = read(tmp_path / "out.jsonl")
    assert (first["float"], first["half"], first["nested"]) == ("NaN", "Infinity", {"a": ["-Infinity"]})
    assert (first["time"], second["time"]) == ("2024-05-06T07:08:09.000000123", "2024-05-06T07:08:09")
    assert first["zoned"] == "2024-05-06T07:08:09.000001001Z"
    assert second["zoned"] == "1969-12-31T23:59:59.999999999Z"
    assert first["far"].startswith("14645-")
    assert (first["wait"], second["wait"]) == ("PT0.000000001S", "PT0.000001S")
    assert (first["clock"], second["clock"]) == ("00:00:01.000000002", "00:00:01")
    assert (first["price"], first["large"]) == ("12345678901234567890.10", 2**64 - 1)
    assert first["inner"] == ["2024-05-06T07:08:09.000000123"]
    assert second["far"] == "1970-01-01T00:00:00"
    answered(source, tmp_path / "out.parquet")
    given = pq.read_table(source)
    written = pq.read_table(tmp_path / "out.parquet").select(given.schema.names)
    assert str(written.combine_chunks()) == str(given.combine_chunks())


@pytest.mark.parametrize("command", ["fill", "check", "classify", "embed"])
@pytest.mark.parametrize("suffix", ["jsonl", "csv", "parquet"])
def test_the_answers_of_a_file_of_answers(tmp_path, capfd, command, suffix):
    first, second = tmp_path / f"first.{suffix}", tmp_path / f"second.{suffix}"
    (tmp_path / "texts.jsonl").write_text('{"review": "物流__，很快"}\n{"review": null}\n', encoding="utf-8")
    options = ["--column", "review", "--threads", "1"]
    assert run([command, "--input", str(tmp_path / "texts.jsonl"), "-o", str(first), *options]) == 2
    capfd.readouterr()
    assert run([command, "--input", str(first), "-o", str(second), *options]) == 2
    assert "--answer-prefix answer_" in capfd.readouterr().err
    assert not second.exists()
    assert run([command, "--input", str(first), "-o", str(second), *options, "--answer-prefix", "answer_"]) == 2
    for before, after in zip(read(first), read(second), strict=True):
        assert {name: after[name] for name in before} == before
        added = {name.removeprefix("answer_") for name in after if name not in before}
        assert added <= before.keys()
        assert "error" in added or len(added) >= 1


def test_best_answers_have_the_prefix(tmp_path):
    source = tmp_path / "texts.csv"
    source.write_text("text,best_answer,error\n物流__,旧,无\n", encoding="utf-8")
    answered(source, tmp_path / "out.csv", answer_prefix="新_")
    (row,) = csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text(encoding="utf-8-sig")))
    assert (row["best_answer"], row["error"]) == ("旧", "无")
    assert row["新_best_answer"] == json.loads(row["新_blanks"])[0][0]["token_str"]
