"""Labels that stand in lines or strings are read as labels, and said to be; other columns are refused, never words."""

from __future__ import annotations

import gzip
import json

import pytest

import tiankong
from tiankong.cli.main import run
from tiankong.corpus.reader import read_texts
from tiankong.errors import SourceError

OBJECTS = ["外套", "手机", "水壶", "台灯", "鞋子"]
TEXTS = [f"这次买的第{number}个{OBJECTS[number % 5]}质量很好" for number in range(60)]
LABELS = ["0" if number % 3 else "1" for number in range(60)]
PAIRS = list(zip(TEXTS, LABELS, strict=True))
SMALL = {"minimum_count": 1, "code_bits": 0}

FORMS = {
    "fastText": "__label__{label} {text}",
    "fastText, last": "{text} __label__{label}",
    "fastText, within": "{text} __label__{label} 谢谢",
    "fastText, a tab": "__label__{label}\t{text}",
    "fastText, commas": "__label__{label} , {text}",
    "fastText, one comma": "__label__{label},{text}",
    "fastText, capitals": "__LABEL__{label} {text}",
    "tab": "{text}\t{label}",
    "tab, first": "{label}\t{text}",
    "tab and spaces": "{text} \t {label} ",
    "commas": "{text},,{label}",
    "commas, first": "{label},,{text}",
}
"""A line of every form that is read."""


def lines_of(form: str) -> list[str]:
    return [FORMS[form].format(text=text, label=label) for text, label in PAIRS]


def plain(text: str) -> str:
    return " ".join(text.replace("谢谢", "").split())


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["a.txt", "a", "a.txt.gz"])
def test_lines_of_a_file(tmp_path, form, name):
    data = "\n".join(lines_of(form)).encode()
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    notes = []
    read = [(plain(text.text), text.label) for text in read_texts([tmp_path / name], on_note=notes.append)]
    assert read == PAIRS
    assert len(notes) == 1
    assert all("label" in note and name in note for note in notes)


@pytest.mark.parametrize("form", FORMS)
def test_strings_from_python(tmp_path, form):
    expected = tiankong.prepare(PAIRS, tmp_path / "expected", **SMALL).manifest
    for number, make in enumerate((list, tuple, iter)):
        steps = []
        texts = make([text.replace(" 谢谢", "") for text in lines_of(form)])
        made = tiankong.prepare(texts, tmp_path / str(number), progress=steps.append, **SMALL).manifest
        assert made.labels == expected.labels
        assert made.splits == expected.splits
        assert any("label" in step.message for step in steps)


@pytest.mark.parametrize("form", FORMS)
def test_the_command_line_says_so(tmp_path, form, capfd):
    (tmp_path / "a.txt").write_text("\n".join(lines_of(form)), encoding="utf-8")
    options = ["-o", str(tmp_path / "out"), "--minimum-count", "1", "--code-bits", "0"]
    assert run(["prepare", str(tmp_path / "a.txt"), *options]) == 0
    out, err = capfd.readouterr()
    assert "labels     0 (40), 1 (20)" in out
    assert ("__label__" in err) == form.startswith("fastText")
    assert ("is a tab" in err) == form.startswith("tab")


def test_label_words_of_tables_and_json_lines(tmp_path):
    files = {
        "a.csv": "text\n" + "".join(f"__label__{label} {text}\n" for text, label in PAIRS),
        "a.jsonl": "".join(f"{json.dumps({'text': f'__label__{label} {text}'})}\n" for text, label in PAIRS),
        "a.tsv": "label\ttext\n" + "".join(f"{label}\t__label__x {text}\n" for text, label in PAIRS),
    }
    for name, content in files.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
        assert [(text.text, text.label) for text in read_texts([tmp_path / name])] == PAIRS


