"""Normalising, segmenting, and the tables of words and characters."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiankong.config import PrepareConfig
from tiankong.text.characters import LONGEST_WORD, CharacterTable, count_characters
from tiankong.text.normalise import normalise
from tiankong.text.segment import Tokenizer
from tiankong.text.vocabulary import SPECIAL_TOKENS, Vocabulary, is_target, parse_table, table_text

WORD = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\t\n"), min_size=1, max_size=16)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("ＡＢＣ１２３，好！", "abc123,好!"),
        ("物流&nbsp;很快&hellip;", "物流 很快..."),
        ("两\u3000行\r\n字\u200b", "两 行 字"),
        ("iPhone很GOOD", "iphone很good"),
    ],
)
def test_standard_normalisation(typed, read):
    assert normalise(typed, "standard") == read


def test_no_normalisation_keeps_what_was_typed():
    assert normalise("ＡB，&nbsp;", "none") == "ＡB，&nbsp;"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_normalising_twice_changes_width_and_case_no_further(text):
    folded = normalise(text, "standard")
    assert "\n" not in folded
    assert folded == folded.strip()


@pytest.mark.parametrize("segmenter", ["rjieba", "jieba", "whitespace"])
def test_tokens_hold_all_of_the_text(segmenter):
    tokenizer = Tokenizer(PrepareConfig(segmenter=segmenter))
    text = "面料很柔软,穿着舒服! 买了 2 件 xl"
    assert "".join(tokenizer.tokens(text)) == text.replace(" ", "")


def test_the_tutorials_filter():
    config = PrepareConfig(normalisation="none", drop_ascii=True, drop_words=("，", "。", "！"))
    tokens = Tokenizer(config).tokens("面料不错，XL 码 35 块。真的！是吗？")
    assert not [token for token in tokens if token.isascii() or token in "，。！"]
    assert "？" in tokens


@pytest.mark.parametrize("segmenter", ["rjieba", "jieba"])
def test_user_words_are_kept_whole(segmenter):
    text = "这个星云杯壳很结实"
    config = PrepareConfig(segmenter=segmenter)
    assert "星云杯壳" not in Tokenizer(config).tokens(text)
    assert "星云杯壳" in Tokenizer(config, ["星云杯壳 100000 n"]).tokens(text)


@given(st.dictionaries(WORD, st.integers(0, 10**9), max_size=30))
def test_the_vocabulary_file_gives_back_what_was_written(table):
    rows = sorted(table.items(), key=lambda row: -row[1])
    vocabulary = Vocabulary([word for word, _ in rows], [count for _, count in rows])
    words, counts = parse_table(table_text(rows), "vocabulary.tsv")
    assert list(zip(words, counts, strict=True)) == rows
    assert [vocabulary.id_of(word) for word in words] == list(range(len(SPECIAL_TOKENS), len(vocabulary)))


@pytest.mark.parametrize("text", ["好\n", "好\t多\n", "\t3\n", "好\t3\n好\t2\n", "好\t2\n坏\t3\n"])
def test_tables_that_are_none(text):
    with pytest.raises(ValueError, match=r"words\.tsv"):
        parse_table(text, "words.tsv")


@pytest.mark.parametrize(("token", "target"), [("好", True), ("3g", True), ("ok", True), ("35", False), ("，", False)])
def test_targets_have_a_letter(token, target):
    assert is_target(token) is target


@given(st.lists(WORD, min_size=1, max_size=8))
def test_character_rows(words):
    table = CharacterTable(*count_characters([(word, 1) for word in words], minimum=1))
    rows = table.ids(words)
    assert rows.shape == (len(words), LONGEST_WORD)
    for word, row in zip(words, rows, strict=True):
        length = min(len(word), LONGEST_WORD)
        assert np.count_nonzero(row) == length
        assert [table.characters[number - 2] for number in row[: length - 1]] == list(word[: length - 1])
        assert table.characters[row[length - 1] - 2] == word[-1]
