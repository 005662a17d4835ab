from __future__ import annotations

import gzip
import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tiankong.corpus.archives import open_archive
from tiankong.corpus.columns import Columns, Row
from tiankong.corpus.rows import read_rows
from tiankong.errors import OptionError, SourceError

TEXTS = ["水杯不漏水，很满意", "颜色和图片不一样", "送货师傅很有礼貌"]


@pytest.fixture
def rows(tmp_path):
    """Write bytes or text under a name and read them back as rows."""

    def run(name: str, data: bytes | str, column: str | None = None, encoding: str | None = None) -> list[Row]:
        path = tmp_path / name
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        with open_archive(path) as [stream]:
            return list(read_rows(stream, Columns(column), encoding, None))

    return run


def parquet(table: dict[str, object]) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(table), buffer)
    return buffer.getvalue()


# .txt


@pytest.mark.parametrize("name", ["a.txt", "a.text", "a", "a.TXT"])
def test_a_line_is_a_text(rows, name):
    assert rows(name, "一行，\r\n\n  两行  \n三行") == [
        Row("一行，", None, 1),
        Row("", None, 2),
        Row("  两行  ", None, 3),
        Row("三行", None, 4),
    ]


def test_text_label_lines_lose_their_label(rows):
    data = "很好,,1\n一般,贵,,,0\n送得慢，,坏了,,,,0\n用,,两天就坏,,0 \r\n,,1\n"
    assert rows("a.txt", data) == [
        Row("很好", "1", 1),
        Row("一般,贵,", "0", 2),
        Row("送得慢，,坏了,,", "0", 3),
        Row("用,,两天就坏", "0", 4),
        Row("", "1", 5),
    ]


@pytest.mark.parametrize("label", ["1", "0", "-1", "好评", "positive", "very good 😀", "非常非常非常非常非常非常满意"])
def test_labels_are_short(rows, label):
    assert rows("a.txt", f"还可以,,{label}\n") == [Row("还可以", label, 1)]


@pytest.mark.parametrize("tail", [",,", f",,{'长' * 41}", ", ,1", "，，1"])
def test_other_tails_are_text(rows, tail):
    assert rows("a.txt", f"还可以{tail}\n") == [Row(f"还可以{tail}", None, 1)]


def test_labels_are_recognised_from_95_lines_in_100(rows):
    labelled, plain = ["还可以,,1"], ["不好说"]
    mixed = rows("a.txt", "\n\n".join(labelled * 95 + plain * 5))
    assert {(row.text, row.label) for row in mixed if row.text} == {("还可以", "1"), ("不好说", None)}
    with pytest.raises(SourceError, match=r"6 of the first 100 lines .* the first on line 189: label all of them, or"):
        rows("a.txt", "\n\n".join(labelled * 94 + plain * 6))
    few = rows("a.txt", "\n\n".join(labelled * 49 + plain * 51))
    assert {(row.text, row.label) for row in few if row.text} == {("还可以,,1", None), ("不好说", None)}


def test_only_the_first_thousand_lines_decide(rows):
    assert rows("a.txt", "还可以,,1\n" * 1000 + "不好说\n" * 2000)[0] == Row("还可以", "1", 1)
    assert rows("a.txt", "不好说\n" * 1000 + "还可以,,1\n" * 20000)[-1] == Row("还可以,,1", None, 21000)


# .csv and .tsv


def test_csv_takes_quotes_line_breaks_and_the_label(rows):
    data = 'cat,Label,review\n书,1,"好看, 推荐\n第二行""真的"""\n\n书,,还行\n衣服,0,\n'
    assert rows("a.csv", data) == [
        Row('好看, 推荐\n第二行"真的"', "1", 2),
        Row("还行", None, 5),
        Row("", "0", 6),
    ]


def test_tsv_is_separated_by_tabs(rows):
    assert rows("a.tsv", "text\tlabel\n好看, 推荐\t1\n") == [Row("好看, 推荐", "1", 2)]


@pytest.mark.parametrize("name", ["text", "Review", "SENTENCE", "content", "comment", " 文本 ", "内容", "评论", "评价"])
def test_usual_column_names_are_found(rows, name):
    assert rows("a.csv", f"id,{name},star\n7,很甜,5\n") == [Row("很甜", None, 2)]


