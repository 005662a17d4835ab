from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tiankong.corpus.reader import SourceFile, Text, describe_sources, read_texts
from tiankong.errors import OptionError, SourceError

# Left out: half surrogates and NUL (refused), line breaks, and the byte order mark (dropped at the start).
CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\n\ufeff")
SENTENCES = st.text(CHARACTERS | st.sampled_from("，。！,\"';\t很好用物流快"), min_size=1, max_size=30).filter(
    str.strip
)
FORMATS = st.sampled_from(["txt", "csv", "tsv", "jsonl", "parquet"])
PACKINGS = st.sampled_from(["plain", "gz", "zip"])
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "gb18030"])
CHINESE = st.text("的一是了我不人在他有这个上们来到时大地为子中你说很好用快", min_size=12, max_size=40).map(
    lambda text: "质量" + text  # not UTF-8 in GB18030, as some strings of single ideographs happen to be
)
LABELS = st.text("abc01好差", min_size=1, max_size=5)


def serialise(texts: list[str], labels: list[str] | None, kind: str, encoding: str) -> bytes:
    if kind == "txt":
        tails = [f",,{label}" for label in labels] if labels else [""] * len(texts)
        return "\n".join(map("".join, zip(texts, tails, strict=True))).encode(encoding)
    columns = {"text": texts, **({"label": labels} if labels else {})}
    if kind == "parquet":
        buffer = io.BytesIO()
        pq.write_table(pa.table(columns), buffer)
        return buffer.getvalue()
    records = list(zip(*columns.values(), strict=True))
    if kind == "jsonl":
        lines = (json.dumps(dict(zip(columns, r, strict=True)), ensure_ascii=False) for r in records)
        return "\n".join(lines).encode(encoding)
    table = io.StringIO()
    csv.writer(table, delimiter="\t" if kind == "tsv" else ",").writerows([list(columns), *records])
    return table.getvalue().encode(encoding)


def pack(folder: str, data: bytes, kind: str, packing: str) -> Path:
    path = Path(folder, f"r.{kind}" if packing == "plain" else f"r.{kind}.gz" if packing == "gz" else "r.zip")
    if packing == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"r.{kind}", data)
    else:
        path.write_bytes(gzip.compress(data) if packing == "gz" else data)
    return path


def round_trip(
    texts: list[str], labels: list[str] | None, kind: str, packing: str, encoding: str, named: str | None = None
):
    with tempfile.TemporaryDirectory() as folder:
        path = pack(folder, serialise(texts, labels, kind, encoding), kind, packing)
        return [(text.text, text.label) for text in read_texts([path], encoding=named)]


def unlabelled(texts: list[str]) -> bool:
    """Tell whether a .txt of these can't be taken for one with labels."""
    return not any(",," in text or "\t" in text.strip() for text in texts)


@given(st.lists(SENTENCES, min_size=1, max_size=20).filter(unlabelled), FORMATS, PACKINGS, ENCODINGS)
@settings(max_examples=400, deadline=None)
def test_any_texts_come_back(texts, kind, packing, encoding):
    # Only Chinese text is recognised as GB18030, these characters are from anywhere.
    named = encoding if encoding == "gb18030" else None
    assert round_trip(texts, None, kind, packing, encoding, named) == [(text, None) for text in texts]


@given(st.lists(st.tuples(SENTENCES, LABELS), min_size=1, max_size=20), FORMATS, PACKINGS, ENCODINGS)
@settings(max_examples=400, deadline=None)
def test_any_texts_with_labels_come_back(pairs, kind, packing, encoding):
    texts, labels = map(list, zip(*pairs, strict=True))
    assume(kind != "txt" or len(set(texts)) >= len(set(labels)))  # in lines, the side of fewer values is the label
    named = encoding if encoding == "gb18030" else None
    assert round_trip(texts, labels, kind, packing, encoding, named) == pairs


@given(st.lists(CHINESE, min_size=1, max_size=20), FORMATS, PACKINGS, ENCODINGS)
@settings(max_examples=200, deadline=None)
def test_chinese_texts_come_back_without_naming_the_encoding(texts, kind, packing, encoding):
    assert round_trip(texts, None, kind, packing, encoding) == [(text, None) for text in texts]


