"""Words in little memory are the words of the table."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiankong.text.vocabulary import parse_table, table_text
from tiankong.text.word_list import WordList

words = st.lists(
    st.text(st.characters(exclude_characters="\t\n\r", exclude_categories=["Cs"]), min_size=1), unique=True
)


@given(words=words)
def test_they_are_those_of_a_parsed_table(words):
    text = table_text((word, len(words) - place) for place, word in enumerate(words))
    table = WordList(text.encode(), "words.tsv")
    assert table == parse_table(text, "words.tsv")[0] == words
    assert len(table) == len(words)
    assert [table[place] for place in range(-len(words), len(words))] == words * 2
    assert table[1:3] == words[1:3]
    assert table[::-1] == words[::-1]
    assert ["前"] + table == ["前", *words]  # noqa: RUF005 - what is tested
    assert table != [*words, "后"]
    with pytest.raises(IndexError):
        table[len(words)]


@pytest.mark.parametrize(
    "text", ["词", "词\n", "词\t3", "词\t\n", "\t3\n", "词\t3\n\n", "词\t3\n好\n", "词\t3\t4\n", "\n", "a\nb\t\t1\n"]
)
def test_what_is_no_table_is_refused(text):
    with pytest.raises(ValueError, match=r"a line of words\.tsv is not a word, a tab and a count"):
        WordList(text.encode(), "words.tsv")