def test_the_only_column_and_the_one_asked_for_are_taken(rows):
    assert rows("a.csv", "标题\n很甜\n") == [Row("很甜", None, 2)]
    assert rows("a.csv", "text,标题\n长文,很甜\n", column="标题") == [Row("很甜", None, 2)]
    assert rows("a.csv", "label,text\n很甜,长文\n", column="label") == [Row("很甜", None, 2)]


@pytest.mark.parametrize(
    ("data", "column", "message"),
    [
        (
            "id,标题\n1,甜\n",
            None,
            r"no column known to hold the text: its columns are 'id', '标题'; name one with `column",
        ),
        ("id,text\n1,甜\n", "评论", r"no column '评论': its columns are 'id', 'text'; choose one of them"),
        ("text,review\n好,甜\n", None, r"several columns that may hold the text: its columns are 'text', 'review'"),
        ("text,text\n好,甜\n", "text", r"more than one column 'text': give each a name of its own"),
        ("text,text\n好,甜\n", None, r"more than one column 'text': give each a name of its own"),
        ("text,label,label\n好,1,2\n", None, r"more than one column 'label': give each a name of its own"),
        ("text,label,Label\n好,1,2\n", None, r"several columns of labels, 'label', 'Label'"),
        (",".join(f"c{i}" for i in range(30)) + "\n", None, r"'c19' and 10 more; name"),
        ("a;text\n1;甜\n", None, r"separates its columns by ';'"),
        ("这件衣服真的很好看，推荐\n第二条\n", None, r"looks like a text, not the name of a column: put a line 'text'"),
    ],
)
def test_an_unclear_column_is_refused_with_those_there_are(rows, data, column, message):
    with pytest.raises(SourceError, match=message):
        rows("a.csv", data, column)


@pytest.mark.parametrize(
    ("name", "header", "separator"),
    [
        *[("a.csv", f"text{mark}label", mark) for mark in (";", "|", "::", "\x01", "~", "\t", "^", "||", "\x1f")],
        *[("a.csv", f"label{mark}text", mark) for mark in (":", "/", " ", "#", "，", "__", " - ")],
        ("a.csv", "编号|标题", "|"),
        ("a.csv", "评论，label", "，"),
        ("a.tsv", "text,label", ","),
        ("a.tsv", "text;label", ";"),
        ("a.tsv", "文本,编号", ","),
    ],
)
def test_a_header_with_another_separator_is_refused(rows, name, header, separator):
    with pytest.raises(SourceError) as refused:
        rows(name, f"{header}\n质量很好{separator}1\n")
    assert f"separates its columns by {separator!r}" in str(refused.value)
    assert "`column`" in str(refused.value)
    if not separator.startswith(("\t", "\x1f", " ")):  # what strip() takes from the ends is no part of a name
        assert rows(name, f"{header}\n质量很好\n", column=header) == [Row("质量很好", None, 2)]


@pytest.mark.parametrize("header", ["标题", "review text", "评论(中文)", "comment_body", "user-review", "文本 1"])
def test_an_only_column_of_any_name_is_read(rows, header):
    assert rows("a.csv", f"{header}\n质量很好\n") == [Row("质量很好", None, 2)]


def test_a_quote_never_closed_is_refused_with_its_line(rows):
    lines = ["text", *TEXTS, '"没有结束的引号', *TEXTS]
    with pytest.raises(SourceError, match=r"a\.csv can't be read as CSV from line 5 on \(unexpected end of data\)"):
        rows("a.csv", "\n".join(lines))
    with pytest.raises(SourceError, match=r"more than 1,048,576 characters from line 5 on: close its"):
        rows("a.csv", "\n".join(lines + TEXTS * 80_000))

    assert rows("b.csv", f'text\n"{"很长" * 200_000}"\n')[0].text == "很长" * 200_000


def test_text_after_a_closing_quote_is_refused(rows):
    with pytest.raises(SourceError, match=r"TSV from line 3 on .* expected after '\"'"):
        rows("a.tsv", 'text\n好\n"坏"的\n')


