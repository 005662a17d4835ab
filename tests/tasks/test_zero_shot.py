"""Texts classified by the words that would fit beside them."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tiankong
from tiankong.errors import OptionError, SentenceError
from tiankong.model import load
from tiankong.text.pieces import LONGEST_PIECE

PROMPT, OTHER = "{text}，总的来说很__。", "总的来说__，{text}"
LABELS = {"好评": ["好", "不错", "满意"], "差评": ["差", "失望", "糟糕"]}
GOOD = ["衣服很好看，朋友也喜欢", "音质清晰，戴着舒服，值得买", "房间宽敞干净，早餐也丰富。"]
BAD = ["用了两天就坏了，客服也不理人。", "裤子掉色，一洗就起球！！", "等了半个月才收到，还少了配件"]


@pytest.fixture(scope="module")
def model():
    return tiankong.load("reviews-zh", threads=1)


def shares(found):
    return {share["label"]: share["score"] for share in found}


def by_hand(model, text, prompts, labels):
    """From `rank`: what the text adds to each word's log probability, the mean over words and prompts."""
    words = [word for own in labels.values() for word in own]
    added = []
    for prompt in prompts:
        logs = [
            {
                entry["candidate"]: entry["log_probability"]
                for entry in model.rank(prompt.replace("{text}", one), words, part_of_word=False)
            }
            for one in (text, "")
        ]
        added.append({word: logs[0][word] - logs[1][word] for word in words})
    evidence = [np.mean([one[word] for one in added for word in own]) for own in labels.values()]
    found = np.exp(evidence - np.max(evidence))
    return dict(zip(labels, found / found.sum(), strict=True))


@pytest.mark.parametrize("prompts", [[PROMPT], [OTHER], [PROMPT, OTHER]])
def test_a_label_counts_what_the_text_adds_to_its_words(model, prompts):
    for text in GOOD + BAD:
        bare = text.rstrip("。！")  # which a prompt would otherwise have in its middle
        assert shares(model.classify(text, prompts, LABELS)) == pytest.approx(
            by_hand(model, bare, prompts, LABELS), abs=1e-5
        )


def test_good_and_bad_are_distinguished(model):
    found = model.classify(GOOD + BAD, [PROMPT, OTHER], LABELS)
    assert [one[0]["label"] for one in found] == ["好评"] * len(GOOD) + ["差评"] * len(BAD)


def test_phrases_and_unknown_words_speak_too(model):
    labels = {"好": ["又好又便宜", "好"], "坏": ["龘龘", "又差又贵"]}
    text = GOOD[0]
    assert shares(model.classify(text, [PROMPT], labels)) == pytest.approx(
        by_hand(model, text, [PROMPT], labels), abs=1e-5
    )


texts = st.lists(
    st.sampled_from([*GOOD, *BAD, "！！！", "ok", "龘龘龘", "好__好", "很好，" * 150]), min_size=1, max_size=8
)


@settings(max_examples=25, deadline=None)
@given(texts=texts)
def test_the_same_alone_and_together_and_shares_sum_to_one(model, texts):
    together = model.classify(texts, [PROMPT], LABELS)
    for text, found in zip(texts, together, strict=True):
        assert sum(share["score"] for share in found) == pytest.approx(1)
        assert [share["score"] for share in found] == sorted((share["score"] for share in found), reverse=True)
        assert shares(found) == pytest.approx(shares(model.classify(text, [PROMPT], LABELS)), abs=1e-5)


def test_the_order_of_words_labels_and_prompts_changes_nothing(model):
    turned = {name: words[::-1] for name, words in reversed(LABELS.items())}
    for text in GOOD:
        found = shares(model.classify(text, [PROMPT, OTHER], LABELS))
        assert shares(model.classify(text, [OTHER, PROMPT], turned)) == pytest.approx(found, abs=1e-5)


