"""Traditional Chinese read by a model of simplified Chinese, and the reverse."""

from __future__ import annotations

import itertools
import json
import pickle
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tiankong
from tests.answers import same
from tests.conftest import TINY, succeed
from tests.tasks.twins import TWINS
from tiankong.errors import OptionError
from tiankong.request.ignored_words import parse_ignored
from tiankong.text.conversion import to_simplified


@pytest.fixture(scope="module")
def model():
    return tiankong.load(threads=1)


@pytest.fixture(scope="module")
def classifier():
    return tiankong.load("reviews-zh-sentiment", threads=1)


def blanks(answers):
    return answers if answers and isinstance(answers[0], list) else [answers]


def words(answers):
    return [[answer["token_str"] for answer in one] for one in blanks(answers)]


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
    other = tiankong.load(threads=1, script="as-is")
    same(other.fill("質量__，很失望"), as_typed)
    same(pickle.loads(pickle.dumps(other)).fill("質量__，很失望"), as_typed)
    assert other.fill("質量__，很失望", script="auto") == model.fill("質量__，很失望")
    for wrong in ("traditional", 3):
        with pytest.raises(OptionError, match="script must be auto or as-is"):
            model.fill("質量__，很失望", script=wrong)
        with pytest.raises(OptionError, match="script must be auto or as-is"):
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
    found, expected = model.fill([traditional, simplified])
    same([answer["score"] for answer in found], [answer["score"] for answer in expected])
    assert [answer["token"] for answer in found] == [answer["token"] for answer in expected]


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
        kept.append(tiankong.load(threads=1))
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
    model = tiankong.load(threads=1, words=["鍾記麵", "质感棒"])
    assert model.segment("鍾記麵很好吃")[0] == {"word": "鍾記麵", "start": 0, "end": 3, "kind": "word", "known": True}
    assert model.segment("钟记面很好吃")[0]["word"] == "钟记面"
    for question, name, other in (("早餐吃__，不錯", "鍾記麵", "質感棒"), ("早餐吃__，不错", "钟记面", "质感棒")):
        assert words(model.fill(question, starts_with=name[:2])) == [[name]]
        assert words(model.fill(question, pattern=other)) == [[other]]
    as_typed = tiankong.load(threads=1, words=["鍾記麵"], script="as-is")
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


def test_blanks_filled_together(model):
    found, twins = model.joint(["味道__，下次還會__", "味道__，下次还会__"], top_k=5)
    same([answer["score"] for answer in found], [answer["score"] for answer in twins])
    assert [answer["token_strs"] for answer in found[:3]] == [["不錯", "光顧"], ["不錯", "購買"], ["不錯", "買"]]
    assert found[0]["sequence"] == "味道不錯，下次還會光顧"


def test_explained(model):
    found, twin = model.explain("質量__，很失望"), model.explain("质量__，很失望")
    same(found["score"], twin["score"])
    assert [word["word"] for word in found["context"]] == ["質量", "，", "很", "失望"]
    same([word["influence"] for word in found["context"]], [word["influence"] for word in twin["context"]])
    assert model.explain("質量__，很失望", word="不錯")["token_str"] == "不錯"
    same(model.explain("質量__，很失望", word="不錯")["score"], model.explain("质量__，很失望", word="不错")["score"])


def test_checked(model):
    text, twin = "這本書的味道很好，我讀了兩遍，屏目很清晰", "这本书的味道很好，我读了两遍，屏目很清晰"
    found, expected = model.check([text, twin], precision=0.5)
    for word, other in zip(found, expected, strict=True):
        assert text[word["start"] : word["end"]] == word["word"]
        same({**word, "word": "", "suggestions": []}, {**other, "word": "", "suggestions": []})
        assert [to_simplified(one["token_str"]) for one in word["suggestions"]] == [
            one["token_str"] for one in other["suggestions"]
        ]


def test_ignored_words_match_in_either_script(model):
    config = model.folder.manifest.prepare
    for text in ("快遞很給力，褲子的電池很耐用", "快递很给力，裤子的电池很耐用"):
        for script, listed in itertools.product(("auto", "as-is"), ("電池", "电池")):
            convert = model.predictor.reader(script, text).tokenizer.converted
            covered = parse_ignored([listed], config).places(text, convert).cover(9, 11, known=True)
            assert covered == (script == "auto" or listed in text)


def test_sentences_ranked(model):
    found = model.rank(["質量很好", "質量很藍"])
    expected = model.rank(["质量很好", "质量很蓝"])
    assert [entry["candidate"] for entry in found] == ["質量很好", "質量很藍"]
    same([entry["log_probability"] for entry in found], [entry["log_probability"] for entry in expected])


