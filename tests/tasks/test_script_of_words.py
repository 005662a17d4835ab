"""Words given with a text, in either script: constraints, targets, candidates and extra words."""

from __future__ import annotations

import pytest

import tiankong
from tests.answers import same, words
from tiankong.errors import OptionError
from tiankong.text.conversion import to_simplified


@pytest.fixture(scope="module")
def model():
    return tiankong.load("reviews-zh", threads=1)


def test_constraints_are_read_as_the_sentence_and_hold(model):
    sentence, twin = "外觀__，很喜歡", "外观__，很喜欢"
    assert "不錯" in words(model.fill(sentence))[0]
    assert "不錯" not in words(model.fill(sentence, exclude=["不錯"]))[0]
    for options, of_twin in (
        ({"starts_with": "時"}, {"starts_with": "时"}),
        ({"ends_with": "觀"}, {"ends_with": "观"}),
        ({"contains": "覺"}, {"contains": "觉"}),
        ({"pattern": "[時美].{1}|不錯"}, {"pattern": "[时美].{1}|不错"}),
        ({"exclude": ["漂亮", "美觀"]}, {"exclude": ["漂亮", "美观"]}),
    ):
        found, expected = model.fill(sentence, **options), model.fill(twin, **of_twin)
        assert expected
        assert [to_simplified(word) for word in words(found)[0]] == words(expected)[0]


def test_answers_meet_constraints_as_they_are_shown(model):
    for sentence, options, good in (
        ("這個__很好看", {"starts_with": "發"}, lambda word: word[0] == "發"),
        ("這個__很好看", {"starts_with": "髮"}, lambda word: word[0] == "髮"),
        ("這個__很好看", {"starts_with": "发"}, lambda word: word[0] in "發髮"),
        ("這件衣服很__", {"contains": "乾"}, lambda word: "乾" in word),
        ("這件衣服很__", {"contains": "幹"}, lambda word: "幹" in word),
        ("這個__很好看", {"pattern": "髮."}, lambda word: word[0] == "髮"),
        ("房間__很大", {"ends_with": "裡"}, lambda word: word[-1] == "裡"),
        ("房間__很大", {"ends_with": "裏"}, lambda word: word[-1] == "裡"),
        ("看着房間__很大", {"ends_with": "裡"}, lambda word: word[-1] == "裏"),
        ("看着房間__很大", {"ends_with": "裏"}, lambda word: word[-1] == "裏"),
    ):
        found = words(model.fill(sentence, top_k=50, **options))[0]
        assert len(found) > 2
        assert all(map(good, found)), (sentence, options, found)
    assert words(model.fill("洗完頭__很乾", starts_with="髮", length=1)) == [["髮"]]
    joint = model.joint("這個__很好看，那個也__", starts_with="髮", top_k=2)
    assert all(one[0] == "髮" for answer in joint for one in answer["token_strs"])


def test_a_pattern_matches_answers_as_they_are_shown(model):
    for sentence, pattern, good in (
        ("質量__", "不\\u932f", ["不錯"]),
        ("質量__", "不錯", ["不錯"]),
        ("质量__", "不\\u9519", ["不错"]),
        ("质量__", "[門-開]", []),
        ("质量__", "髮.", []),
        ("质量__", "[\\u5e72]净", ["干净"]),
        ("質量__", "[\\u4e7e]淨", ["乾淨"]),
        ("質量__", "[\\u5e72]淨", []),
        ("洗完頭__很乾", "髮", ["髮"]),
    ):
        assert words(model.fill(sentence, pattern=pattern)) == [good], (sentence, pattern)
    found = words(model.fill("質量__", pattern="[\\u4e00-\\u9fff]\\u932f", top_k=50))[0]
    assert len(set(found)) == len(found) > 3
    assert all(word[1] == "錯" for word in found)
    for sentence in ("质量__", "質量__"):
        with pytest.raises(OptionError, match=r"the pattern '\[開-門\]' is not"):
            model.fill(sentence, pattern="[開-門]")
        assert words(model.fill(sentence, targets=["不錯"], pattern="不錯")) == [["不錯"]]