def test_a_long_text_is_read_whole_in_pieces_that_count_by_their_length(model):
    """Nothing is cut off: what stands at the very end counts."""
    words = "很好，" * LONGEST_PIECE + "非常糟糕，" * LONGEST_PIECE
    tokens = model.predictor.tokenizer.tokens(words.rstrip("，"))
    assert len(tokens) > 2 * LONGEST_PIECE
    count = math.ceil(len(tokens) / LONGEST_PIECE)
    edges = np.linspace(0, len(tokens), count + 1).round().astype(int)
    log_odds = 0.0
    for start, stop in itertools.pairwise(edges):
        # The pieces as the model reads them, each beside the prompt.
        piece = "".join(tokens[start:stop])
        assert model.predictor.tokenizer.tokens(piece) == tokens[start:stop]
        own = by_hand(model, piece, [PROMPT], LABELS)
        log_odds += (stop - start) / len(tokens) * math.log(own["好评"] / own["差评"])
    found = shares(model.classify(words, [PROMPT], LABELS))
    assert math.log(found["好评"] / found["差评"]) == pytest.approx(log_odds, abs=1e-4)
    reversed_ = "非常糟糕，" * LONGEST_PIECE + "很好，" * LONGEST_PIECE
    only_good = "很好，" * 2 * LONGEST_PIECE
    assert (
        shares(model.classify(reversed_, [PROMPT], LABELS))["好评"]
        < shares(model.classify(only_good, [PROMPT], LABELS))["好评"]
    )


def test_other_heads_classify(codes_model_folder, hybrid_model_folder):
    for folder in (codes_model_folder, hybrid_model_folder):
        found = load(folder, threads=1).classify(["物流很快", "客服很慢"], [PROMPT], LABELS)
        assert [sum(shares(one).values()) for one in found] == pytest.approx([1, 1])


@pytest.mark.parametrize(
    ("prompts", "labels", "words"),
    [
        ([], LABELS, "give 1 to 16 prompts"),
        (PROMPT, LABELS, "prompts must be a list"),
        ([3], LABELS, "prompts must be a list"),
        (["{text}，很好"], LABELS, "must have {text} once and one blank"),
        (["很__"], LABELS, "must have {text} once and one blank"),
        (["{text}很__，__"], LABELS, "must have {text} once and one blank"),
        (["{text}{text}很__"], LABELS, "must have {text} once and one blank"),
        ([PROMPT], {"好": ["好"]}, "give 2 to 1,000 labels"),
        ([PROMPT], {"好": ["好"], "坏": []}, "label 坏: the list of candidates is empty"),
        ([PROMPT], {"好": ["好"], "坏": "差"}, "label 坏: its words must be"),
        ([PROMPT], {"好": ["好"], "坏": ["，"]}, "label 坏: .*has no letter"),
        ([PROMPT], {"好": ["好"], "坏": [["差"]]}, "label 坏: its words must be"),
        ([PROMPT], {"好": ["好"], "坏": ["好"]}, "is a word of two labels"),
        ([PROMPT], {"好": ["好"], " ": ["差"]}, "labels must map"),
        ([PROMPT], ["好", "差"], "labels must map"),
        ([PROMPT], {"好\ud800": ["好"], "差": ["差"]}, "name .* not valid Unicode"),
        ([PROMPT], {"好\n评": ["好"], "差": ["差"]}, "control character"),
    ],
)
def test_prompts_and_labels_that_can_not_be_used(model, prompts, labels, words):
    with pytest.raises(OptionError, match=words):
        model.classify("衣服很好看", prompts, labels)


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "no word that the model reads"), (" \t", "no word"), (7, "give a text"), ("很\ud800好", "character 2")],
)
def test_texts_that_can_not_be_classified(model, text, words):
    with pytest.raises(SentenceError, match=words):
        model.classify(text, [PROMPT], LABELS)
    if isinstance(text, str):
        with pytest.raises(SentenceError, match=f"text 2: .*{words}"):
            model.classify(["很好", text], [PROMPT], LABELS)
