"""Models of traditional Chinese, of both scripts, and of neither."""

from __future__ import annotations

import json

import pytest

import tiankong
from tests.answers import same, words
from tests.conftest import TINY, succeed
from tiankong.text.conversion import to_simplified

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


@pytest.fixture(scope="module")
def model_with_both_forms(tmp_path_factory):
    """A model of simplified Chinese whose texts have a traditional word among them now and then."""
    folder = tmp_path_factory.mktemp("both-forms")
    lines = [
        f"她{word}一件{colour}的外套，在{place}等我"
        for number, colour in enumerate(["红色", "蓝色", "白色", "黑色", "紫色", "灰色"])
        for place in ["饭店", "书店", "医院", "学校", "车站", "公园", "家里", "门口"]
        for word in ["穿着", "买了", "穿著" if number % 2 else "披着"]
    ]
    (folder / "texts.txt").write_text("\n".join(lines), encoding="utf-8")
    options = ("--minimum-count", 2, "--code-bits", 0, "--quiet")
    succeed("prepare", folder / "texts.txt", "-o", folder / "prepared", *options)
    succeed("train", folder / "prepared", "-o", folder / "model", *TINY, "--epochs", 6)
    return tiankong.load(folder / "model", threads=1)


@pytest.mark.trains
def test_words_that_are_shown_alike_are_one_answer(model_with_both_forms):
    assert {"穿着", "穿著"} <= set(model_with_both_forms.folder.vocabulary.words)
    simplified = scores(model_with_both_forms.fill("她__一件红色的外套", 50))
    answers = model_with_both_forms.fill("她__一件紅色的外套", 50)
    traditional = scores(answers)
    assert len(traditional) == len(answers)
    assert traditional["穿著"] == pytest.approx(simplified["穿着"] + simplified["穿著"], rel=1e-3)
    excluded = scores(model_with_both_forms.fill("她__一件紅色的外套", 50, exclude=["穿著"]))
    assert excluded.keys() == traditional.keys() - {"穿著"}


def scores(answers):
    return {answer["token_str"]: answer["score"] for answer in answers}
