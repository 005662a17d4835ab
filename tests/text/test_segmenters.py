"""Every segmenter of the registry keeps the contract: tokens are exact substrings of the text, in order."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiankong.config import PrepareConfig
from tiankong.errors import MissingPackageError, OptionError
from tiankong.registry.segmenters import SEGMENTERS, SegmenterSpec, segmenters_with_user_words
from tiankong.text.segment import Tokenizer

CASES = {
    "rjieba": ("外套做工不错,iphone15很好", ["外套", "做工", "不错", ",", "iphone15", "很", "好"]),
    "jieba": ("外套做工不错,iphone15很好", ["外套", "做工", "不错", ",", "iphone15", "很", "好"]),
    "whitespace": ("it's a good jacket, really", ["it's", "a", "good", "jacket", ",", "really"]),
    "icu": ("สวัสดีครับ こんにちは世界", ["สวัสดี", "ครับ", "こんにちは", "世界"]),
    "unicode": ("it's a good jacket, really", ["it's", "a", "good", "jacket", ",", "really"]),
}
"""A sentence for each segmenter, and its tokens."""

TEXTS = st.text(st.characters(codec="utf-8") | st.sampled_from("外套做工 很好, 。it's 15\t\n"), max_size=40)
every_segmenter = pytest.mark.parametrize("name", SEGMENTERS)


def tokenizer(name: str, *user_words: str) -> Tokenizer:
    return Tokenizer(PrepareConfig(segmenter=name, normalisation="none"), user_words)


@every_segmenter
def test_a_sentence_is_cut_as_expected(name):
    sentence, tokens = CASES[name]
    assert tokenizer(name).tokens(sentence) == tokens


@every_segmenter
def test_tokens_are_the_text_in_order_without_white_space(name):
    cut = tokenizer(name)

    @given(TEXTS)
    def check(text: str) -> None:
        normal = cut.normalise(text)
        tokens = cut.tokens(text)
        assert "".join("".join(tokens).split()) == "".join(normal.split())
        end = 0
        for token in tokens:
            start = normal.index(token, end)
            assert not normal[end:start].strip()
            end = start + len(token)
        assert [token.text for token in cut.located_tokens(text)] == tokens

    check()


@every_segmenter
def test_user_words_are_taken_or_refused_as_the_registry_says(name):
    config = PrepareConfig(segmenter=name, user_dict="words.txt")
    sentence, word = "这个星云杯壳很结实", "星云杯壳"
    if SEGMENTERS[name].takes_user_words:
        assert word not in tokenizer(name).tokens(sentence)
        assert word in tokenizer(name, f"{word} 100000 n").tokens(sentence)
        assert not config.problems()
    else:
        takers = " or ".join(segmenters_with_user_words())
        assert config.problems() == [f"`user_dict` needs `segmenter` {takers}, not {name}"]


def test_an_unknown_segmenter_is_named_with_those_there_are():
    with pytest.raises(OptionError, match="there is no segmenter 'thulac': choose from rjieba, jieba"):
        tokenizer("thulac")


def test_a_segmenter_whose_package_is_missing_names_the_extra(monkeypatch):
    monkeypatch.delitem(sys.modules, "tiankong.text.segmenters.jieba", raising=False)
    monkeypatch.setitem(sys.modules, "jieba", None)
    monkeypatch.setitem(SEGMENTERS, "absent", SegmenterSpec("absent", "", SEGMENTERS["jieba"].module, extra="jieba"))
    with pytest.raises(MissingPackageError, match=r"segmenter absent needs .* pip install 'tiankong\[jieba\]'"):
        tokenizer("absent")
