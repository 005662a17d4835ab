"""Files of texts answered: every method, every format in and out, and the options."""

from __future__ import annotations

import datetime
import decimal
import json
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import tiankong
from tests.answers import same
from tests.pipeline.answer_files import SENTENCES, TABLES, as_jsonl, read, table_rows, text_file
from tiankong.cli.main import run
from tiankong.pipeline.answer_file import answer_file
from tiankong.pipeline.records import RECORD_KINDS
from tiankong.registry.answer_formats import ANSWER_FORMATS

METHODS = list(RECORD_KINDS)


@pytest.fixture(scope="module")
def model():
    return tiankong.load(threads=1)


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


def test_progress_is_that_of_the_input(tmp_path):
    source, steps = text_file(tmp_path), []
    answer_file("fill", source, tmp_path / "out.csv", threads=1, progress=steps.append)
    size = source.stat().st_size
    assert [(step.stage, step.done, step.total) for step in steps] == [("answering", size, size), ("writing", 4, 4)]


def test_every_format_has_a_reader_here():
    assert {suffix.removeprefix(".") for suffix in ANSWER_FORMATS} == {"jsonl", "ndjson", "csv", "tsv", "parquet"}
