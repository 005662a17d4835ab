"""Workbooks: which sheet, which row of names, what cells mean, and what is refused."""

from __future__ import annotations

import contextlib
import datetime
import io
import json
import zipfile

import openpyxl
import pytest

import tiankong
from tiankong.cli.main import run
from tiankong.corpus.reader import read_texts
from tiankong.errors import OptionError, SourceError

TEXTS = [f"第{number}件外套做工不错，物流也很快" for number in range(30)]
SMALL = {"minimum_count": 1, "code_bits": 0}


def book(*rows, **sheets):
    """A workbook with these rows in its first sheet; ``sheets`` are further ones."""
    made = openpyxl.Workbook()
    for sheet, content in zip([made.active, *map(made.create_sheet, sheets)], [rows, *sheets.values()], strict=True):
        for row in content:
            sheet.append(row)
    return made


@pytest.fixture
def saved(tmp_path):
    def save(made, name="a.xlsx"):
        made.save(tmp_path / "made.xlsx")
        (tmp_path / "made.xlsx").rename(tmp_path / name)
        return tmp_path / name

    return save


def read(file, **options):
    return [(text.text, text.label, text.line) for text in read_texts([file], **options)]


def test_cells_are_read_as_people_see_them(saved):
    rows = [
        ("很好", 1),
        (666, 0.5),
        (datetime.datetime(2024, 1, 2), True),
        (datetime.datetime(2024, 1, 2, 3, 4), datetime.date(2024, 5, 6)),
        (True, "好评"),
        (12.5, None),
        (None, "差评"),
        ("  ", "差评"),
        ("#N/A", "差评"),
        ("=1/0", "差评"),
        ("最后", 2),
    ]
    assert read(saved(book(("text", "label"), *rows))) == [
        ("很好", "1", 2),
        ("666", "0.5", 3),
        ("2024-01-02", "true", 4),
        ("2024-01-02 03:04:00", "2024-05-06", 5),
        ("true", "好评", 6),
        ("12.5", None, 7),
        ("最后", "2", 12),
    ]