def test_several_labels_are_no_words_and_train_no_classifier(tmp_path):
    lines = [f"__label__{label} __label__质量 {text}" for text, label in PAIRS]
    (tmp_path / "a.txt").write_text("\n".join(lines), encoding="utf-8")
    for number, source in enumerate((tmp_path / "a.txt", lines)):
        manifest = tiankong.prepare(source, tmp_path / str(number), **SMALL).manifest
        assert manifest.labels == []
        assert "60 of 60 texts have several labels, the first on" in manifest.label_problem
        words = (tmp_path / str(number) / "vocabulary.tsv").read_text(encoding="utf-8")
        assert "label" not in words
        with pytest.raises(SourceError, match="has several labels, of which a classifier gives one"):
            tiankong.evaluate(labelled=source, split="all")


@pytest.mark.parametrize("form", ["fastText", "tab", "tab, first"])
def test_evaluate_reads_the_same_forms(tmp_path, form):
    pairs = [("物流很快，质量不错", "好评"), ("客服态度很差", "差评"), ("包装完好", "好评"), ("用了两天就坏了", "差评")]
    lines = [FORMS[form].format(text=text, label=label) for text, label in pairs]
    (tmp_path / "a.txt").write_text("\n".join(lines), encoding="utf-8")
    expected = tiankong.evaluate(labelled=pairs, split="all").metrics
    for source in (tmp_path / "a.txt", lines):
        assert tiankong.evaluate(labelled=source, split="all").metrics["confusion"] == expected["confusion"]
    blanked = [
        tiankong.evaluate(text=given).metrics["targets"] for given in (tmp_path / "a.txt", [t for t, _ in pairs])
    ]
    assert blanked[0] == blanked[1]


def test_classify_leaves_label_words_out(capfd):
    model = tiankong.load("reviews-zh-sentiment")
    text = "用了两天就坏了"
    for labelled in (f"__label__好评 {text}", f"{text} __label__1", f"__label__1 __label__2 {text}"):
        assert model.classify(labelled) == model.classify(text)
    prompts = ["{text}，总的来说很__。"], {"好评": ["好"], "差评": ["差"]}
    assert tiankong.load().classify(f"__label__1 {text}", *prompts) == tiankong.load().classify(text, *prompts)
    assert run(["classify", f"__label__1 {text}"]) == 0
    assert capfd.readouterr().out.startswith("差评")


def ending(*ends: str) -> list[str]:
    return [f"{text}{ends[number % len(ends)]}" for number, text in enumerate(TEXTS)]


PROSE = {
    "thanks": ending("，谢谢", "，不错", "，很好"),
    "more thanks": ending("！！谢谢", "！！好的"),
    "decimals": ending("有4.5", "有3.5", "有2.5"),
    "times": ending("在12:30", "在08:15"),
    "quiz": [f"{'ABCD'[number % 4]}. {text}" for number, text in enumerate(TEXTS)],
    "dialogue": [f"{'甲乙'[number % 2]}：{text}" for number, text in enumerate(TEXTS)],
    "contractions": [f"We saw number {n}, but they {'do' if n % 2 else 'ca'}n't" for n in range(60)],
    "hyphens": [
        f"Item {n} was bought {'second' if n % 2 else 'left'}-{'hand' if n % 2 else 'over'}" for n in range(60)
    ],
    "quotations": [f"“{text}”" for text in TEXTS],
    "brackets": ending("（好）", "（差）"),
}


