"""Offsets into the text as typed survive normalisation."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiankong.config import NORMALISATIONS, SEGMENTERS, PrepareConfig
from tiankong.text.alignment import normalise_aligned
from tiankong.text.normalise import normalise
from tiankong.text.segment import Tokenizer

# Pieces of references, Hangul jamo, half-width kana and their marks, ligatures, sigma, joined emoji, line ends.
TRICKY = [
    *"&;#x4amp \r\n\t＿ＡΣσ½İß好很éｶﾞﷺﬁ\u1100\u1161\u11a8\u0301\u0323\u3000",
    "👩‍👩‍👧",
    "&amp;",
    "&#22909;",
    "&notit",
]
TEXTS = st.lists(st.one_of(st.sampled_from(TRICKY), st.characters(codec="utf-8")), max_size=30).map("".join)


@given(TEXTS, st.sampled_from(NORMALISATIONS))
def test_the_text_is_the_normalised_one_and_every_character_has_an_origin(text, method):
    aligned = normalise_aligned(text, method)
    assert aligned.text == normalise(text, method)
    assert len(aligned.text) == len(aligned.starts) == len(aligned.ends)
    assert all(0 <= start < end <= len(text) for start, end in zip(aligned.starts, aligned.ends, strict=True))
    assert aligned.starts == sorted(aligned.starts)
    assert aligned.ends == sorted(aligned.ends)


@given(TEXTS, st.sampled_from(NORMALISATIONS))
def test_what_a_character_comes_from_has_it_in_its_own_normal_form(text, method):
    aligned = normalise_aligned(text, method)
    for character, start, end in zip(*aligned, strict=True):
        if character not in " ς":  # a sigma alone is not at the end of a word
            assert character in normalise(text[start:end], method)


@given(TEXTS, st.sampled_from([name for name in SEGMENTERS if name != "jieba"]))
def test_located_tokens_are_the_tokens(text, segmenter):
    tokenizer = Tokenizer(PrepareConfig(segmenter=segmenter))
    located = tokenizer.located_tokens(text)
    assert [token.text for token in located] == tokenizer.tokens(text)
    for before, after in itertools.pairwise(located):  # tokens of one typed character, as of ½, share its place
        assert before.start <= after.start
        assert before.end <= after.end


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("外套做工不错", ["外套", "做工", "不错"]),
        ("😀外套，做工　不错\r\n", ["😀", "外套", "，", "做工", "不错"]),
        ("Ｇｏｏｄ外套", ["Ｇｏｏｄ", "外套"]),
        ("做工&amp;外套", ["做工", "&amp;", "外套"]),
        ("cafe\u0301 外套", ["caf", "e\u0301", "外套"]),
    ],
)
def test_offsets_slice_the_typed_words(text, words):
    tokens = Tokenizer(PrepareConfig()).located_tokens(text)
    assert [text[token.start : token.end] for token in tokens] == words