def test_classified(model, classifier):
    text, twin = "用了兩天就壞了，質量很差，後悔買了", "用了两天就坏了，质量很差，后悔买了"
    same(classifier.classify(text), classifier.classify(twin))
    assert classifier.classify(text) != classifier.classify(text, script="as-is")
    assert classifier.read_as(text) == "simplified"
    labels = {"好評": ["不錯", "滿意"], "差評": ["糟糕", "後悔"]}
    found = model.classify(text, prompts=["{text}，總的來說很__。"], labels=labels)
    expected = model.classify(
        twin, prompts=["{text}，总的来说很__。"], labels={"好評": ["不错", "满意"], "差評": ["糟糕", "后悔"]}
    )
    same(found, expected)
    same(model.classify(twin, prompts=["{text}，總的來說很__。"], labels=labels), expected)
    assert found != model.classify(text, prompts=["{text}，總的來說很__。"], labels=labels, script="as-is")


def test_embedded(model):
    for text, twin in TWINS[:5]:
        np.testing.assert_allclose(model.embed(text), model.embed(twin), atol=1e-5)


def test_opencc_is_loaded_only_for_a_text_that_needs_it():
    program = """
import sys, tiankong
model = tiankong.load(threads=1)
model.fill("质量__，很失望😀")
model.check("房间很干净，性价比高，著名的乾隆")
assert "opencc" not in sys.modules
model.fill("質量__，很失望")
assert "opencc" in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)


# --- models of other texts

PLACES = ["飯店", "餐廳", "麵店", "書店", "電影院", "圖書館", "醫院", "學校"]
THINGS = ["服務", "環境", "價錢", "態度", "裝潢", "燈光", "設備", "座位"]
FINE = ["親切", "乾淨", "實在", "熱情", "漂亮", "舒適", "齊全", "寬敞", "髒亂", "陳舊", "冷淡", "昂貴"]


@pytest.fixture(scope="module")
def traditional_model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("traditional")
    lines = [
        f"這家{place}的{thing}很{FINE[(one + two) % 12]}，我覺得{other}也{FINE[(one * two) % 12]}，下次還會來這裡"
        for one, place in enumerate(PLACES)
        for two, thing in enumerate(THINGS)
        for other in THINGS
        if other != thing
    ]
    (folder / "texts.txt").write_text("\n".join(lines), encoding="utf-8")
    options = ("--minimum-count", 2, "--code-bits", 0, "--quiet")
    succeed("prepare", folder / "texts.txt", "-o", folder / "prepared", *options)
    succeed("train", folder / "prepared", "-o", folder / "model", *TINY)
    return tiankong.load(folder / "model", threads=1)


@pytest.mark.trains
def test_a_model_of_traditional_text_reads_it_as_it_is(traditional_model):
    sentence = "這家醫院的服務很__，我覺得燈光也舒適"
    assert traditional_model.read_as(sentence) is None
    assert traditional_model.fill(sentence) == traditional_model.fill(sentence, script="as-is")
    assert {"乾淨", "親切"} & set(words(traditional_model.fill(sentence))[0])


@pytest.mark.trains
def test_a_model_of_traditional_text_answers_simplified_text_in_kind(traditional_model):
    sentence, twin = "这家医院的服务很__，我觉得灯光也舒适", "這家醫院的服務很__，我覺得燈光也舒適"
    assert traditional_model.read_as(sentence) == "traditional"
    found, expected = traditional_model.fill([sentence, twin])
    same([answer["score"] for answer in found], [answer["score"] for answer in expected])
    assert words(found)[0] == [to_simplified(word) for word in words(expected)[0]]
    assert found[0]["sequence"] == f"这家医院的服务很{found[0]['token_str']}，我觉得灯光也舒适"
    assert {answer["token_str"] for answer in traditional_model.fill(sentence, targets=["干净", "亲切"])} == {
        "干净",
        "亲切",
    }
    for typed, expected in (("干", "干净"), ("亲", "亲切")):
        assert words(traditional_model.fill(sentence, starts_with=typed)) == [[expected]]
        assert words(traditional_model.fill(sentence, pattern=f"{typed}.")) == [[expected]]
    checked = traditional_model.segment("这里的服务很干净")
    assert [word["word"] for word in checked if word["known"]]


@pytest.mark.trains
def test_models_without_chinese_or_of_both_scripts_convert_nothing(tmp_path):
    english = [f"the {thing} is {fine}" for thing in ("room", "lamp", "coat") for fine in ("good", "bad", "old", "new")]
    both = [*(f"这个{thing}很{fine}" for thing in ("灯", "饭") for fine in ("旧", "好", "贵"))]
    both += [*(f"這個{thing}很{fine}" for thing in ("燈", "飯") for fine in ("舊", "好", "貴"))]
    for name, lines in (("english", english), ("both", both)):
        (tmp_path / f"{name}.txt").write_text("\n".join(lines * 4 + [f"{line}。" for line in lines]), encoding="utf-8")
        options = ("--minimum-count", 1, "--code-bits", 0, "--quiet")
        succeed("prepare", tmp_path / f"{name}.txt", "-o", tmp_path / f"{name}-prepared", *options)
        succeed("train", tmp_path / f"{name}-prepared", "-o", tmp_path / name, *TINY)
        model = tiankong.load(tmp_path / name, threads=1)
        for text in ("質量__，很失望", "质量__，很失望"):
            assert model.read_as(text) is None, json.dumps([name, text], ensure_ascii=False)
            assert model.fill(text) == model.fill(text, script="as-is")