@pytest.mark.parametrize(
    "lines",
    [
        [f"\t{text}" for text in TEXTS],
        [f"    \t{text}\t" for text in TEXTS],
        ["\t".join(text[: 4 + number % 4]) for number, text in enumerate(TEXTS)],
        [f"{text}，好" for text in TEXTS],
        [f"用__label__前缀标注，{text}" for text in TEXTS],
        [f"{text}，写作 __label__ 即可" for text in TEXTS],
        ["床前明月光,疑是地上霜", "举头望明月,低头思故乡"] * 3,
        [f"{text} {number}" for number, text in enumerate(TEXTS)],
        [f"{number}. {text}" for number, text in enumerate(TEXTS)],
        *PROSE.values(),
    ],
    ids=["indented", "more", "spread", "ending alike", "prose", "no name", "verse", "numbers", "a list", *PROSE],
)
def test_prose_stays_as_it_is(tmp_path, lines):
    (tmp_path / "a.txt").write_text("\n".join(lines), encoding="utf-8")
    notes = []
    read = list(read_texts([tmp_path / "a.txt"], on_note=notes.append))
    assert [(text.text, text.label) for text in read] == [(line, None) for line in lines]
    assert notes == []
    expected = dict.fromkeys(lines)
    manifest = tiankong.prepare([*lines, *TEXTS], tmp_path / "out", **SMALL).manifest
    assert manifest.labels == []
    assert len(expected) <= sum(split.texts for split in manifest.splits.values())


REFUSED = {
    "mixed": ([f"{text}\t{label}" for text, label in PAIRS[:40]] + TEXTS[40:], "20 of the first 60 .* 41: label all"),
    "two columns": ([f"{number}\t{text}" for number, text in enumerate(TEXTS)], "have 2 columns, separated by tabs"),
    "parallel": ([f"{text}\t{text[::-1]}。" for text in TEXTS], "have 2 columns"),
    "scores": ([f"{text}\t0.{number:02}" for number, text in enumerate(TEXTS)], "have 2 columns"),
    "three columns": ([f"{number}\t{text}\t{label}" for number, (text, label) in enumerate(PAIRS)], "have 3 columns"),
    "a table": ([f"a{n % 7}\t{n}\t{n * 7}\t{n * 9}" for n in range(40)], "have 4 columns"),
    "a header": (["text\tlabel", *(f"{text}\t{label}" for text, label in PAIRS)], "1 of .* holds the names of columns"),
    "a header, commas": (["label,review", *(f"{label},{text}" for text, label in PAIRS)], "the names of columns"),
    "a comma": ([f"{text},{label}" for text, label in PAIRS], "seem to end in a label, such as '0', beside ','"),
    "a comma, first": ([f"{label},{text}" for text, label in PAIRS], "seem to begin with a label, such as '0'"),
    "a bar": ([f"{label}|{text}" for text, label in PAIRS], r"such as '0', beside '\|'"),
    "two colons": ([f"{text}::{label}" for text, label in PAIRS], "such as '0', beside '::'"),
    "a control": ([f"{text}\x01{label}" for text, label in PAIRS], r"beside '\\x01'"),
    "a space": ([f"{label} {text}" for text, label in PAIRS], "such as '0', beside ' '"),
    **{
        f"the mark {mark!r}": ([f"{text}{mark}{label}" for text, label in PAIRS], "seem to end in a label, such as '0'")
        for mark in (
            "~",
            "^",
            "\x1f",
            "，，",
            "；",
            "｜",
            "#",
            "&&",
            "->",
            "@@@",
            " ## ",
            "__",
            "，",
            " - ",
            "=>",
            "：",
        )
    },
    **{
        f"the mark {mark!r}, first": ([f"{label}{mark}{text}" for text, label in PAIRS], "seem to begin with a label")
        for mark in ("^", "\x1f", "｜", "&&", "->", "@@@")
    },
    "words behind a mark": (ending("，好评", "，差评"), "seem to end in a label, such as '好评', beside '，'"),
    "words behind a wide bar": (ending("｜快", "｜慢"), "beside '｜'"),
    "commas, three": ([f"{n},,{text},,{label}" for n, (text, label) in enumerate(PAIRS)], "have 3 columns, separated"),
    "commas, an id": ([f"{text},,{label},,{n}" for n, (text, label) in enumerate(PAIRS)], "separated by ,,"),
    **{
        f"a header, {header}": ([header, *TEXTS], "1 of .* holds the names of columns")
        for header in ("评论\t标签", "句子,,极性", "sentence\tpolarity", "类别|内容", "id;评论;情感", "text@@@class")
    },
    "JSON": ([json.dumps({"text": text, "label": label}) for text, label in PAIRS], "hold JSON, and no texts"),
    "JSON lists": ([json.dumps([text, label]) for text, label in PAIRS], "hold JSON"),
    "tags": ([f"<p class='a'>{text}</p>" for text in TEXTS], "hold tags, as HTML and XML do"),
    "Markdown": ([f"| {text} | {label} |" for text, label in PAIRS], "hold the rows of a Markdown table"),
    "CoNLL": ([f"{character} O" for text in TEXTS for character in text], "a token and its tag each"),
    "CoNLL, names": (["张 B-PER", "三 I-PER", "来 O", "了 O", ""] * 20, "a token and its tag each"),
    "segmentation": (["质\tB", "量\tE", "很\tS", "好\tS"] * 20, "a token and its tag each"),
    "libsvm": ([f"{label} 1:0.5 {n + 2}:1" for n, (_, label) in enumerate(PAIRS)], "numbered features, as libsvm's do"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_columns_in_other_forms_are_refused(tmp_path, case):
    lines, message = REFUSED[case]
    (tmp_path / "a.txt").write_text("\n".join(lines), encoding="utf-8")
    for source in (tmp_path / "a.txt", lines, iter(lines)):
        with pytest.raises(SourceError, match=message) as refused:
            tiankong.prepare(source, tmp_path / "out", **SMALL)
        assert ("rename the file" in str(refused.value)) <= (source == tmp_path / "a.txt")
        assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("a.csv", "0,质量很好"),
        ("a.csv", "质量很好，推荐,0"),
        ("a.tsv", "质量很好\t1"),
        ("a.csv", "__label__1,质量很好"),
    ],
)
def test_a_table_without_a_header_is_refused(tmp_path, name, first):
    (tmp_path / name).write_text(f"{first}\n{first}\n", encoding="utf-8")
    with pytest.raises(SourceError, match="begins with what looks like a row, not the names of columns"):
        list(read_texts([tmp_path / name]))