@given(st.lists(SENTENCES | st.sampled_from(["", " ", "\u3000\t"]), min_size=1).filter(unlabelled), FORMATS)
@settings(max_examples=200, deadline=None)
def test_blank_texts_are_left_out(texts, kind):
    expected = [(text, None) for text in texts if text.strip()]
    if not expected:
        with pytest.raises(SourceError, match=r"is empty|holds no text"):
            round_trip(texts, None, kind, "plain", "utf-8")
    else:
        assert round_trip(texts, None, kind, "plain", "utf-8") == expected


@pytest.fixture
def goods(tmp_path):
    path = tmp_path / "goods.txt"
    path.write_text("锅不粘，好洗,,1\n\n把手松了,,0\n", encoding="utf-8")
    return path


@pytest.fixture
def reviews(tmp_path):
    path = tmp_path / "reviews.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", 'cat,label,review\n酒店,1,早餐丰富\n酒店,0,"隔音差\n睡不好"\n酒店,0,\n')
        archive.writestr("b.jsonl", '{"id": 1, "review": "还会再来"}\n')
        archive.writestr("c.txt", "")
    return path


def test_files_are_read_in_order_with_their_sources(goods, reviews):
    assert list(read_texts([goods, reviews], column="review")) == [
        Text("锅不粘，好洗", "1", str(goods), 1),
        Text("把手松了", "0", str(goods), 3),
        Text("早餐丰富", "1", f"{reviews}:a.csv", 2),
        Text("隔音差\n睡不好", "0", f"{reviews}:a.csv", 3),
        Text("还会再来", None, f"{reviews}:b.jsonl", 1),
    ]
    assert next(read_texts([reviews, goods])).source == f"{reviews}:a.csv"


def test_the_bytes_reported_add_up_to_the_sizes(goods, reviews, tmp_path):
    packed, table = tmp_path / "p.txt.gz", tmp_path / "t.parquet"
    packed.write_bytes(gzip.compress("盖子很紧\n".encode() * 100000))
    pq.write_table(pa.table({"review": [f"第{i}次买" for i in range(30000)]}), table)
    paths = [goods, packed, table, reviews]
    counts: list[int] = []
    for text in read_texts(paths, on_bytes=counts.append):
        if text.source == str(table) and text.line == 1:
            assert sum(counts) >= goods.stat().st_size + packed.stat().st_size
    assert sum(counts) == sum(path.stat().st_size for path in paths)
    assert min(counts) > 0


def test_column_without_any_file_with_columns_is_refused(goods):
    with pytest.raises(SourceError, match="no file has columns, so there is no column 'review' to read"):
        read_texts([goods], column="review")


def test_a_column_must_be_in_every_file_with_columns(goods, reviews, tmp_path):
    other = tmp_path / "o.csv"
    other.write_text("text\n好\n", encoding="utf-8")
    with pytest.raises(SourceError, match=r"o\.csv has no column 'review': its only column is 'text'"):
        list(read_texts([goods, reviews, other], column="review"))


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("e.txt", b"", r"e\.txt is empty: leave it out"),
        ("e.txt.gz", gzip.compress(b"", mtime=0), r"e\.txt\.gz holds no text: leave it out"),
        ("e.txt", b"\n \n\t\n", r"e\.txt holds no text"),
        ("e.txt", b",,1\n", r"e\.txt holds no text"),
        ("e.csv", b"text,label\n,1\n", r"e\.csv holds no text"),
        ("e.jsonl", b"null\n", r"e\.jsonl holds no text"),
    ],
)
def test_an_empty_file_is_refused(goods, tmp_path, name, data, message):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(SourceError, match=message):
        list(read_texts([goods, tmp_path / name]))
    alone = message.replace("leave it out", "name a file of texts")
    with pytest.raises(SourceError, match=alone):
        list(read_texts([tmp_path / name]))


def test_bad_paths_are_refused_before_anything_is_read(goods, tmp_path):
    (tmp_path / "a.docx").write_bytes(b"x")
    os.mkfifo(tmp_path / "pipe.txt")
    for bad, message in (
        (tmp_path / "no.txt", r"no\.txt can't be read: No such file"),
        (goods / "x.txt", r"x\.txt can't be read: Not a directory"),
        (tmp_path / "a\0.txt", "can't be read: embedded null"),
        (tmp_path, "is a folder: name the files in it"),
        (tmp_path / "pipe.txt", "is not a regular file: save it as one first"),
    ):
        for reader in (read_texts, describe_sources):
            with pytest.raises(SourceError, match=message):
                reader([goods, bad])
    with pytest.raises(SourceError, match=r"a\.docx is a Word document, which is not read: save its text as \.txt"):
        read_texts([goods, tmp_path / "a.docx"])
    with pytest.raises(OptionError, match="'klingon'"):
        read_texts([goods], encoding="klingon")
    with pytest.raises(SourceError, match="there is no file to read"):
        read_texts([])


