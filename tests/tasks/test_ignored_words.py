"""Words that ``check`` never flags: from Python, the command line and over HTTP alike."""

from __future__ import annotations

import json

import pytest

from tests.conftest import succeed
from tiankong.cli.main import run
from tiankong.config import PrepareConfig
from tiankong.errors import OptionError
from tiankong.model import load
from tiankong.request.ignored_words import parse_ignored

TEXT = "衣服颜色很正，穿着很合身，物流也很苹果"
LOWEST = 0.01


@pytest.fixture(scope="module")
def model():
    return load("reviews-zh", threads=1)


def flagged(words):
    return [word["word"] for word in words if not word["fits"]]


def test_an_ignored_word_is_not_flagged_and_others_are(model):
    assert "苹果" in flagged(model.check(TEXT))
    words = model.check(TEXT, ignore=["苹果"])
    assert "苹果" not in flagged(words)
    assert [word["suggestions"] for word in words if word["word"] == "苹果"] == [[]]
    assert "苹果" in flagged(model.check(TEXT, ignore=["合身", "苹果树"]))
    both = model.check([TEXT, "电池很苹果"], ignore={"苹果"})
    assert ["苹果" in flagged(words) for words in both] == [False, False]


@pytest.mark.parametrize(
    ("text", "typed", "ignore"),
    [
        ("这件ＡＫ４７外套很好", "ＡＫ４７", "ak47"),
        ("这件AK47外套很好", "AK47", "ＡＫ47"),
        ("送的欧若兰思面霜很好用", "欧若兰思面霜", "欧若兰思面霜"),
        ("送的 O&amp;G 面霜很好用", "O&amp;G 面霜", "o&g 面霜"),
        ("送的 KuoLa  X1 面霜很好用", "KuoLa  X1", "kuola x1"),
        ("我和张晓苕去看了", "张晓苕", "张晓苕"),
        ("早餐种类封富，味道不错", "封富", "封富"),
        ("早餐种类封富，味道不错", "种类封富", "种类封富"),
    ],
)
def test_listed_words_and_phrases_are_normalised_as_texts_are(model, text, typed, ignore):
    start = text.index(typed)

    def flagged_there(*words):
        found = model.check(text, precision=LOWEST, ignore=words)
        return [
            word["word"]
            for word in found
            if not word["fits"] and word["start"] < start + len(typed) and start < word["end"]
        ]

    assert flagged_there("别的词")
    assert flagged_there(ignore) == []


@pytest.mark.parametrize(
    ("segmenter", "text", "ignore", "word", "known", "covered"),
    [
        ("rjieba", "我和张晓苕去", "张晓苕", "张晓苕", False, True),
        ("rjieba", "我和张晓苕去", "张晓苕", "和张", True, True),
        ("rjieba", "我和张晓苕去", "张晓苕", "苕去", False, True),
        ("rjieba", "我和张晓苕去", "张晓苕", "我", True, False),
        ("rjieba", "我和张晓苕去", "张晓苕", "和张晓苕", False, True),
        ("rjieba", "收到好评", "收到", "收到好评", True, False),
        ("rjieba", "收到好平", "好", "好平", False, False),
        ("rjieba", "收到好评", "好", "好评", True, False),
        ("whitespace", "a Kuola  X1 lamp", "kuola x1", "X1", False, True),
        ("whitespace", "smart inn", "art in", "smart", True, False),
        ("whitespace", "an artist", "art", "artist", False, False),
    ],
)
def test_which_words_a_listed_one_covers(segmenter, text, ignore, word, known, covered):
    places = parse_ignored([ignore], PrepareConfig(segmenter=segmenter)).places(text)
    start = text.index(word)
    assert places.cover(start, start + len(word), known=known) is covered


@pytest.mark.parametrize(
    ("ignore", "problem"),
    [
        ("苹果", "ignore must be a list of words"),
        ([1], "ignore must be a list of words"),
        (3, "ignore must be a list of words"),
        (["苹果", " "], "ignore has an empty word"),
        (["\u200b"], "ignore has an empty word"),
        (["\ud800"], "ignore has a word that is not valid Unicode"),
        (["词"] * 100_001, "too many"),
    ],
)
def test_what_is_no_list_of_words_is_refused(model, ignore, problem):
    with pytest.raises(OptionError, match=problem):
        model.check(TEXT, ignore=ignore)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_file_of_words(model, tmp_path, capsys, encoding):
    file = tmp_path / "ignored.txt"
    file.write_bytes("很苹果 \r\n\r\n  \n\u3000\nO&G 面霜\r\n".encode(encoding))
    succeed("check", "--model", "reviews-zh", "--ignore", file, "--json", TEXT)
    assert json.loads(capsys.readouterr().out)["words"] == model.check(TEXT, ignore=["很苹果", "O&G 面霜"])
    succeed("check", "--model", "reviews-zh", "--ignore", file, TEXT)
    assert "苹果" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "problem"),
    [(None, "can't be read"), (b"\n \n\xe2\x80\x8b\n", "leave --ignore out"), (b"\xff\xff\x00", "not a text file")],
)
def test_a_file_without_readable_words_is_refused(tmp_path, capsys, content, problem):
    file = tmp_path / "ignored.txt"
    if content is not None:
        file.write_bytes(content)
    assert run(["check", "--ignore", str(file), TEXT]) == 2
    printed = capsys.readouterr()
    assert problem in printed.err
    assert str(file) in printed.err
    assert printed.out == ""
