"""Every format of the registry: plain, compressed, with and without labels, damaged, and through all of prepare."""

from __future__ import annotations

import gzip
import io
import json
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tiankong.corpus.reader import read_texts
from tiankong.errors import MissingPackageError, SourceError
from tiankong.pipeline.prepare import prepare
from tiankong.registry.formats import FORMATS, SUFFIXES

Pairs = list[tuple[str, str | None]]
PAIRS: Pairs = [(f"第{number}个水杯不漏水，很满意", "好" if number % 2 else "差") for number in range(60)]
UNLABELLED: Pairs = [(text, None) for text, _ in PAIRS]


def columns(pairs: Pairs) -> dict[str, list[str]]:
    table = {"text": [text for text, _ in pairs]}
    return table if pairs[0][1] is None else {**table, "label": [str(label) for _, label in pairs]}


def lines(pairs: Pairs) -> bytes:
    return "".join(f"{text}{',,' * (label is not None)}{label or ''}\n" for text, label in pairs).encode()


def separated(separator: str) -> Callable[[Pairs], bytes]:
    def write(pairs: Pairs) -> bytes:
        table = columns(pairs)
        rows = [tuple(table), *zip(*table.values(), strict=True)]
        return "".join(f"{separator.join(row)}\n" for row in rows).encode()

    return write


def json_lines(pairs: Pairs) -> bytes:
    table = columns(pairs)
    rows = (dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True))
    return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows).encode()


def parquet(pairs: Pairs) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns(pairs)), buffer)
    return buffer.getvalue()


def xlsx(pairs: Pairs) -> bytes:
    book = openpyxl.Workbook()
    table = columns(pairs)
    for row in [tuple(table), *zip(*table.values(), strict=True)]:
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def ods(pairs: Pairs) -> bytes:
    table = columns(pairs)
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    rows = [tuple(table), *zip(*table.values(), strict=True)]
    body = "".join(f"<table:table-row>{''.join(map(cell.format, row))}</table:table-row>" for row in rows)
    names = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    content = (
        f'<office:document-content {names}><office:body><office:spreadsheet><table:table table:name="评论">{body}'
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    members = {"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": content}
    members["META-INF/manifest.xml"] = "<manifest/>"
    return archive(members)


def archive(members: dict[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return buffer.getvalue()


WRITERS: dict[str, Callable[[Pairs], bytes]] = {
    "": lines,
    ".txt": lines,
    ".text": lines,
    ".csv": separated(","),
    ".tsv": separated("\t"),
    ".jsonl": json_lines,
    ".ndjson": json_lines,
    ".json": json_lines,
    ".parquet": parquet,
    ".xlsx": xlsx,
    ".xlsm": xlsx,
    ".ods": ods,
}
"""For each suffix, what writes such a file."""

WITHOUT_LABELS: set[str] = set()
"""Suffixes of formats that have no labels."""

every_format = pytest.mark.parametrize("suffix", FORMATS)


def zipped(data: bytes, name: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return buffer.getvalue()


def packed(folder: Path, suffix: str, data: bytes) -> list[Path]:
    """The file as it is, as .gz, and in a .zip."""
    files = [folder / f"a{suffix}", folder / f"b{suffix}.gz"]
    files[0].write_bytes(data)
    files[1].write_bytes(gzip.compress(data))
    if suffix:  # members of archives without a suffix are not read: they may be anything
        files.append(folder / "c.zip")
        files[2].write_bytes(zipped(data, f"a{suffix}"))
    return files


def pairs_of(suffix: str) -> Pairs:
    """The texts, with their labels if the format has any."""
    return UNLABELLED if suffix in WITHOUT_LABELS else PAIRS


@every_format
@pytest.mark.parametrize("labelled", [True, False])
def test_texts_and_labels_come_back_from_every_packing(tmp_path, suffix, labelled):
    pairs = pairs_of(suffix) if labelled else UNLABELLED
    for file in packed(tmp_path, suffix, WRITERS[suffix](pairs)):
        assert [(text.text, text.label) for text in read_texts([file])] == pairs


@every_format
def test_a_place_is_named_in_the_formats_unit(tmp_path, suffix):
    file = packed(tmp_path, suffix, WRITERS[suffix](pairs_of(suffix)))[0]
    texts = list(read_texts([file]))
    assert [text.place for text in texts] == [f"{FORMATS[suffix].unit} {text.line} of {file}" for text in texts]
    assert texts[0].line in {1, 2}  # a table has a header before
    assert texts[-1].line >= len(PAIRS)


@every_format
def test_a_compressed_file_that_is_cut_off_is_refused(tmp_path, suffix):
    for file in packed(tmp_path, suffix, WRITERS[suffix](pairs_of(suffix)))[1:]:
        file.write_bytes(file.read_bytes()[:-30])
        with pytest.raises(SourceError, match=file.name.replace(".", r"\.")):
            list(read_texts([file]))


@every_format
def test_a_column_is_chosen_where_there_are_columns(tmp_path, suffix):
    file = packed(tmp_path, suffix, WRITERS[suffix](pairs_of(suffix)))[0]
    if FORMATS[suffix].has_columns:
        texts = read_texts([file], column="label", label_column="text")
        assert [(text.label, text.text) for text in texts] == PAIRS
    else:
        with pytest.raises(SourceError, match="no file has columns, so there is no column 'label' to read"):
            list(read_texts([file], column="label"))


@every_format
def test_every_format_makes_the_same_corpus(tmp_path, suffix):
    expected = prepare(pairs_of(suffix), tmp_path / "expected", minimum_count=1, code_bits=0)
    file = packed(tmp_path, suffix, WRITERS[suffix](pairs_of(suffix)))[0]
    corpus = prepare(file, tmp_path / "made", minimum_count=1, code_bits=0)
    assert corpus.manifest.splits == expected.manifest.splits
    assert corpus.manifest.labels == expected.manifest.labels
    assert corpus.vocabulary.words == expected.vocabulary.words


@pytest.mark.parametrize(("suffix", "package"), [(".parquet", "pyarrow"), (".xlsx", "python_calamine")])
@pytest.mark.parametrize("name", ["", ".csv"])
def test_a_format_whose_package_is_missing_names_the_extra(tmp_path, monkeypatch, suffix, package, name):
    file = packed(tmp_path, name or suffix, WRITERS[suffix](PAIRS))[0]
    monkeypatch.delitem(sys.modules, FORMATS[suffix].module, raising=False)
    monkeypatch.setitem(sys.modules, package, None)
    extra = FORMATS[suffix].extra
    with pytest.raises(MissingPackageError, match=rf"reading \{suffix} files needs .* 'tiankong\[{extra}\]'"):
        list(read_texts([file]))


def test_suffixes_are_lower_case_and_of_one_format_each():
    assert set(SUFFIXES) | {""} == set(FORMATS) == set(WRITERS)
    assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in SUFFIXES)