def test_the_same_file_twice_is_refused(goods, tmp_path):
    link = tmp_path / "link.txt"
    link.symlink_to(goods)
    for again in (goods, tmp_path / "x" / ".." / goods.name, link):
        (tmp_path / "x").mkdir(exist_ok=True)
        for reader in (read_texts, describe_sources):
            first = "" if again == goods else r" \(first as .*goods\.txt\)"
            with pytest.raises(SourceError, match=rf"is given twice{first}: leave one out"):
                reader([goods, again])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_refused(goods):
    goods.chmod(0)
    for reader in (read_texts, describe_sources):
        with pytest.raises(SourceError, match="Permission denied"):
            list(reader([goods]))


def test_sources_are_described_as_given(goods, reviews, monkeypatch):
    monkeypatch.chdir(goods.parent)
    assert describe_sources([Path("goods.txt"), reviews]) == [
        SourceFile("goods.txt", goods.stat().st_size, hashlib.sha256(goods.read_bytes()).hexdigest()),
        SourceFile(str(reviews), reviews.stat().st_size, hashlib.sha256(reviews.read_bytes()).hexdigest()),
    ]


@pytest.mark.parametrize("packing", ["gz", "zip"])
@pytest.mark.parametrize("kind", ["txt", "csv", "jsonl", "parquet"])
def test_an_archive_cut_anywhere_never_loses_texts_silently(tmp_path, kind, packing):
    texts = [f"第{i}双袜子，{'脚感好' * (i % 5)}，没有线头" for i in range(30)]
    path = pack(str(tmp_path), serialise(texts, None, kind, "utf-8"), kind, packing)
    whole = path.read_bytes()
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        with pytest.raises(SourceError, match=path.name):
            list(read_texts([path]))


def test_a_long_archive_cut_in_the_middle_fails_while_iterating(tmp_path):
    texts = [hashlib.sha256(str(i).encode()).hexdigest() for i in range(20000)]
    path = pack(str(tmp_path), serialise(texts, None, "csv", "utf-8"), "csv", "gz")
    path.write_bytes(path.read_bytes()[:-1])
    # With an encoding given there is no pass over the file that could fail before the first text.
    reading = read_texts([path], encoding="utf-8")
    assert next(reading).text == texts[0]
    with pytest.raises(SourceError, match="cut off in the middle"):
        list(reading)


def test_files_are_closed_when_reading_stops_early(goods, reviews):
    for path in (goods, reviews):
        reading = read_texts([path])
        next(reading)
        assert str(path) in open_files()
        reading.close()
        assert str(path) not in open_files()


def open_files() -> set[str]:
    # The folder's own descriptor is gone by the time it is looked at.
    return {str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()}


@pytest.mark.parametrize("packing", ["plain", "gz", "zip"])
@pytest.mark.parametrize("kind", ["txt", "csv", "jsonl"])
def test_memory_does_not_grow_with_the_file(tmp_path, kind, packing):
    texts = [f"第{i}箱牛奶，日期新鲜，孩子爱喝" for i in range(150_000)]
    path = pack(str(tmp_path), serialise(texts, None, kind, "utf-8"), kind, packing)
    code = (
        "import resource, sys; from pathlib import Path; from tiankong.corpus.reader import read_texts\n"
        "used = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "reading = read_texts([Path(sys.argv[1])]); next(reading); start = used()\n"
        "print(sum(1 for _ in reading), used() - start)\n"
    )
    run = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    count, grown = map(int, run.stdout.split())
    assert count == len(texts) - 1
    assert grown < 3000  # KiB; the texts alone are 15,000 as Python strings


@pytest.mark.parametrize(("suffix", "place"), [("csv", "line 3"), ("parquet", "row 2")])
def test_a_text_says_where_it_stands(tmp_path, suffix, place):
    file = tmp_path / f"a.{suffix}"
    if suffix == "csv":
        file.write_text("text\n很好\n很差\n", encoding="utf-8")
    else:
        pq.write_table(pa.table({"text": ["很好", "很差"]}), file)
    *_, last = read_texts([file])
    assert last.place == f"{place} of {last.source}"