@pytest.mark.parametrize(("line", "way_out"), [("1,好,但是贵", "put a text"), ("1", "add the missing")])
def test_a_row_of_another_width_is_refused(rows, line, way_out):
    problem = rf"\(line 3\) has {line.count(',') + 1} fields?, the header has 2: {way_out}"
    with pytest.raises(SourceError, match=problem):
        rows("a.csv", f"id,text\n1,好\n{line}\n")


def test_empty_fields_beyond_the_columns_are_passed_over(rows):
    assert rows("a.csv", "text,star\n好,5,,\n坏\n") == [Row("好", None, 2), Row("坏", None, 3)]


def test_csv_without_rows_has_none(rows):
    assert rows("a.csv", "text\n") == rows("a.csv", "\n\n") == []


# .jsonl


@pytest.mark.parametrize("name", ["a.jsonl", "a.ndjson"])
def test_json_lines_hold_objects_or_strings(rows, name):
    data = '{"id": 1, "text": "好", "label": 1}\n\n"坏\\n了"\r\n{"text": null, "Label": "差"}\nnull\n'
    assert rows(name, data) == [Row("好", "1", 1), Row("坏\n了", None, 3), Row("", "差", 4), Row("", None, 5)]


def test_json_keys_are_chosen_like_columns(rows):
    assert rows("a.jsonl", '{"id": 1, "说": "好"}', column="说") == [Row("好", None, 1)]
    assert rows("a.jsonl", '{"说": "好"}') == [Row("好", None, 1)]
    with pytest.raises(SourceError, match=r"a\.jsonl \(line 1\) has no column known .* 'id', '说'; name"):
        rows("a.jsonl", '{"id": 1, "说": "好"}')
    with pytest.raises(
        SourceError, match=r"a\.jsonl \(line 2\) has no column 'text': its only column is 'txet'; choose that one"
    ):
        rows("a.jsonl", '{"text": "好"}\n{"txet": "坏"}')


@pytest.mark.parametrize("bad", ['{"text": "好"', "好", "{'text': '好'}", '"好" "坏"', "[" * 100000, "9" * 10000])
def test_invalid_json_is_refused_with_its_line(rows, bad):
    with pytest.raises(SourceError, match=r"a\.jsonl is not valid JSON on line 2 \("):
        rows("a.jsonl", f'"好"\n{bad}\n')


@pytest.mark.parametrize(
    ("value", "kind"), [("7", "int"), ("[]", "list"), ("true", "bool"), ("0", "int"), ("{}", "dict")]
)
def test_a_text_that_is_no_string_is_refused_with_its_line(rows, value, kind):
    with pytest.raises(SourceError, match=f"has a value of type {kind} for a text on line 2: make it a string"):
        rows("a.jsonl", f'"好"\n{{"text": {value}}}\n')


def test_a_bare_number_is_refused(rows):
    with pytest.raises(SourceError, match="has a value of type float for a text on line 1"):
        rows("a.jsonl", "1.5\n")


def test_labels_of_json_are_as_json_writes_them(rows):
    lines = "\n".join(f'{{"text": "好", "label": {value}}}' for value in ("true", "1", '"1"', "NaN", "null", '" "'))
    assert [row.label for row in rows("a.jsonl", lines)] == ["true", "1", "1", None, None, None]
    with pytest.raises(SourceError, match=r"a\.jsonl has a value of type list for a label on line 1: make it a string"):
        rows("a.jsonl", '{"text": "好", "label": [1, 2]}')


@pytest.mark.parametrize("escape", ["\\ud800", "好\\udfff", "\\ude00\\ud83d"])
def test_half_surrogate_pairs_are_refused_with_their_line(rows, escape):
    with pytest.raises(SourceError, match=r"a\.jsonl holds half a surrogate pair on line 2: remove it"):
        rows("a.jsonl", f'"好"\n"{escape}"\n')
    with pytest.raises(SourceError, match="half a surrogate pair on line 1"):
        rows("a.jsonl", f'{{"text": "好", "label": "{escape}"}}')
    assert rows("a.jsonl", '"\\ud83d\\ude00"') == [Row("😀", None, 1)]


def test_nul_is_refused_however_it_comes(rows):
    with pytest.raises(SourceError, match="holds a NUL character on line 1"):
        rows("a.jsonl", '"\\u0000"')
    with pytest.raises(SourceError, match="holds a NUL character on line 2"):
        rows("a.csv", "text\n好\0\n", encoding="utf-8")
    with pytest.raises(SourceError, match="holds a NUL byte on line 2"):
        rows("a.csv", "text\n好\0\n")
    with pytest.raises(SourceError, match="holds a NUL character on row 1"):
        rows("a.parquet", parquet({"text": ["\0"]}))


