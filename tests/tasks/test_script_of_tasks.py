"""Traditional Chinese read by a model of simplified Chinese in every task but ``fill``."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import tiankong
from tests.answers import same
from tests.tasks.twins import TWINS
from tiankong.request.ignored_words import parse_ignored
from tiankong.text.conversion import to_simplified


@pytest.fixture(scope="module")
def model():
    return tiankong.load("reviews-zh", threads=1)


@pytest.fixture(scope="module")
def classifier():
    return tiankong.load("reviews-zh-sentiment", threads=1)


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
