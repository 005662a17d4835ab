"""A context of unknown words is read by their characters; only a blank with nothing beside it is refused."""

from __future__ import annotations

import pytest

import tiankong
from tiankong.errors import SentenceError


@pytest.fixture(scope="module")
def model():
    return tiankong.load("reviews-zh")


@pytest.mark.parametrize(
    "sentence",
    ["今天天气__", "张三__", "疫情__", "床前明月光，__", "__龘", "龘__龘", "2026__", "，__", "😀__", "[MASK]疫情"],
)
def test_a_context_of_unknown_words_is_answered(model, sentence):
    assert len(model.fill(sentence, 5)) == 5


def test_unknown_words_change_the_answers(model):
    assert [answer["score"] for answer in model.fill("疫情__", 5)] != [
        answer["score"] for answer in model.fill("张三__", 5)
    ]


@pytest.mark.parametrize("sentence", ["__", " __ ", "__ __", "\u200b__", "\x01__\u2060"])
def test_a_blank_with_nothing_beside_it_is_refused(model, sentence):
    with pytest.raises(SentenceError, match=r"write (the words|more context)"):
        model.fill(sentence)