def test_a_lone_column_headed_by_a_number_is_read(tmp_path):
    (tmp_path / "a.csv").write_text("0\n质量很好\n", encoding="utf-8")  # as pandas writes a nameless series
    assert [text.text for text in read_texts([tmp_path / "a.csv"])] == ["质量很好"]


def read(path):
    notes = []
    texts = [(text.text, text.label) for text in read_texts([path], on_note=notes.append)]
    return texts, notes


@pytest.mark.parametrize("mark", ["\t", ",,"])
def test_a_few_labels_are_pointed_out(tmp_path, mark):
    lines = [f"{text}{mark}好" if number % 5 == 0 else text for number, text in enumerate(TEXTS)]
    (tmp_path / "a.txt").write_text("\n".join(lines), encoding="utf-8")
    texts, [note] = read(tmp_path / "a.txt")
    assert texts == [(line, None) for line in lines]
    assert "12 of the first 60 lines end in a tab or ,, and a short value; they are read as text" in note


@pytest.mark.parametrize("form", ["tab", "tab, first", "commas", "commas, first"])
def test_later_lines_of_another_form_are_pointed_out(tmp_path, form):
    labelled, other = FORMS[form], FORMS[form.removesuffix(", first") if "first" in form else f"{form}, first"]
    pairs = [(f"第{number}次{text}", label) for number in range(20) for text, label in PAIRS]
    lines = [labelled.format(text=text, label=label) for text, label in pairs]
    (tmp_path / "a.txt").write_text("\n".join([*lines, *TEXTS]), encoding="utf-8")
    texts, notes = read(tmp_path / "a.txt")
    assert texts == [*pairs, *((text, None) for text in TEXTS)]
    assert "60 lines are not of the form" in notes[-1]
    assert "the first on line 1201" in notes[-1]

    turned = [other.format(text=text, label=label) for text, label in PAIRS]
    for source in (tmp_path / "a.txt", [*lines, *turned]):
        (tmp_path / "a.txt").write_text("\n".join([*lines, *turned]), encoding="utf-8")
        with pytest.raises(SourceError, match=r" 1201 of .* its label at the other end than the first 1,000"):
            tiankong.prepare(source, tmp_path / "out", **SMALL)

    plain = [text for text, _ in pairs]
    if "first" not in form:
        (tmp_path / "a.txt").write_text("\n".join([*plain, *lines_of(form)]), encoding="utf-8")
        texts, [note] = read(tmp_path / "a.txt")
        assert "60 lines end in a tab or ,, and a short value, the first on line 1201" in note


