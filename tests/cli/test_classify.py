"""``tiankong classify``, and ``evaluate`` of labelled texts."""

from __future__ import annotations

import io
import itertools
import json
import sys
import zipfile

import pytest

from tests.tasks.test_zero_shot import BAD, GOOD, PROMPT
from tiankong.cli.main import run
from tiankong.corpus.reader import read_texts
from tiankong.corpus.splits import SPLITS, split_of, text_hash
from tiankong.evaluation.labelled import read_labelled, wilson

OPTIONS = ["--model", "reviews-zh", "--prompt", PROMPT, "--label", "1=好,不错，满意", "--label", "0=差、失望,糟糕"]


def labelled(path, rows):
    path.write_text("".join(f"{text},,{label}\n" for text, label in rows), encoding="utf-8")
    return path


@pytest.fixture
def reviews(tmp_path):
    rows = [(text, 1) for text in GOOD] + [(text, 0) for text in BAD]
    # A wrong label, and a text that is there twice.
    return labelled(tmp_path / "reviews.txt", [*rows, ("手感很差，做工粗糙", 1), (f"{GOOD[0]}！", 1)])


def test_one_text(capfd):
    assert run(["classify", *OPTIONS, GOOD[0]]) == 0
    first, second = capfd.readouterr().out.splitlines()
    assert first.startswith("1\t0.9")
    assert second.startswith("0\t")


def test_a_pipe_answers_in_order_and_goes_on_after_a_bad_line(capfd, monkeypatch):
    lines = [*GOOD, "\ud800", *BAD]
    content = io.BytesIO("\n".join(lines).encode("utf-8", "surrogatepass"))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(content, "utf-8"))
    assert run(["classify", *OPTIONS, "--json"]) == 2
    out, err = capfd.readouterr()
    answers = [json.loads(line) for line in out.splitlines()]
    assert [answer["labels"][0]["label"] if "labels" in answer else None for answer in answers] == [
        *["1"] * len(GOOD),
        None,
        *["0"] * len(BAD),
    ]
    assert "line 4: " in err
    assert [list(answer) for answer in answers if "labels" not in answer] == [["text", "error"]]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--model", "reviews-zh"], "was not trained for labels"),
        (["--prompt", PROMPT], "--prompt and --label go together"),
        ([*OPTIONS, "--label", "好"], "not of the form NAME=WORD"),
        ([*OPTIONS, "--label", "x="], "not of the form NAME=WORD"),
        ([*OPTIONS, "--label", "1=妙"], "given twice"),
        (OPTIONS[:-2], "give 2 to"),
    ],
)
def test_bad_options(arguments, words, capfd):
    assert run(["classify", *arguments, "很好"]) == 2
    assert words in capfd.readouterr().err


def test_labelled_texts_are_measured(reviews, capfd):
    assert run(["evaluate", "--labelled", str(reviews), "--split", "all", *OPTIONS, "--json"]) == 0
    found = json.loads(capfd.readouterr().out)
    assert found["texts"] == 7
    assert found["accuracy"] == pytest.approx(6 / 7)
    assert found["confusion"] == [[3, 0], [1, 3]]
    assert (found["accuracy_low"], found["accuracy_high"]) == pytest.approx(wilson(6, 7))
    bad, good = found["labels"]
    assert bad == {"label": "0", "texts": 3, "precision": 0.75, "recall": 1.0, "f1": pytest.approx(6 / 7)}
    assert good == {"label": "1", "texts": 4, "precision": 1.0, "recall": 0.75, "f1": pytest.approx(6 / 7)}
    assert found["macro_f1"] == pytest.approx(6 / 7)
    assert 0 <= found["calibration_error"] <= 1


def test_texts_without_a_word_are_left_out_and_counted(reviews, capfd):
    assert run(["evaluate", "--labelled", str(reviews), "--split", "all", *OPTIONS, "--json"]) == 0
    without = json.loads(capfd.readouterr().out)
    with reviews.open("a", encoding="utf-8") as file:
        file.write("\u200b,,1\n")
    assert run(["evaluate", "--labelled", str(reviews), "--split", "all", *OPTIONS, "--json"]) == 0
    captured = capfd.readouterr()
    found = json.loads(captured.out)
    assert {**found, "seconds": 0} == {**without, "seconds": 0}
    assert "left out, since they have no word: 1 texts" in captured.err


def test_the_interval_is_wilsons():
    # By hand: p = 0.9, n = 100, z = 1.96.
    assert wilson(90, 100) == pytest.approx((0.8256, 0.9448), abs=1e-4)
    assert wilson(0, 10)[0] == pytest.approx(0)
    assert wilson(10, 10)[1] == pytest.approx(1)