def test_formulas_have_the_value_that_was_saved(saved, tmp_path):
    file = saved(book(("text",), ("占位",)))
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(tmp_path / "b.xlsx", "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if name.endswith("sheet1.xml"):
                start = data.index(b'<c r="A2"')
                cell = '<c r="A2" t="str"><f>A1&amp;"x"</f><v>公式的值</v></c>'.encode()
                data = data[:start] + cell + data[data.index(b"</c>", start) + 4 :]
            target.writestr(name, data)
    assert read(tmp_path / "b.xlsx") == [("公式的值", None, 2)]


def test_rows_keep_their_numbers_and_places_beside_the_table(saved):
    made = openpyxl.Workbook()
    for place, value in {
        "C4": "评论",
        "D4": "label",
        "C5": "很好",
        "D5": 1,
        "C9": "很差",
        "D9": 0,
        "G6": "备注",
    }.items():
        made.active[place] = value
    assert read(saved(made)) == [("很好", "1", 5), ("很差", "0", 9)]


@pytest.mark.parametrize("column", [None, "评论", "标题"])
def test_titles_above_the_table_are_passed_over(saved, column):
    made = book(
        ["2024 年评论汇总"],
        [],
        ["导出时间", "2024-05-06"],
        ["编号", "评论", "标题"],
        [1, "很好", "好"],
        [2, "很差", "差"],
    )
    made.active.merge_cells("A1:C1")
    texts = ["好", "差"] if column == "标题" else ["很好", "很差"]
    assert read(saved(made), column=column) == [(texts[0], None, 5), (texts[1], None, 6)]


def test_a_label_merged_over_rows_is_that_of_each(saved):
    made = book(("text", "label"), ("一", "好评"), ("二", None), ("三", None), ("四", "差评"), ("五", None))
    made.active.merge_cells("B2:B4")
    assert read(saved(made)) == [
        ("一", "好评", 2),
        ("二", "好评", 3),
        ("三", "好评", 4),
        ("四", "差评", 5),
        ("五", None, 6),
    ]


def test_columns_are_chosen_as_in_tables(saved):
    file = saved(book(("编号", "标题", "类别"), (1, "很好", "甲")))
    with pytest.raises(
        SourceError, match="no column known to hold the text: its columns are '编号', '标题', '类别'; name one"
    ):
        read(file)
    assert read(file, column="标题", label_column="类别") == [("很好", "甲", 2)]
    with pytest.raises(SourceError, match="begins with what looks like a row"):
        read(saved(book((1, "很好"), (0, "很差"))))
    with pytest.raises(SourceError, match="more than one column 'text'"):
        read(saved(book(("text", "text"), ("很好", "很差"))))


SHEETS = {"空": [], "更多": [("text",), ("其他",)], "3": [("text",), ("数字",)]}


def test_the_first_sheet_shown_is_read_and_another_by_name_or_number(saved):
    made = book(("text",), ("很好",), **SHEETS)
    hidden = made.create_sheet("隐藏", 0)
    hidden.append(["text"])
    hidden.append(["看不见"])
    hidden.sheet_state = "hidden"
    file, notes = saved(made), []
    assert read(file, on_note=notes.append) == [("很好", None, 2)]
    assert notes == [f"{file}: of its 5 sheets, 'Sheet' is read; `sheet` names another"]
    for sheet, text in {
        "隐藏": "看不见",
        1: "看不见",
        "1": "看不见",
        "更多": "其他",
        4: "其他",
        "3": "数字",
        "5": "数字",
    }.items():
        assert read(file, sheet=sheet) == [(text, None, 2)]
    for sheet in ("没有", 6, 0, "-1"):
        with pytest.raises(SourceError, match=f"no sheet {sheet!r}: its sheets are '隐藏', 'Sheet', '空', '更多', '3'"):
            read(file, sheet=sheet)
    with pytest.raises(SourceError, match=r"the sheet '空' of .* is empty: name another with `sheet`"):
        read(file, sheet="空")


def test_a_sheet_is_asked_for_on_every_way_in(saved, tmp_path, capfd):
    table = [("text", "label"), *((text, number % 2) for number, text in enumerate(TEXTS))]
    file = saved(book(("x",), 评论=table))
    expected = tiankong.prepare([tuple(row) for row in table[1:]], tmp_path / "expected", **SMALL).manifest
    for number, sheet in enumerate(("评论", 2, "2")):
        made = tiankong.prepare(file, tmp_path / str(number), sheet=sheet, **SMALL).manifest
        assert (made.splits, made.labels) == (expected.splits, expected.labels)
    options = ["--minimum-count", "1", "--code-bits", "0", "--json"]
    assert run(["prepare", str(file), "-o", str(tmp_path / "cli"), "--sheet", "评论", *options]) == 0
    assert json.loads(capfd.readouterr().out)["splits"]["train"]["texts"] == expected.splits["train"].texts
    assert tiankong.evaluate(text=file, sheet="评论", limit=3).metrics["sentences"] == 3
    assert run(["evaluate", "--text", str(file), "--sheet", "评论", "--limit", "3", "--json"]) == 0
    assert run(["prepare", str(file), "-o", str(tmp_path / "x"), "--sheet", "没有"]) == 2
    assert "has no sheet '没有': its sheets are 'Sheet', '评论'" in capfd.readouterr().err
    assert not (tmp_path / "x").exists()


def test_a_sheet_without_a_workbook_is_refused(tmp_path):
    (tmp_path / "a.csv").write_text("text\n很好\n", encoding="utf-8")
    with pytest.raises(
        SourceError, match="no file is a workbook, so there is no sheet '评论' to read: leave out `sheet`"
    ):
        read(tmp_path / "a.csv", sheet="评论")
    with pytest.raises(OptionError, match="sheet is for files, and texts were given"):
        tiankong.prepare(TEXTS, tmp_path / "out", sheet="评论")
    for sheet in (True, 1.5, ["评论"]):
        with pytest.raises(OptionError, match="`sheet` must be the name of a sheet, or its number"):
            tiankong.prepare(tmp_path / "a.csv", tmp_path / "out", sheet=sheet)


@pytest.mark.parametrize("name", ["a.csv", "a.txt", "a.tsv", "a", "a.dat", "a.zip", "a.gz", "a.ods", "a.XLSX"])
def test_a_workbook_of_another_name_is_known_by_its_content(saved, name):
    file, notes = saved(book(("text", "label"), ("很好", 1)), name), []
    assert read(file, on_note=notes.append) == [("很好", "1", 2)]
    assert notes == (
        [f"{file} is in fact a .xlsx file, and is read as one"] if name[1:] not in {".ods", ".XLSX"} else []
    )


def test_a_workbook_within_an_archive_is_read(saved, tmp_path):
    file = saved(book(("text",), ("很好",)))
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.write(file, "里面/表.xlsx")
    assert read(tmp_path / "b.zip") == [("很好", None, 2)]


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4000)


@pytest.mark.parametrize("name", ["a.xlsx", "a.xls", "a.csv"])
def test_a_password_is_named(tmp_path, name):
    (tmp_path / name).write_bytes(OLE + "EncryptedPackage".encode("utf-16-le") + bytes(500))
    with pytest.raises(
        SourceError, match=r"is protected by a password.*: open it with the password and save it without"
    ):
        read(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.xls", OLE, "a workbook in Excel's old format, which is not read: .* save it as .xlsx"),
        ("a.doc", OLE, "a Word document"),
        ("a.csv", OLE, "a document of an old Office program.*if it is a workbook"),
        ("a.xlsb", b"text", "Excel's binary format"),
        ("a.xlsx", b"text\n\xe5\xa5\xbd\n", "can't be read as a workbook .*: open it in a spreadsheet program"),
        ("a.ods", b"text\n", "can't be read as a workbook"),
    ],
)
def test_what_is_no_workbook_is_refused(tmp_path, name, data, message):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(SourceError, match=message):
        read(tmp_path / name)


def test_damaged_workbooks_are_refused_or_read(saved, tmp_path):
    whole = saved(book(("text",), *((text,) for text in TEXTS))).read_bytes()
    for cut in (10, len(whole) // 2, len(whole) - 30):
        (tmp_path / "b.xlsx").write_bytes(whole[:cut])
        with pytest.raises(SourceError, match=r"b\.xlsx"):
            read(tmp_path / "b.xlsx")
    with zipfile.ZipFile(io.BytesIO(whole)) as source:
        members = {name: source.read(name) for name in source.namelist()}
    for missing in members:
        with zipfile.ZipFile(tmp_path / "c.xlsx", "w") as target:
            for name, data in members.items():
                if name != missing:
                    target.writestr(name, data)
        with contextlib.suppress(SourceError):
            assert len(read(tmp_path / "c.xlsx")) == len(TEXTS)