@pytest.mark.parametrize(
    "data",
    ['[{"text": "好"}]', "[]", '[\n{"text": "好"}\n]', '{\n"text": "好"\n}', '[{\n"text": "好"}]', '["好", "坏"]'],
)
@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_a_whole_json_document_is_refused(rows, name, data):
    with pytest.raises(SourceError, match=f"{name} is one JSON document, which can't be read text by text: save it as"):
        rows(name, data)


# .parquet


def test_parquet_has_strings_nulls_and_labels(rows):
    data = parquet({"id": [1, 2, 3], "text": ["好", None, "坏\n了"], "label": [1, 0, None]})
    expected = [Row("好", "1", 1), Row("", "0", 2), Row("坏\n了", None, 3)]
    assert rows("a.parquet", data) == expected
    assert rows("a.parquet.gz", gzip.compress(data)) == expected


def test_a_parquet_label_that_is_no_label_is_named_with_its_row(rows):
    data = parquet({"text": ["好", "坏"], "label": [["1"], ["2"]]})
    with pytest.raises(SourceError, match=r"a\.parquet has a value of type list for a label on row 1: make it"):
        rows("a.parquet", data)


def test_labels_lose_what_would_turn_a_terminal_around(rows):
    assert rows("a.csv", "text,label\n甜,好\u202e评\n") == [Row("甜", "好评", 2)]


@pytest.mark.parametrize("kind", [pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())])
def test_parquet_takes_every_kind_of_string(rows, kind):
    assert rows("a.parquet", parquet({"评论": pa.array(TEXTS).cast(kind)})) == [
        Row(text, None, number) for number, text in enumerate(TEXTS, 1)
    ]


def test_parquet_longer_than_a_batch_keeps_its_order(rows):
    texts = [f"第{i}条" for i in range(5000)]
    assert [row.text for row in rows("a.parquet", parquet({"text": texts}))] == texts


@pytest.mark.parametrize("values", [[1, 2], [["好"]], [b"x"], [1.5]])
def test_parquet_columns_of_no_strings_are_refused(rows, values):
    with pytest.raises(SourceError, match=r"values of type .* in its column 'text': name a column of strings"):
        rows("a.parquet", parquet({"text": values}))


def test_parquet_columns_are_chosen_by_the_same_rule(rows):
    data = parquet({"标题": ["好"], "id": ["1"]})
    assert rows("a.parquet", data, column="标题") == [Row("好", None, 1)]
    with pytest.raises(SourceError, match="no column known to hold the text: its columns are '标题', 'id'"):
        rows("a.parquet", data)
    with pytest.raises(SourceError, match="no column 'text': its columns are '标题', 'id'"):
        rows("a.parquet", data, column="text")


def test_parquet_cut_anywhere_is_refused(rows):
    whole = parquet({"text": TEXTS})
    for cut in range(len(whole)):
        with pytest.raises(SourceError, match=r"a\.parquet is not a whole Parquet file \(.+\): copy it again"):
            rows("a.parquet", whole[:cut])


def test_parquet_with_bytes_that_are_no_utf8_is_refused(rows):
    whole = parquet({"text": pa.array(["好评"]).cast(pa.string())})
    with pytest.raises(SourceError, match="not a whole Parquet file"):
        rows("a.parquet", whole.replace("好评".encode(), b"\xff" * 6))


# all of them


def test_an_encoding_given_is_used_strictly(rows):
    assert rows("a.txt", "這件很好".encode("big5"), encoding="Big5") == [Row("這件很好", None, 1)]
    assert rows("a.txt", "很好".encode("utf-8-sig"), encoding="utf8") == [Row("很好", None, 1)]
    with pytest.raises(SourceError, match=r"a\.csv is not gb18030 on line 2"):
        rows("a.csv", b"text\n\xff\xff\n", encoding="gb18030")
    with pytest.raises(OptionError, match="`encoding='klingon'` is not an encoding"):
        rows("a.txt", "好", encoding="klingon")
