"""Traditional Chinese read by a model of simplified Chinese: which texts are converted, and what answers look like."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tiankong
from tests.answers import blanks, same, words
from tests.tasks.twins import TWINS
from tiankong.errors import OptionError
from tiankong.text.conversion import to_simplified


@pytest.fixture(scope="module")
def model():
    return tiankong.load("reviews-zh", threads=1)


@pytest.mark.parametrize(("traditional", "simplified"), TWINS)
def test_a_sentence_is_answered_as_its_simplified_twin_in_its_own_script(model, traditional, simplified):
    found, expected = model.fill([traditional, simplified], top_k=10)
    for answers, twins in zip(blanks(found), blanks(expected), strict=True):
        same([answer["score"] for answer in answers], [answer["score"] for answer in twins])
        assert [answer["token"] for answer in answers] == [answer["token"] for answer in twins]
        assert [to_simplified(answer["token_str"]) for answer in answers] == [answer["token_str"] for answer in twins]
        assert [to_simplified(answer["sequence"]) for answer in answers] == [
            to_simplified(answer["sequence"]) for answer in twins
        ]


def test_answers_are_in_the_script_of_the_question(model):
    assert words(model.fill("質量__，很失望", top_k=6)) == [["不好", "很差", "不行", "差", "一般", "不怎麼樣"]]
    answer = model.fill("早餐種類__，味道不錯", top_k=1, targets=["丰富"])[0]
    assert answer["token_str"] == "丰富", "a target is shown as it was given"
    assert "乾淨" in words(model.fill("這個酒店的房間很__，服務也好", top_k=5))[0]
    assert words(model.fill("這__的質量很好", top_k=3, starts_with="里面")) == [["裡面"]], "Taiwan's"
    assert words(model.fill("看着這__的質量很好", top_k=3, starts_with="里面")) == [["裏面"]], "Hong Kong's"


def test_a_word_of_one_character_is_written_for_its_place(model):
    found = model.fill(["一__貓很可愛，叫聲很好聽", "這裡的衣服沒有曬__"], targets=["只", "干", "好"], exclude=["好"])
    assert [answer["token_str"] for answer in found[0]] == ["只", "干"], "as given"
    reader = model.predictor.reader("auto", "這隻貓")
    assert reader.written(["只", "发"], "一", "貓很可愛")[0] == "隻"
    assert reader.written(["发"], "頭", "很長") == ["髮"]
    assert reader.written(["发"], "快遞", "得很慢") == ["發"]


def test_no_conversion_of_what_is_typed_as_is(model):
    assert model.read_as("質量__，很失望") == "simplified"
    assert model.read_as("質量__，很失望", script="as-is") is None
    as_typed = model.fill("質量__，很失望", script="as-is")
    assert words(as_typed) != words(model.fill("質量__，很失望"))
    other = tiankong.load("reviews-zh", threads=1, script="as-is")
    same(other.fill("質量__，很失望"), as_typed)
    same(pickle.loads(pickle.dumps(other)).fill("質量__，很失望"), as_typed)
    assert other.fill("質量__，很失望", script="auto") == model.fill("質量__，很失望")
    for wrong in ("traditional", 3):
        with pytest.raises(OptionError, match="`script` must be auto or as-is"):
            model.fill("質量__，很失望", script=wrong)
        with pytest.raises(OptionError, match="`script` must be auto or as-is"):
            tiankong.load(script=wrong)


@pytest.mark.parametrize(
    "text",
    [
        "この製品の質は__です。發送も早い",  # Japanese
        "質量が__",
        "品質은 __ 좋아요, 發送",  # Korean
        "the quality is __, very good",
        "乾隆皇帝的后代住在__",  # characters that simplified text has, too
        "著名品牌，慰藉心灵的__",
        "瞭望塔上的风景很__",
        "陶喆的歌很__，朱镕基也喜欢",  # simplified characters outside GB 2312
    ],
)
def test_what_is_not_traditional_chinese_is_read_as_typed(model, text):
    assert model.read_as(text) is None
    assert model.fill(text) == model.fill(text, script="as-is")


@pytest.mark.parametrize(
    ("traditional", "simplified"),
    [
        ("穿著很舒服，用著也__", "穿着很舒服，用着也__"),
        ("看著不__", "看着不__"),
        ("晾乾就__了", "晾干就__了"),
        ("瞭解__", "了解__"),
        ("徵信__", "征信__"),
        ("用不著__", "用不着__"),
        ("放在口袋里不乾__", "放在口袋里不干__"),
        ("不要著急，__", "不要着急，__"),
        ("我等著__", "我等着__"),
        ("吹乾后看著__", "吹干后看着__"),
        ("用藉口__", "用借口__"),
        ("象徵__", "象征__"),
        ("原著很好看，電影也__", "原著很好看，电影也__"),
    ],
)
def test_a_character_of_both_scripts_is_read_by_its_word(model, traditional, simplified):
    assert model.read_as(traditional) == "simplified"
    assert model.read_as(simplified) is None
    found, expected = model.fill([traditional, simplified], 50)
    by_word = Counter()  # in traditional text, what is shown alike is one answer
    for answer in expected:
        by_word[to_simplified(answer["token_str"])] += answer["score"]
    same([answer["score"] for answer in found[:10]], [by_word[to_simplified(one["token_str"])] for one in found[:10]])
    assert [answer["token"] for answer in found[:10]] == [answer["token"] for answer in expected[:10]]


def test_check_reads_a_character_of_both_scripts_by_its_word(model):
    for text, twin in (
        ("穿著很舒服，用著也方便", "穿着很舒服，用着也方便"),
        ("就是洗完晾乾會皺", "就是洗完晾干会皱"),
    ):
        found, expected = model.check([text, twin])
        same([word["misfit"] for word in found], [word["misfit"] for word in expected])
        assert all(word["fits"] for word in found)


@pytest.mark.parametrize(
    "text",
    [
        "老舍著",
        "鲁迅等著",
        "诸葛亮著",
        "左拉著，李清照著",
        "用著名的品牌，看著作",
        "没看过原著手稿",
        "名著重读",
        "显著，专著，土著，不著名，合著",
        "宫商角徵羽，魏徵求见，文徵明",
        "李承乾，不乾坤",
        "乾县，乾清宫，瞭望塔，瞭哨",
        "慰藉，狼藉，蕴藉",
    ],
)
def test_words_of_both_scripts_are_no_evidence(model, text):
    assert model.read_as(text) is None


@given(st.text(st.characters(codec="gb2312", exclude_characters="後於菸麽")))
def test_simplified_text_is_never_changed(text):
    model = tiankong_model()
    assert model.read_as(text) is None
    assert model.predictor.reader("auto", text).tokenizer.tokens(text) == model.predictor.tokenizer.tokens(text)


def tiankong_model(kept=[]):  # noqa: B006 - hypothesis takes no fixture of the module
    if not kept:
        kept.append(tiankong.load("reviews-zh", threads=1))
    return kept[0]


@given(st.text(st.sampled_from("質量後於乾著裡裏面麵么龥𠮷樂&#36074;发__ａ\u3000\x00\ud800が한😀é")))
def test_offsets_are_those_of_the_text_as_typed(text):
    model = tiankong_model()
    try:
        found = model.segment(text)
    except tiankong.SentenceError:
        return
    at = 0
    for word in found:
        assert word["start"] >= at
        assert text[word["start"] : word["end"]] == word["word"]
        at = word["end"]
    assert len(to_simplified(text.replace("\ud800", ""))) == len(text.replace("\ud800", ""))


def test_mixed_text_is_read_converted_and_answered_in_the_script_of_most_of_it(model):
    assert model.read_as("质量很差，後來退货了，很__") == "simplified"
    mixed, twin = model.fill(["质量很差，後來退货了，客服很__", "质量很差，后来退货了，客服很__"])
    assert words(mixed) == words(twin)
    assert mixed[0]["sequence"].startswith("质量很差，後來退货了")
    mostly = model.fill("質量很差，後來退貨了，什么__都沒有", top_k=5)
    assert words(mostly)[0] == [
        word
        for [word] in (
            model.predictor.reader("auto", "質量").written([one])
            for one in words(model.fill("质量很差，后来退货了，什么__都没有", top_k=5))[0]
        )
    ]


def test_opencc_is_loaded_only_for_a_text_that_needs_it():
    program = """
import sys, tiankong
model = tiankong.load("reviews-zh", threads=1)
model.fill("质量__，很失望😀")
model.check("房间很干净，性价比高，著名的乾隆")
assert "opencc" not in sys.modules
model.fill("質量__，很失望")
assert "opencc" in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)
