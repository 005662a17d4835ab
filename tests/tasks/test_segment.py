"""How a sentence is cut, and what its pieces are."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tiankong
from tiankong.errors import SentenceError


@pytest.fixture(scope="module")
def model():
    return tiankong.load(threads=1)


texts = st.text(st.sampled_from("外套做工不错很暖和，。！ab1 　\t\r\nＡｂ👍🏽é́&amp;_＿龘"), max_size=40)


@settings(max_examples=200, deadline=None)
@given(text=texts)
def test_pieces_slice_the_text_in_order_and_leave_only_white_space_out(model, text):
    words = model.segment(text)
    at = 0
    for word in words:
        assert text[at : word["start"]].strip() == ""
        assert word["word"] == text[word["start"] : word["end"]] != ""
        assert word["start"] >= at
        at = word["end"]
    assert text[at:].strip() == ""


def test_pieces_know_what_they_are(model):
    found = [(word["word"], word["kind"], word["known"]) for word in model.segment("外套__ 龘，[MASK]")]
    assert found == [
        ("外套", "word", True),
        ("__", "blank", False),
        ("龘", "word", False),
        ("，", "mark", True),
        ("[MASK]", "blank", False),
    ]
    with pytest.raises(SentenceError, match="must be a string"):
        model.segment(7)
