"""Typing errors that break a word: found with reviews-zh, by Python and the command line, and not invented."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import succeed
from tiankong.model import load
from tiankong.runtime.similar_words import SimilarWords
from tiankong.text.confusable import confused_with, looking_like, sounding_like
from tiankong.text.vocabulary import Vocabulary

DATA = Path(__file__).parents[2] / "benchmarks" / "typing_errors"


@pytest.fixture(scope="module")
def model():
    return load("reviews-zh", threads=1)


def flagged(words):
    return [word for word in words if not word["fits"]]


@pytest.mark.parametrize(
    ("text", "wrong", "meant"),
    [
        ("早餐种类封富，味道不错", "封富", "丰富"),
        ("屏目很清晰，画质好", "屏目", "屏幕"),
        ("房间很干静，服务也好", "干静", "干净"),
        ("衣服有点退涩", "退涩", "退色"),
        ("运行诉度很快，玩游戏不卡", "诉度", "速度"),
        ("安装师博很专业", "师博", "师傅"),
        ("一直在这家店买，直得信赖", "直得", "值得"),
        ("卫生问的水龙头一直漏水", "卫生问", "卫生间"),
        ("ＸＬ码很好，屏目&nbsp;很清晰", "屏目", "屏幕"),
    ],
)
def test_a_broken_word_is_flagged_once_with_what_was_meant(model, capsys, text, wrong, meant):
    words = model.check(text)
    start = text.index(wrong)
    assert [(word["word"], word["start"], word["end"]) for word in flagged(words)] == [
        (wrong, start, start + len(wrong))
    ]
    assert flagged(words)[0]["suggestions"][0]["token_str"] == meant
    succeed("check", "--model", "reviews-zh", text)
    assert capsys.readouterr().out.splitlines()[0].split("\t")[:2] == [wrong, f"{start}-{start + len(wrong)}"]
    succeed("check", "--model", "reviews-zh", "--json", text)
    assert json.loads(capsys.readouterr().out)["words"] == words


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("物流也很苹果", "苹果"),
        ("屏幕很香蕉，画质好", "香蕉"),
        ("房间很雨伞，住得舒服", "雨伞"),
        ("快递很洗发水，第二天就到了", "洗发水"),
        ("这本书很鞋子，孩子喜欢", "鞋子"),
    ],
)
def test_a_word_that_has_nothing_to_do_there_is_flagged_in_a_short_text(model, capsys, text, wrong):
    start = text.index(wrong)
    words = model.check(text, precision=0.7)
    assert [(word["word"], word["start"]) for word in flagged(words)] == [(wrong, start)]
    succeed("check", "--model", "reviews-zh", "--precision", "0.7", text)
    assert capsys.readouterr().out.splitlines()[0].split("\t")[:2] == [wrong, f"{start}-{start + len(wrong)}"]


@pytest.mark.parametrize("text", ["物流也很快", "屏幕很清晰，画质好", "房间很舒服，住得满意", "快递很快，第二天就到了"])
def test_the_same_texts_with_a_word_that_fits_are_not_flagged(model, text):
    assert flagged(model.check(text, precision=0.7)) == []


@pytest.mark.parametrize(
    "text", ["早餐种类丰富，味道不错", "屏幕很清晰，画质好", "房间很干净，服务也好", "衣服有点褪色"]
)
def test_the_right_words_are_not_flagged(model, text):
    assert flagged(model.check(text)) == []


def test_every_part_is_reported_once_and_in_order(model):
    for line in (DATA / "errors.tsv").read_text(encoding="utf-8").splitlines():
        text = line.split("\t")[2]
        for precision in (0.2, 0.8):
            words = model.check(text, precision)
            assert all(before["end"] <= after["start"] for before, after in itertools.pairwise(words))
            assert [text[word["start"] : word["end"]] for word in words] == [word["word"] for word in words]


def test_most_errors_are_found_and_few_invented(model):
    """The figures of docs/lab/0027-typing-errors.md, with a margin."""
    found = total = false = words = 0
    for line in (DATA / "errors.tsv").read_text(encoding="utf-8").splitlines():
        _, _, wrong, right = line.split("\t")
        place = next(at for at, (one, other) in enumerate(zip(wrong, right, strict=True)) if one != other)
        total += 1
        found += any(word["start"] <= place < word["end"] for word in flagged(model.check(wrong)))
        checked = model.check(right)
        words += len(checked)
        false += len(flagged(checked))
    assert found / total > 0.6
    assert false / words < 0.014
    formal = [model.check(line) for line in (DATA / "formal.txt").read_text(encoding="utf-8").splitlines()]
    assert sum(len(flagged(checked)) for checked in formal) <= 2
    assert sum(map(len, formal)) > 300


def test_characters_that_are_typed_for_each_other():
    assert {"封", "丰"} <= sounding_like("风")
    assert "静" in sounding_like("净")
    assert "生" in sounding_like("森")  # often merged
    assert "间" in looking_like("问")
    assert "博" in looking_like("傅")
    for character in "博问静很历荐":
        assert character not in confused_with(character)
        assert all(character in confused_with(other) for other in confused_with(character))
    assert confused_with("a") == frozenset()


WORDS = ["丰富", "封面", "财富", "富", "符", "receive", "definitely", "form", "from", "cat", "丰富多彩", "x100"]


@pytest.mark.parametrize(
    ("typed", "alike", "near"),
    [
        ("封富", {"丰富"}, {"封面", "财富"}),
        ("丰富", set(), {"财富"}),
        ("付", {"符", "富"}, set()),
        ("recieve", {"receive"}, set()),
        ("recive", {"receive"}, set()),
        ("definately", {"definitely"}, set()),
        ("fom", set(), {"form", "from"}),
        ("foorm", set(), {"form"}),
        ("x101", set(), set()),
        ("丰富多采", {"丰富多彩"}, set()),
        ("", set(), set()),
    ],
)
def test_words_one_edit_away(typed, alike, near):
    vocabulary = Vocabulary(WORDS, range(len(WORDS), 0, -1))
    similar = SimilarWords(vocabulary).similar(typed)
    forms = np.array(vocabulary.words)
    assert set(forms[similar.words[similar.alike]]) == alike
    assert set(forms[similar.words[~similar.alike]]) == near
