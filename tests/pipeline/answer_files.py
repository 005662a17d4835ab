"""Files of texts and of answers, for the tests of answering them."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import zipfile
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

from tiankong.pipeline.records import RECORD_KINDS

SENTENCES = ["物流__，第二天就到了", "没有空格", "外套做工__，穿着很暖和", "味道__，下次还会__"]


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


def many_lines(folder, count=1500):
    chooser = random.Random(7)
    things, rest = ["外套", "物流", "客服", "屏幕", "味道"], ["，很满意", "，不会再买", "", "，穿着很暖和"]
    lines = [f"第{n}件{chooser.choice(things)}{'__' * (n % 40 != 3)}{chooser.choice(rest)}" for n in range(count)]
    return text_file(folder, lines, "many.txt")