def test_constraints_on_a_simplified_sentence_are_converted(model):
    sentence = "这个酒店的房间很__"
    for traditional, simplified in (
        ({"starts_with": "乾"}, {"starts_with": "干"}),
        ({"contains": "乾"}, {"contains": "干"}),
        ({"starts_with": "髮"}, {"starts_with": "发"}),
        ({"ends_with": "淨"}, {"ends_with": "净"}),
        ({"exclude": ["乾淨", "乾"]}, {"exclude": ["干净", "干"]}),
    ):
        found = model.fill(sentence, **traditional)
        assert found
        assert found == model.fill(sentence, **simplified)
    assert "著名" in words(model.fill(sentence, starts_with="著"))[0], "simplified text has it"
    assert model.fill(sentence, starts_with="乾", script="as-is") == []


def test_targets_that_become_the_same_word_are_refused(model):
    for sentence in ("房間__有點舊", "房间__有点旧"):
        with pytest.raises(OptionError, match="'裡面' and '裏面' are the same to this model: remove one"):
            model.fill(sentence, targets=["裡面", "裏面", "里面"])
        with pytest.raises(OptionError, match="'里面' and '裡面' are the same"):
            model.joint(f"{sentence}，__", targets=["里面", "裡面"])
        assert words(model.fill(sentence, targets=["里面", "里面"])) == [["里面"]]


def test_targets_and_candidates_come_back_as_given(model):
    given_words = ["不錯", "太差了", "很一般", "性價比"]
    found = model.fill("質量__，很失望", targets=given_words)
    assert {answer["token_str"] for answer in found} == set(given_words)
    twins = model.fill("质量__，很失望", targets=["不错", "太差了", "很一般", "性价比"])
    same([answer["score"] for answer in found], [answer["score"] for answer in twins])
    in_simplified = model.fill("质量__，很失望", targets=["不錯", "性價比"])
    assert {answer["token_str"] for answer in in_simplified} == {"不錯", "性價比"}
    ranked = model.rank("質量__，很失望", given_words)
    same(
        [entry["score"] for entry in ranked],
        [entry["score"] for entry in model.rank("质量__，很失望", ["不错", "太差了", "很一般", "性价比"])],
    )
    assert {entry["candidate"] for entry in ranked} == set(given_words)
    assert all(entry["sequence"] == f"質量{entry['candidate']}，很失望" for entry in ranked)
    with pytest.raises(OptionError, match="'不錯' and '不错' are the same to this model"):
        model.rank("質量__，很失望", ["不錯", "不错"])


def test_extra_words_are_read_converted_and_shown_as_given():
    model = tiankong.load("reviews-zh", threads=1, words=["鍾記麵", "质感棒"])
    assert model.segment("鍾記麵很好吃")[0] == {"word": "鍾記麵", "start": 0, "end": 3, "kind": "word", "known": True}
    assert model.segment("钟记面很好吃")[0]["word"] == "钟记面"
    for question, name, other in (("早餐吃__，不錯", "鍾記麵", "質感棒"), ("早餐吃__，不错", "钟记面", "质感棒")):
        assert words(model.fill(question, starts_with=name[:2])) == [[name]]
        assert words(model.fill(question, pattern=other)) == [[other]]
    as_typed = tiankong.load("reviews-zh", threads=1, words=["鍾記麵"], script="as-is")
    assert as_typed.segment("鍾記麵很好吃")[0]["known"]


@pytest.mark.parametrize(
    ("traditional", "simplified"),
    [
        ("質量不__", "质量不__"),
        ("手機用了兩天就壞__", "手机用了两天就坏__"),
        ("房間不__，有點失望", "房间不__，有点失望"),
    ],
)
def test_part_of_a_word(model, traditional, simplified):
    found = model.fill(traditional, part_of_word=True)
    twins = model.fill(simplified, part_of_word=True)
    assert [to_simplified(answer["token_str"]) for answer in found] == [answer["token_str"] for answer in twins]
    start = traditional.partition("__")[0]
    assert found
    assert all(answer["sequence"].startswith(start) for answer in found)
