"""Words as people type them, and where a sentence begins."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiankong.text.typed_forms import TypedForms, begins_sentence, capitalised


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", '"', "“", "¿", "("),
        *(
            "He left. ",
            "He left.\n",
            "Really? ",
            "No! ",
            'He left. "',
            "He left. “",
            'He said: "I left." ',
            "(He left.) ",
        ),
        *("He left.” ", "And I. ", "In 1990. ", "Stop!", "走了。"),
    ],
)
def test_sentences_begin_here(text):
    assert begins_sentence(text)


@pytest.mark.parametrize(
    "text",
    [
        *("He ", "He, ", 'He said, "', 'The "', "He (", "He said: ", "well-", "x ", "[MASK] "),
        *("the U.S. ", "at 5 p.m. ", "e.g. ", "apples etc. ", "Well... ", "Well… ", "example."),
        *('"Where?" ', "“Stop!” ", "Yahoo!’s "),
    ],
)
def test_sentences_go_on_here(text):
    assert not begins_sentence(text)


@given(st.text(max_size=12))
def test_any_text_is_read(text):
    assert begins_sentence(text) in {True, False}


@given(st.text(max_size=8).map(str.lower))
def test_a_capital_letter_changes_nothing_else(word):
    form = capitalised(word)
    assert form.lower() == word
    assert form[1:] == word[1:] or form == word


def test_forms_come_before_capitals():
    forms = TypedForms(["Paris", "iPhone"], capitalises=True)
    words = ["paris", "iphone", "the", "don't", "ß", "3d"]
    assert forms.written(words) == ["Paris", "iPhone", "the", "don't", "ß", "3d"]
    assert forms.written(words, begins_sentence=True) == ["Paris", "iPhone", "The", "Don't", "ß", "3d"]
    assert TypedForms(["Paris"]).written(["the"], begins_sentence=True) == ["the"]
    assert TypedForms().written(["the", "paris"], begins_sentence=True) == ["the", "paris"]


def test_forms_that_users_give_go_first():
    forms = TypedForms(["Paris"], capitalises=True).with_forms(["PARIS", "Zürich", "mug"])
    assert forms.written(["paris", "zürich", "mug"]) == ["PARIS", "Zürich", "mug"]
    assert TypedForms().with_forms(["Zürich"]).written(["zürich"]) == ["zürich"]


@pytest.mark.parametrize("forms", [["paris"], ["Paris", "PARIS"], [""]])
def test_lists_that_no_corpus_has_are_refused(forms):
    with pytest.raises(ValueError, match="in lower case or stands twice"):
        TypedForms(forms)
