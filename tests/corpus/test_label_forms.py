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
    assert len(notes) == (form != "commas")
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


@pytest.mark.parametrize(
    "lines",
    [
        [f"\t{text}" for text in TEXTS],
        [f"    \t{text}\t" for text in TEXTS],
        [f"{text}\t好" if number % 5 == 0 else text for number, text in enumerate(TEXTS)],
        ["\t".join(text[: 4 + number % 4]) for number, text in enumerate(TEXTS)],
        [f"{text}，好" for text in TEXTS],
        [f"用__label__前缀标注，{text}" for text in TEXTS],
        [f"{text}，写作 __label__ 即可" for text in TEXTS],
        ["床前明月光,疑是地上霜", "举头望明月,低头思故乡"] * 3,
        [f"{text} {number}" for number, text in enumerate(TEXTS)],
        [f"{number}. {text}" for number, text in enumerate(TEXTS)],
    ],
    ids=["indented", "more", "a few", "spread", "ending alike", "prose", "no name", "verse", "numbers", "a list"],
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