def test_a_split_is_that_of_prepare(reviews, capfd):
    counts = dict.fromkeys(SPLITS, 0)
    for text in [*GOOD, *BAD, "手感很差，做工粗糙"]:
        counts[SPLITS[split_of(text_hash(text, 1), (60, 20, 20))]] += 1
    for split, count in counts.items():
        code = run(["evaluate", "--labelled", str(reviews), "--split", split, *OPTIONS, "--json"])
        out, err = capfd.readouterr()
        if count:
            assert json.loads(out)["texts"] == count
        else:
            assert code == 2
            assert f"no labelled text falls into the {split} split" in err


@pytest.mark.parametrize(
    ("rows", "arguments", "words"),
    [
        ([(GOOD[0], 1), (BAD[0], 2)], OPTIONS, "the texts have the labels 1, 2: give --label for each"),
        ([(GOOD[0], 1)], OPTIONS[:4], "--prompt and --label go together"),
        ([(GOOD[0], 1)], ["--model", "reviews-zh"], "reviews-zh fills blanks and was not trained for labels"),
        ([(GOOD[0], 1)], [*OPTIONS, "--text", "x"], "give one of --prepared"),
        ([(GOOD[0], 1)], [*OPTIONS, "--limit", "-1"], "--limit must be"),
    ],
)
def test_what_can_not_be_measured(tmp_path, rows, arguments, words, capfd):
    file = labelled(tmp_path / "some.txt", rows)
    assert run(["evaluate", "--labelled", str(file), "--split", "all", *arguments]) == 2
    assert words in capfd.readouterr().err


@pytest.mark.parametrize("limit", [1, 7, 99, 100, 101])
def test_a_limit_takes_texts_from_all_over(tmp_path, limit):
    file = labelled(tmp_path / "many.txt", [(f"第{number}条评论很好", 1) for number in range(100)])
    found = [int(text.text[1 : text.text.index("条")]) for text in read_labelled(read_texts([file]), limit=limit)]
    assert len(found) == min(limit, 100)
    assert found == sorted(set(found))
    if 1 < limit < 100:
        gaps = {after - before for before, after in itertools.pairwise(found)}
        assert (found[0], found[-1]) == (0, 99)
        assert max(gaps) - min(gaps) <= 1


def test_a_text_without_a_label_is_named(tmp_path, capfd):
    file = tmp_path / "some.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.csv", "label,review\n1,很好\n,很差\n")
    assert run(["evaluate", "--labelled", str(file), "--column", "review", "--split", "all", *OPTIONS]) == 2
    assert f"line 3 of {file}:a.csv has no label: write" in capfd.readouterr().err


def test_options_of_one_kind_do_not_go_with_the_other(prepared, capfd):
    assert run(["evaluate", "--prepared", str(prepared), "--split", "all"]) == 2
    assert "--split all is for --labelled" in capfd.readouterr().err
    assert run(["evaluate", "--prepared", str(prepared), *OPTIONS]) == 2
    assert "are for --labelled texts" in capfd.readouterr().err
    assert run(["evaluate", "--prepared", str(prepared), "--column", "text"]) == 2
    assert "--column, --sheet and --encoding are for files" in capfd.readouterr().err
    assert run(["evaluate", "--text", "a.txt", "--split", "train"]) == 2
    assert "--split is not for --text" in capfd.readouterr().err


def test_a_picture_that_can_not_be_drawn_is_refused_before_measuring(prepared, model_folder, tmp_path, capfd):
    arguments = ["evaluate", "--model", str(model_folder), "--prepared", str(prepared)]
    assert run([*arguments, "--confusion", str(tmp_path / "a.png")]) == 2
    assert "--confusion is for labels" in capfd.readouterr().err
    assert run([*arguments, "--confusion", str(tmp_path / "nowhere" / "a.png"), "--labelled", "x"]) == 2
    (tmp_path / "folder.png").mkdir()
    capfd.readouterr()
    options = ["--confusion", str(tmp_path / "folder.png"), "--labelled", "x"]
    assert run(["evaluate", "--model", str(model_folder), *options]) == 2
    assert "folder.png is a folder: name a .png file" in capfd.readouterr().err


def test_a_limit_beyond_all_numbers_is_all(model_folder, tmp_path):
    (tmp_path / "a.txt").write_text("物流很快", encoding="utf-8")
    arguments = ["evaluate", "--model", str(model_folder), "--text", str(tmp_path / "a.txt"), "--limit", "9" * 25]
    assert run(arguments) == 0
