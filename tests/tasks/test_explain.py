"""What the words around a blank do for an answer."""

from __future__ import annotations

import pytest

import tiankong
from tests.conftest import TINY, succeed
from tiankong.errors import OptionError, SentenceError
from tiankong.model import load
from tiankong.tasks.explain import NEAREST

SENTENCE = "外套做工__，穿着很暖和"
TWO = "外套做工__，穿着很__，下次再买"


@pytest.fixture(scope="module")
def model():
    return tiankong.load(threads=1)


@pytest.mark.parametrize(("sentence", "blank"), [(SENTENCE, 0), (TWO, 0), (TWO, 1), ("Ａ４纸__，👍🏽质量很好", 0)])
def test_an_influence_is_what_a_blank_in_the_words_place_takes_away(model, sentence, blank):
    found = model.explain(sentence, blank=blank)
    lists = model.fill(sentence, part_of_word=False)
    best = (lists[blank] if isinstance(lists[0], list) else lists)[0]
    assert found["token_str"] == best["token_str"]
    assert found["score"] == pytest.approx(best["score"], abs=1e-5)
    words = {(word["start"], word["end"]): word["kind"] for word in model.segment(sentence)}
    for word in found["context"]:
        assert sentence[word["start"] : word["end"]] == word["word"]
        assert words[word["start"], word["end"]] != "blank"
        # Spaces keep the new blank apart from one beside it.
        without = f"{sentence[: word['start']]} __ {sentence[word['end'] :]}"
        number = blank + (word["start"] < _place(model, sentence, blank))
        (answer,) = model.fill(without, targets=[found["token_str"]], part_of_word=False)[number]
        assert word["influence"] == pytest.approx(found["score"] - answer["score"], abs=1e-5)
    assert len(found["context"]) == sum(kind != "blank" for kind in words.values())


def _place(model, sentence, blank):
    return [word["start"] for word in model.segment(sentence) if word["kind"] == "blank"][blank]


@pytest.mark.parametrize("word", ["精细", "龘"])
def test_a_word_can_be_named_known_or_not(model, word):
    found = model.explain(SENTENCE, word)
    (answer,) = model.fill(SENTENCE, targets=[word])
    assert found["token_str"] == word
    assert found["score"] == pytest.approx(answer["score"], abs=1e-5)


def test_words_far_away_have_no_influence(model):
    sentence = f"{'很好看，' * 30}做工__，{'很喜欢。' * 30}"
    context = model.explain(sentence)["context"]
    measured = [word["influence"] is not None for word in context]
    assert sum(measured) == 2 * NEAREST
    first, last = measured.index(True), len(measured) - measured[::-1].index(True)
    assert all(measured[first:last])


@pytest.mark.trains
def test_a_word_that_is_not_read_has_no_influence(corpus_file, tmp_path):
    prepared, folder = tmp_path / "prepared", tmp_path / "model"
    succeed("prepare", corpus_file, "-o", prepared, "--minimum-count", 2, "--no-keep-unknown", "--quiet")
    succeed("train", prepared, "-o", folder, *TINY)
    model = load(folder, threads=1)
    sentence = "物流龘__，满意"
    found = model.explain(sentence)
    influences = {word["word"]: word["influence"] for word in found["context"]}
    assert influences.pop("龘") is None
    assert None not in influences.values()
    (answer,) = model.fill(sentence.replace("满意", "__"), targets=[found["token_str"]])[0]
    assert influences["满意"] == pytest.approx(found["score"] - answer["score"], abs=1e-5)


def test_part_of_a_word_is_asked_of_the_answer(model):
    found = model.explain("外套做工很不__，穿着暖和", part_of_word=True)
    assert found["token_str"].startswith("不")
    with pytest.raises(OptionError, match="不…"):
        model.explain("外套做工很不__，穿着暖和", "暖和", part_of_word=True)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"blank": 1}, OptionError, "blank must be 0, the only one"),
        ({"blank": -1}, OptionError, "blank must be 0, the only one"),
        ({"blank": True}, OptionError, "blank must be 0, the only one"),
        ({"blank": "0"}, OptionError, "blank must be 0, the only one"),
        ({"word": 5}, OptionError, "word must be a string, not int"),
        ({"word": "很好，很暖"}, OptionError, "is a phrase"),
        ({"word": "，"}, OptionError, "has no letter"),
        ({"word": ""}, OptionError, "has no letter"),
    ],
)
def test_what_can_not_be_explained(model, arguments, error, words):
    with pytest.raises(error, match=words):
        model.explain(SENTENCE, **arguments)


def test_a_blank_that_is_not_there(model):
    with pytest.raises(OptionError, match="blank must be from 0 to 1 in this sentence, not 2"):
        model.explain("外套做工__，穿着很__", blank=2)


def test_a_sentence_without_a_blank_is_refused(model):
    with pytest.raises(SentenceError, match="no blank"):
        model.explain("外套做工不错")
