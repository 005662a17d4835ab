"""``__`` as text, in whole texts and escaped in sentences with blanks; and blanks of another form."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tiankong
from tests.answers import same
from tiankong.errors import OptionError, SentenceError

TEXTS = [
    "(*^__^*) 嘻嘻，衣服很好看",
    "质量太差了T__T",
    "好评 ^____^ 下次还来",
    "变量名叫 snake__case，不太好认",
    "__init__ 方法很好",
    "＿＿好看",
    "[MASK] 是个牌子，质量不错",
    "-__- 物流太慢",
    "^_^ 很好，(T＿＿T) 不好",
]
"""Reviews with something that is a blank elsewhere."""

LABELS = {"好评": ["好", "不错"], "差评": ["差", "失望"]}
PROMPT = "{text}，总的来说很__。"


@pytest.fixture(scope="module")
def model():
    return tiankong.load(threads=1)


def tokens(model, text):
    return [(token.text, token.start, token.end) for token in model.predictor.tokenizer.located_tokens(text)]


@pytest.mark.parametrize("text", TEXTS)
def test_check_reads_it_as_text(model, text):
    words = model.check(text)
    assert words
    located = {(start, end) for _, start, end in tokens(model, text)}
    assert all((word["start"], word["end"]) in located for word in words)
    assert all(text[word["start"] : word["end"]] == word["word"] for word in words)
    same(model.check([text])[0], words)


def test_check_reads_the_marks_too(model):
    """They are part of the context, as any other mark."""
    first, second = (model.check(f"衣服很好{mark}看")[0]["score"] for mark in ("__", ""))
    assert first != second
    assert model.check("__") == []


@pytest.mark.parametrize("text", TEXTS)
def test_classify_reads_it_as_text(model, text):
    classifier = tiankong.load("reviews-zh-sentiment", threads=1)
    assert len(classifier.classify(text)) == 2
    assert len(model.classify(text, [PROMPT], LABELS)) == 2


def test_rank_of_sentences_reads_it_as_text(model):
    ranked = model.rank(TEXTS)
    assert sorted(entry["candidate"] for entry in ranked) == sorted(TEXTS)
    assert [entry["sequence"] for entry in ranked] == [entry["candidate"] for entry in ranked]
    with pytest.raises(OptionError, match="`blank` is for a sentence with candidates"):
        model.rank(TEXTS, blank="[MASK]")


def test_candidates_may_have_it(model):
    ranked = model.rank("心情__", ["不错__", "T__T", "很好"])
    assert {entry["candidate"]: entry["sequence"] for entry in ranked} == {
        "不错__": "心情不错__",
        "T__T": "心情T__T",
        "很好": "心情很好",
    }


ESCAPED = [text.replace("__", r"\_\_").replace("＿＿", r"\＿\＿").replace("[MASK]", r"\[MASK]") for text in TEXTS]


@pytest.mark.parametrize(("text", "escaped"), list(zip(TEXTS, ESCAPED, strict=True)))
def test_an_escaped_one_is_text(model, text, escaped):
    """The same answers as where another blank leaves it text."""
    sentence = f"{escaped}，总的来说很__"
    answers = model.fill(sentence, top_k=3)
    assert [answer["sequence"] for answer in answers] == [
        f"{text}，总的来说很{answer['token_str']}" for answer in answers
    ]
    same(answers, model.fill(f"{text}，总的来说很<mask>", top_k=3, blank="<mask>"))
    same(model.joint(sentence, top_k=2), model.joint(f"{text}，总的来说很<mask>", top_k=2, blank="<mask>"))
    same(
        model.rank(sentence, ["好", "差"]),
        model.rank(f"{text}，总的来说很<mask>", ["好", "差"], blank="<mask>"),
    )
    np.testing.assert_allclose(
        model.embed(sentence), model.embed(f"{text}，总的来说很<mask>", blank="<mask>"), atol=1e-5
    )


def test_several_blanks_and_an_escape(model):
    first, second = model.fill(r"(*^\_\_^*) 味道__，下次还会__", top_k=1)
    assert first[0]["sequence"] == f"(*^__^*) 味道{first[0]['token_str']}，下次还会__"
    assert second[0]["sequence"] == f"(*^__^*) 味道__，下次还会{second[0]['token_str']}"
    together = model.joint(r"(*^\_\_^*) 味道__，下次还会__", top_k=1)[0]
    assert together["sequence"] == "(*^__^*) 味道{}，下次还会{}".format(*together["token_strs"])


def test_places_are_those_of_the_text_as_typed(model):
    sentence = r"T\_\_T 质量__，\[MASK] 很__"
    pieces = model.segment(sentence)
    assert [piece["word"] for piece in pieces if piece["kind"] == "blank"] == ["__", "__"]
    assert r"\_\_" in [piece["word"] for piece in pieces]
    found = model.explain(sentence, blank=1)
    for piece in [*pieces, *found["context"]]:
        assert sentence[piece["start"] : piece["end"]] == piece["word"]
    assert [(word["start"], word["end"]) for word in found["context"]] == [
        (piece["start"], piece["end"]) for piece in pieces if piece["kind"] != "blank"
    ]


@settings(max_examples=150, deadline=None)
@given(
    parts=st.lists(
        st.sampled_from(["物流", "很好", "，", " ", "a", "__", "\\_", "\\", "（ ）", "[MASK]", "😀"]), max_size=10
    ),
    blank=st.sampled_from([None, "（　　）", "[MASK]", "____"]),
)
def test_pieces_leave_out_nothing_but_white_space(model, parts, blank):
    text = "".join(parts)
    at = 0
    for piece in model.segment(text, blank):
        assert text[at : piece["start"]].strip() == ""
        assert text[piece["start"] : piece["end"]] == piece["word"]
        at = piece["end"]
    assert text[at:].strip() == ""


@pytest.mark.parametrize(
    ("blank", "sentence"),
    [
        ("[MASK]", "质量太差了T__T，很[MASK]"),
        ("<mask>", "(*^__^*) 衣服很<mask>"),
        ("（　　）", "衣服很（ ），(*^__^*)"),
        ("（　　）", "衣服很（　　　），我____"),
        ("____", "T__T 衣服很_____"),
        ("□", "T__T 衣服很□"),
        ("【】", "T__T 衣服很【  】"),
    ],
)
def test_another_blank(model, blank, sentence):
    answers = model.fill(sentence, top_k=3, blank=blank)
    (piece,) = [piece for piece in model.segment(sentence, blank) if piece["kind"] == "blank"]
    before, after = sentence[: piece["start"]], sentence[piece["end"] :]
    assert [answer["sequence"] for answer in answers] == [f"{before}{answer['token_str']}{after}" for answer in answers]
    same([answers, answers], model.fill([sentence, sentence], top_k=3, blank=blank))
    assert model.explain(sentence, blank_text=blank)["token_str"] == answers[0]["token_str"]
    assert len(model.embed(sentence, blank=blank)) == 1
    assert len(model.rank(sentence, ["好", "差"], blank=blank)) == 2


def test_prompts_have_both(model):
    usual = model.classify(TEXTS, ["T，{text}，总的来说很__。"], LABELS)
    same(usual, model.classify(TEXTS, ["T，{text}，总的来说很[MASK]。"], LABELS, blank="[MASK]"))
    escaped = model.classify(TEXTS, [r"T\_\_T，{text}，总的来说很__。"], LABELS)
    same(escaped, model.classify(TEXTS, ["T__T，{text}，总的来说很（ ）。"], LABELS, blank="（　　）"))
    with pytest.raises(OptionError, match=r"`blank='<mask>'`"):
        model.classify("质量很好", ["{text}，总的来说很<mask>。"], LABELS)
    with pytest.raises(OptionError, match=r"write \\_\\_ where __ is text"):
        model.classify("质量很好", ["T__T，{text}，总的来说很__。"], LABELS)
    with pytest.raises(OptionError, match="`blank` is for `prompts`"):
        tiankong.load("reviews-zh-sentiment", threads=1).classify("质量很好", blank="[MASK]")
    with pytest.raises(OptionError, match="ordinary text"):
        model.classify("质量很好", [PROMPT], LABELS, blank="很")


@pytest.mark.parametrize(
    ("sentence", "options", "words"),
    [
        ("外套做工<mask>，很暖和", {}, "no blank: write __ instead of <mask>, or set `blank='<mask>'`"),
        ("外套做工（　　），很暖和", {}, "set `blank='（　　）'`"),
        ("外套做工__，很暖和", {"blank": "[MASK]"}, r"write \[MASK\] instead of __, or set `blank='__'`"),
        ("外套做工[MASK]，很暖和", {"blank": "__"}, r"set `blank='\[MASK\]'`"),
        (r"质量太差了T\_\_T", {}, "no blank"),
        ("____", {"blank": "____"}, "nothing but blanks"),
    ],
)
def test_a_sentence_without_its_blank(model, sentence, options, words):
    for ask in (model.fill, model.joint, model.embed):
        with pytest.raises(SentenceError, match=words):
            ask(sentence, **options)


def test_more_blanks_than_meant(model):
    for ask in (lambda: model.rank("T__T 很__", ["好", "差"]), lambda: model.joint("T__T，" * 13)):
        with pytest.raises(SentenceError, match=r"write \\_\\_ where __ is text, or name another blank with `blank`"):
            ask()
    with pytest.raises(SentenceError, match=r"write \\<mask> where <mask> is text"):
        model.rank("<mask>很<mask>", ["好", "差"], blank="<mask>")


def test_unusable_blanks_are_refused_by_every_verb(model):
    for ask in (
        lambda blank: model.fill("物流__", blank=blank),
        lambda blank: model.joint("物流__", blank=blank),
        lambda blank: model.rank("物流__", ["好"], blank=blank),
        lambda blank: model.embed("物流__", blank=blank),
        lambda blank: model.segment("物流__", blank=blank),
        lambda blank: model.explain("物流__", blank_text=blank),
    ):
        for blank in ("", "好", 3):
            with pytest.raises(OptionError, match="`blank"):
                ask(blank)
