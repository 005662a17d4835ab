"""In Chinese, what stands right beside a blank may be part of the missing word."""

from __future__ import annotations

import math

import pytest

import tiankong
from tests.conftest import succeed
from tiankong.text.segment import Tokenizer

EVERY = 10_000


@pytest.fixture(scope="module")
def model(practice_model):
    return tiankong.load(practice_model, threads=1)


@pytest.fixture(scope="module")
def halves(model):
    """Two-character words of the vocabulary, as the character that is given and the one that is missing."""
    vocabulary = model.folder.vocabulary
    words = [word for word in vocabulary.words if len(word) == 2 and word.isalpha() and not word.isascii()]
    return [(word[0], word[1]) for word in words if vocabulary.id_of(word[0]) == 0][:40]


def test_a_part_of_a_word_is_found(model, halves):
    found = [rest in [answer["token_str"] for answer in model.fill(f"{first}__", 20)] for first, rest in halves]
    apart = [
        rest in [answer["token_str"] for answer in model.fill(f"{first}__", 20, part_of_word=False)]
        for first, rest in halves
    ]
    assert len(halves) > 10
    assert sum(found) > 0.9 * len(found)
    assert sum(apart) < 0.5 * len(apart)


def test_a_part_of_a_word_is_found_in_what_the_segmenter_takes_for_another_word(model, halves):
    tokens, vocabulary = Tokenizer(model.folder.manifest.prepare).tokens, model.folder.vocabulary
    others = [word for word in vocabulary.words[4:400] if len(word) == 1 and word.isalpha()]
    pairs = [(one + first, rest) for first, rest in halves for one in others]
    cut = [(f"{typed}__", rest) for typed, rest in pairs if tokens(typed) == [typed] and typed not in vocabulary][:40]
    found, apart = (
        [rest in [answer["token_str"] for answer in model.fill(typed, 20, part_of_word=part)] for typed, rest in cut]
        for part in (None, False)
    )
    assert len(cut) > 10
    assert sum(found) > 0.4 * len(found)  # though what stands before it is none that ever did
    assert sum(apart) < 0.1 * len(apart)


def test_words_of_the_user_are_never_cut(practice_model, model, halves):
    whole = tiankong.load(practice_model, threads=1, words=[f"鑫{first}" for first, _ in halves])
    sentences = [f"这件鑫{first}__" for first, _ in halves]

    def answers(model, part_of_word):
        return [[one["token_str"] for one in of_one] for of_one in model.fill(sentences, 20, part_of_word=part_of_word)]

    assert answers(whole, None) == answers(whole, False)
    assert answers(model, None) != answers(model, False)


@pytest.mark.parametrize(
    "sentence", ["质量不__", "__错，下次还来", "质量不__，物流很__", "很__好", "外套做工__，穿着很暖和"]
)
def test_probabilities_add_up_to_one(model, sentence):
    answers = model.fill(sentence, EVERY)
    for blank in answers if isinstance(answers[0], list) else [answers]:
        assert math.fsum(answer["score"] for answer in blank) == pytest.approx(1, abs=1e-3)
        texts = [answer["token_str"] for answer in blank]
        assert len(set(texts)) == len(texts)
        scores = [answer["score"] for answer in blank]
        assert scores == sorted(scores, reverse=True)


def test_an_answer_is_what_goes_into_the_blank(model):
    for answer in model.fill("质量不__，很失望", 50):
        assert answer["sequence"] == f"质量不{answer['token_str']}，很失望"


def test_rank_gives_the_probabilities_of_fill(model):
    answers = model.fill("质量不__", 30)
    ranked = model.rank("质量不__", [answer["token_str"] for answer in answers])
    of_fill = {answer["token_str"]: answer for answer in answers}
    for candidate in ranked:
        answer, probability = of_fill[candidate["candidate"]], math.exp(candidate["log_probability"])
        if answer["token"] is not None:
            assert probability == pytest.approx(answer["score"], rel=1e-3)
        else:  # as a candidate, it may also be a word of its own
            assert answer["score"] <= probability * 1.001 < answer["score"] * 1.2


def test_a_space_or_an_option_makes_it_a_word_of_its_own(model):
    apart = model.fill("质量不__", part_of_word=False)
    spaced = model.fill("质量不 __")
    assert [(answer["token_str"], answer["score"]) for answer in spaced] == [
        (answer["token_str"], pytest.approx(answer["score"], rel=1e-4)) for answer in apart
    ]
    assert [answer["token_str"] for answer in model.fill("质量不__")] != [answer["token_str"] for answer in apart]


def test_constraints_are_on_what_goes_into_the_blank(model):
    free = {answer["token_str"]: answer["score"] for answer in model.fill("质量不__", EVERY)}
    for options in ({"length": 1}, {"starts_with": "错"}, {"exclude": ["错"]}, {"pattern": ".好?"}):
        answers = model.fill("质量不__", EVERY, **options)
        assert answers
        for answer in answers:
            text = answer["token_str"]
            assert answer["score"] == pytest.approx(free[text], rel=1e-4)
            assert len(text) == 1 or options.keys() != {"length"}
            assert text.startswith(options.get("starts_with", ""))
            assert text not in options.get("exclude", ())
    (only,) = model.fill("质量不__", targets=["错"])
    assert only["score"] == pytest.approx(free["错"], rel=1e-3)  # as a target, it may also be a word of its own


def test_sentences_together_are_answered_as_alone(model):
    sentences = ["质量不__", "物流很__，第二天就到了", "客服态度__差", "很__好"]
    together = model.fill(sentences)
    for sentence, answers in zip(sentences, together, strict=True):
        alone = model.fill(sentence)
        assert [answer["token_str"] for answer in alone] == [answer["token_str"] for answer in answers]
        assert [answer["score"] for answer in alone] == pytest.approx([answer["score"] for answer in answers], rel=0.03)


def test_traditional_text_is_read_as_its_simplified_twin(model):
    simplified, traditional = model.fill("质量不__"), model.fill("質量不__")
    assert [answer["score"] for answer in simplified] == pytest.approx([answer["score"] for answer in traditional])
    assert {answer["token_str"] for answer in traditional} & {"錯", "對", "滿意", "夠"}


def test_the_same_from_the_command_line(practice_model, capfd):
    succeed("fill", "--model", practice_model, "--threads", 1, "--top-k", 5, "质量不__")
    assert "错" in [line.split("\t")[0] for line in capfd.readouterr().out.splitlines()]
    succeed("fill", "--model", practice_model, "--threads", 1, "--top-k", 5, "--no-part-of-word", "质量不__")
    assert "错" not in [line.split("\t")[0] for line in capfd.readouterr().out.splitlines()]
