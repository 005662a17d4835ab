"""The limits of a request: a value at the limit passes, and one more is refused with both numbers."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiankong.serve.limits import Limits
from tiankong.serve.problems import OverLimit

most = st.integers(1, 2000)


def refused(check, *arguments, words):
    with pytest.raises(OverLimit) as caught:
        check(*arguments)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@given(most=most)
def test_sentences_of_a_request(most):
    limits = Limits(max_sentences=most)
    limits.check_sentences(["很好__"] * most)
    refused(limits.check_sentences, ["很好__"] * (most + 1), words=f"{most + 1:,} sentences: send at most {most:,}")


@given(most=most, place=st.integers(0, 3))
def test_characters_of_a_sentence(most, place):
    limits = Limits(max_characters=most)
    sentences = ["好"] * 3
    limits.check_sentences([*sentences[:place], "好" * most, *sentences[place:]])
    too_long = [*sentences[:place], "好" * (most + 1), *sentences[place:]]
    refused(limits.check_sentences, too_long, words=f"{most + 1:,} characters: send at most {most:,}")


@given(most=st.integers(1, 30), blank=st.sampled_from(["__", "[MASK]", "______"]))
def test_blanks_of_a_sentence(most, blank):
    limits = Limits(max_blanks=most)
    limits.check_blanks([f"很{blank}，" * most], None)
    limits.check_blanks([f"很{blank}，" * (most + 1)], "<mask>")
    limits.check_sentences([f"很{blank}，" * (most + 1)])
    refused(limits.check_blanks, [f"很{blank}，" * (most + 1)], None, words=f"{most + 1} blanks: send at most {most}")


@given(most=most)
def test_answers_and_suggestions(most):
    limits = Limits(max_top_k=most)
    for check, least in ((limits.check_top_k, 1), (limits.check_suggestions, 0)):
        check(least)
        check(most)
        refused(check, most + 1, words=f"{most + 1:,}")
        refused(check, least - 1, words=f"must be from {least} to {most:,}, not {least - 1}")


@given(most=most, characters=st.integers(1, 50))
def test_words_that_are_named(most, characters):
    limits = Limits(max_targets=most, max_characters=characters)
    limits.check_words({"target": ["好" * characters] * most})
    over = f"{most + 1:,} targets: send at most {most:,}"
    refused(limits.check_words, {"target": ["好"] * (most + 1), "word": []}, words=over)
    over = f"the request has {most + 1:,} targets and words: send at most {most:,}"
    refused(limits.check_words, {"target": ["好"] * most, "word": ["好"]}, words=over)
    refused(
        limits.check_words, {"target": ["好" * (characters + 1)]}, words=f"the target has {characters + 1} characters"
    )


def test_the_message_names_the_item():
    limits = Limits(max_characters=8, max_blanks=1)
    long = "好" * 9
    refused(limits.check_sentences, ["好", long], words="sentence 2 has 9 characters: send at most 8")
    refused(limits.check_sentences, ["好", "好", long], "text", words="text 3 has 9 characters")
    refused(limits.check_sentences, [long], "text", words="the text has 9 characters")
    refused(limits.check_sentences, ["好"] * 65, "text", words="the request has 65 texts: send at most 64")
    refused(limits.check_blanks, ["很__", "很__，__"], None, words="sentence 2 has 2 blanks")
    for kind in ("prompt", "candidate", "excluded word"):
        refused(limits.check_words, {kind: ["好", long, long]}, words=f"{kind} 2 has 9 characters")


def test_no_limit_is_above_what_the_engine_takes():
    for limit in dataclasses.fields(Limits):
        assert 0 < limit.default <= limit.metadata["maximum"], limit.name
        assert limit.metadata["help"]


def test_the_service_keeps_its_own_limit_on_characters():
    """Whatever length the engine reads."""
    limits = Limits()
    limits.check_sentences(["好" * 4096])
    refused(limits.check_sentences, ["好" * 4097], words="the sentence has 4,097 characters: send at most 4,096")
    Limits(max_characters=1_000_000).check_sentences(["好" * 1_000_000])
