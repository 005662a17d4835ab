"""What is a blank, what is text that looks like one, and where both stand in the sentence as typed."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tiankong.errors import OptionError
from tiankong.text.blank_forms import LONGEST_BLANK, USUAL, blank_form, other_blank
from tiankong.text.blanks import cut_at_blanks

PIECES = [
    "__",
    "_",
    "\\_",
    "\\",
    "\\_\\_",
    "＿＿",
    "\\＿",
    "[MASK]",
    "\\[MASK\\]",
    "（　）",
    "（）",
    "好",
    "a",
    " ",
    "😀",
]
FORMS = [None, "[MASK]", "（　　）", "____", "<mask>", "_"]
texts = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("质量太差了T\\_\\_T，很__", ["质量太差了T__T，很", ""]),
        ("(*^\\_\\_^*) 衣服__，很__", ["(*^__^*) 衣服", "，很", ""]),
        ("^\\_\\_\\_\\_^ __", ["^____^ ", ""]),
        ("a\\__b__", ["a__b", ""]),  # one backslash is enough
        ("a\\____b __", ["a____b ", ""]),
        ("\\[MASK] [MASK]", ["[MASK] ", ""]),
        ("\\[MASK\\]__", ["[MASK]", ""]),  # as Markdown escapes it
        ("\\＿\\＿__", ["＿＿", ""]),
        ("snake\\_\\___", ["snake__", ""]),
        ("__\\_\\_", ["", "__"]),
        ("C:\\\\__", ["C:\\", ""]),
        ("\\\\\\__好__", ["\\__好", ""]),
        # Elsewhere a backslash is an ordinary character.
        ("¯\\_(ツ)_/¯ __", ["¯\\_(ツ)_/¯ ", ""]),
        ("\\(^o^)/__", ["\\(^o^)/", ""]),
        ("\\\\ \\n__", ["\\\\ \\n", ""]),
        ("a\\_b", ["a\\_b"]),
    ],
)
def test_escapes(text, parts):
    assert list(USUAL.cut(text).parts) == parts
    assert USUAL.count(text) == len(parts) - 1


@pytest.mark.parametrize(
    ("blank", "text", "blanks"),
    [
        ("（　　）", "我（　　）去（ ）看（）书 （我）( )__", ["（　　）", "（ ）", "（）"]),
        ("( )", "我(    )去()看（ ）", ["(    )", "()"]),
        ("【】", "我【 \u3000】去【", ["【 \u3000】"]),
        ("____", "我____去______看__书[MASK]", ["____", "______"]),
        ("__", "我__去____看＿＿[MASK]", ["__", "____"]),
        ("<mask>", "我<mask><mask>去<MASK>__", ["<mask>", "<mask>"]),
        ("[MASK]", "我[MASK]去__[mask]", ["[MASK]"]),
        ("□", "我□去□□", ["□", "□□"]),
        ("……", "我……去…看", ["……"]),
        (" [MASK] ", "我[MASK]去", ["[MASK]"]),
        ("<blank 1>", "我<blank 1>去<blank  1>", ["<blank 1>"]),
        ("{}", "我{ }去", ["{ }"]),
        ("<mask>", "我\\<mask>去\\<mask\\>看<mask>", ["<mask>"]),
        ("（）", "我\\（　　）去（ ）", ["（ ）"]),
        ("____", "我\\_\\_\\_\\_去\\____看____", ["____"]),
    ],
)
def test_a_named_blank_alone_is_one(blank, text, blanks):
    assert list(cut_at_blanks(text, blank_form(blank)).blanks) == blanks


@pytest.mark.parametrize(
    ("blank", "words"),
    [
        ("", "empty"),
        (" \u3000", "empty"),
        ("好", "'好'` is part of ordinary text"),
        ("MASK", "ordinary text"),
        ("a b", "ordinary text"),
        ("１", "ordinary text"),
        ("，", "ordinary text"),
        ("?", "ordinary text"),
        ("\\_", "backslash"),
        ("_\n_", "can't be printed"),
        ("_\ud800", "can't be printed"),
        ("-" * (LONGEST_BLANK + 1), "65 characters"),
        (3, "must be a string, not int"),
        (["__"], "must be a string, not list"),
    ],
)
def test_unusable_blanks(blank, words):
    with pytest.raises(OptionError, match=words) as refused:
        blank_form(blank)
    assert "`blank" in str(refused.value)


@given(text=texts, blank=st.sampled_from(FORMS))
@example(text="\\\\\\\\_\\_", blank=None)
def test_every_character_is_where_it_was_typed(text, blank):
    sentence = cut_at_blanks(text, blank_form(blank))
    edges = [0, *(edge for span in sentence.spans for edge in span), len(text)]
    for number, (part, start, end) in enumerate(zip(sentence.parts, edges[::2], edges[1::2], strict=True)):
        at = start
        for place, character in enumerate(part):
            first, behind = sentence.span_in_text(number, place, place + 1)
            assert first == at
            assert text[first:behind] in (character, f"\\{character}")
            at = behind
        assert at == end
        if part:
            assert sentence.span_in_text(number, 0, len(part)) == (start, end)
    assert [text[start:end] for start, end in sentence.spans] == list(sentence.blanks)


@given(text=texts, blank=st.sampled_from(FORMS))
@example(text="\\_\\＿", blank=None)  # two kinds of underscores are no blank
@example(text="\\_\\_\\＿", blank=None)
def test_only_backslashes_before_blanks_are_left_out(text, blank):
    form = blank_form(blank)
    read = form.as_text(text)
    assert read.replace("\\", "") == text.replace("\\", "")
    if "\\" not in text or not form.blank.search(read):
        assert read == text


@pytest.mark.parametrize("blank", ["__", "____", "[MASK]", "＿＿＿"])
def test_a_blank_after_a_backslash_is_text(blank):
    assert USUAL.cut(f"物流\\{blank}很快{blank}").parts == (f"物流{blank}很快", "")
    assert USUAL.cut(f"物流\\\\{blank}很快").parts == ("物流\\", "很快")


@pytest.mark.parametrize(
    ("text", "blank", "found"),
    [
        ("做工<mask>，很暖和", None, "<mask>"),
        ("做工[mask]", None, "[mask]"),
        ("做工<extra_id_0>", None, "<extra_id_0>"),
        ("做工（　　）", None, "（　　）"),
        ("做工（）", None, "（）"),
        ("做工( )", None, "( )"),
        ("做工□□", None, "□□"),
        ("做工_很好", None, "_"),
        ("做工__", "[MASK]", "__"),
        ("做工[MASK]", "__", "[MASK]"),
        ("调用 f()", None, None),
        ("snake_case", None, None),
        ("T\\_\\_T", None, None),
        ("做工很好", "（　　）", None),
    ],
)
def test_what_may_be_meant(text, blank, found):
    assert other_blank(text, blank_form(blank)) == found