def test_pairs_without_a_label_are_texts_as_they_stand(tmp_path):
    texts = [f"{text},{label}" for text, label in PAIRS]
    manifest = tiankong.prepare([(text, None) for text in texts], tmp_path / "pairs", **SMALL).manifest
    assert manifest.labels == []
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, texts)), encoding="utf-8")
    assert read(tmp_path / "a.jsonl") == ([(text, None) for text in texts], [])


@pytest.mark.parametrize("header", ["text,label", "text"])
@pytest.mark.parametrize("mark", ["\t", ";", "|", "@@@"])
def test_rows_with_another_separator_than_the_header_are_refused(tmp_path, header, mark):
    (tmp_path / "a.csv").write_text(f"{header}\n" + "\n".join(f"{t}{mark}{n}" for t, n in PAIRS), encoding="utf-8")
    with pytest.raises(SourceError, match=r"the rows of .* seem to end in a label, such as '0', beside"):
        read(tmp_path / "a.csv")


@pytest.mark.parametrize(
    "header", ["评论,标签", "评论,情感", "评价,类别", "text,sentiment", "text,Labels", '"text", "label"', "内容 , 分类"]
)
def test_usual_names_of_labels_are_known(tmp_path, header):
    rows = "".join(f'"{text}", "{label}"\n' if '", "' in header else f"{text},{label}\n" for text, label in PAIRS)
    (tmp_path / "a.csv").write_text(f"{header}\n{rows}", encoding="utf-8")
    assert read(tmp_path / "a.csv") == (PAIRS, [])


def test_columns_that_are_not_read_are_named(tmp_path):
    (tmp_path / "a.csv").write_text("id,text,好坏\n1,质量很好,1\n", encoding="utf-8")
    _, [note] = read(tmp_path / "a.csv")
    assert (
        "only 'text' is read, not 'id', '好坏'; name that of the labels, if there is one, with `label_column`" in note
    )
    (tmp_path / "b.csv").write_text("text,label\n质量很好,\n", encoding="utf-8")
    _, [note] = read(tmp_path / "b.csv")
    assert "its column 'label' holds no label" in note
    (tmp_path / "c.jsonl").write_text('{"text": "质量很好", "category": ["a", "b"]}', encoding="utf-8")
    texts, [note] = read(tmp_path / "c.jsonl")
    assert texts == [("质量很好", None)]
    assert "'category'" in note


@pytest.mark.parametrize(
    "header", ["id@@@text@@@label", "编号｜评论｜标签", "id&&text&&x", "id->评论", '"编号";"评论"']
)
def test_headers_with_unusual_separators_are_refused(tmp_path, header):
    (tmp_path / "a.csv").write_text(f"{header}\n{header}\n", encoding="utf-8")
    with pytest.raises(SourceError, match=r"separates its columns by '(@@@|｜|&&|->|;)'"):
        read(tmp_path / "a.csv")


def test_the_separator_that_excel_is_told_is_obeyed(tmp_path):
    (tmp_path / "a.csv").write_text("sep=;\ntext;label\n质量很好;1\n", encoding="utf-8")
    assert read(tmp_path / "a.csv") == ([("质量很好", "1")], [])
