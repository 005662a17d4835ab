"""Constraints on answers, against filtering every answer of the same blank."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import succeed
from tiankong.cli.main import run
from tiankong.errors import OptionError
from tiankong.model import load
from tiankong.request import patterns
from tiankong.request.options import parse_length

SENTENCE = "物流__，第二天就到了"


@pytest.fixture(scope="module", params=["model_folder", "codes_model_folder"])
def filled(request):
    """A model and every word it can answer with, best first."""
    model = load(request.getfixturevalue(request.param))
    return SimpleNamespace(model=model, answers=model.fill(SENTENCE, top_k=10_000))


LETTERS = st.sampled_from([None, "很", "不", "好", "快", "的", "手机", "很快", "屏"])
LENGTHS = st.one_of(st.none(), st.integers(1, 4), st.tuples(st.integers(1, 2), st.integers(2, 5)))


@given(
    starts_with=LETTERS,
    ends_with=LETTERS,
    contains=LETTERS,
    length=LENGTHS,
    pattern=st.sampled_from([None, ".", ".{2,3}", "[很不].*", "(?i).*[a-z].*", ".*快|好.*", "(很|不)?好"]),
    exclude=st.lists(st.sampled_from(["快", "很快", "不错", "没有这个词"]), max_size=3),
    top_k=st.integers(1, 30),
)
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_answers_are_the_best_that_fit(filled, starts_with, ends_with, contains, length, pattern, exclude, top_k):
    least, most = (1, 99) if length is None else length if isinstance(length, tuple) else (length, length)
    expected = [
        answer
        for answer in filled.answers
        if answer["token_str"].startswith(starts_with or "")
        and answer["token_str"].endswith(ends_with or "")
        and (contains or "") in answer["token_str"]
        and least <= len(answer["token_str"]) <= most
        and answer["token_str"] not in exclude
        and (pattern is None or re.fullmatch(pattern, answer["token_str"]))
    ]
    found = filled.model.fill(
        SENTENCE,
        top_k=top_k,
        starts_with=starts_with,
        ends_with=ends_with,
        contains=contains,
        length=length,
        pattern=pattern,
        exclude=exclude,
    )
    assert found == expected[:top_k]


def test_they_hold_for_every_blank_and_sentence(filled):
    answers = filled.model.fill([SENTENCE, "__很好，__也不错"], top_k=3, length=2)
    for blank in [answers[0], *answers[1]]:
        assert len(blank) == 3
        assert all(len(answer["token_str"]) == 2 for answer in blank)


def test_what_is_typed_is_normalised_as_the_words_are(filled):
    model = filled.model
    assert model.fill(SENTENCE, starts_with="　很 ") == model.fill(SENTENCE, starts_with="很")
    assert model.fill(SENTENCE, exclude=["很快 "]) == model.fill(SENTENCE, exclude=["很快"])
    (found,) = model.fill(SENTENCE, targets=["iPhone", "好"], pattern="IPHONE|Xl")
    assert found["token_str"] == "iphone"


def test_nothing_fits(filled):
    assert filled.model.fill(SENTENCE, starts_with="没有词这样开始") == []


@pytest.mark.parametrize(
    ("constraints", "message"),
    [
        ({"starts_with": 3}, "`starts_with` must be a string, not int"),
        ({"length": 0}, "`length` must be at least 1"),
        ({"length": (3, 2)}, "its maximum not below its minimum"),
        ({"length": "2"}, "`length` must be a number, or two"),
        ({"length": True}, "`length` must be a number, or two"),
        ({"exclude": "快"}, "`exclude` must be a list of words"),
        ({"exclude": [1]}, "`exclude` must be a list of words"),
        ({"exclude": 1}, "`exclude` must be a list of words"),
        ({"contains": " \n"}, "`contains` is empty: remove it"),
        ({"contains": "\0"}, r"`contains` '\\x00' has no character that occurs in words"),
        ({"starts_with": ""}, "`starts_with` is empty"),
        ({"pattern": ""}, "`pattern` is empty"),
        ({"exclude": ["快", " "]}, "`exclude` has an empty word"),
        ({"exclude": ["快", "慢\ud800"]}, "`exclude` has a word that is not valid Unicode"),
        ({"pattern": "快\ud800?"}, "`pattern` .* is not valid Unicode"),
        ({"begins_with": "快"}, "the constraints are targets, starts_with"),
        ({"begins_with": "快"}, "unknown constraint begins_with"),
        ({"length": 0, "top_k": 0}, "`length` must be .*; `top_k` must be"),
    ],
)
def test_bad_constraints(filled, constraints, message):
    with pytest.raises(OptionError, match=message):
        filled.model.fill(SENTENCE, **constraints)


@pytest.mark.parametrize(("text", "length"), [("2", 2), ("2-4", (2, 4)), ("10", 10)])
def test_lengths_of_the_command_line(text, length):
    assert parse_length(text) == length


@pytest.mark.parametrize("text", ["", "-2", "2-", "two", "2-4-6", "1.5"])
def test_lengths_that_are_none(text):
    with pytest.raises(OptionError, match="not of the form 2 or 2-4"):
        parse_length(text)


def test_the_command(model_folder, capsys):
    succeed("fill", "--model", model_folder, "--length", "1-2", "--exclude", "快", "--exclude", "很快", SENTENCE)
    words = [line.split("\t")[0] for line in capsys.readouterr().out.splitlines()]
    assert len(words) == 10
    assert all(len(word) <= 2 for word in words)
    assert not {"快", "很快"} & set(words)
    assert run(["fill", "--model", str(model_folder), "--length", "x", SENTENCE]) == 2
    assert "not of the form 2 or 2-4" in capsys.readouterr().err
    succeed("fill", "--model", model_folder, "--starts-with", "没有词这样开始", SENTENCE)
    assert capsys.readouterr().out == "(no word fits the constraints)\n"


@pytest.mark.parametrize(
    "option",
    [("--starts-with", "好"), ("--length", "1"), ("--pattern", "好."), ("--target", "快"), ("--contains", "Q")],
)
def test_an_empty_answer_is_not_blamed_on_letters_that_words_have(capsys, option):
    succeed("fill", "--threads", 1, "--part-of-word", *option, "质量不__")
    printed = capsys.readouterr().out
    assert printed.startswith("(no word fits the constraints, which apply to the whole word")
    assert "letters beside the blank" in printed
    succeed("fill", "--threads", 1, "--part-of-word", *option, "质量不__，物流很__")
    assert "of the form" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("(", "is not a regular expression"),
        ("(" * 5000, "nests too many brackets"),
        ("(?V0)(?V1)a", "is not a regular expression"),
        ("(?R)", "is recursive"),
        (3, "`pattern` must be a string"),
        ("x{200000}", "expands to more than 200,000 characters"),
        ("x{1000000000}", "expands to more than 200,000 characters"),
        ("x{1000000000,}", "expands to more than 200,000 characters"),
        ("x{,1000000000}", "expands to more than 200,000 characters"),
        ("x{0000000000300000000}", "expands to more than 200,000 characters"),
        (f"x{{{'9' * 5000}}}", "expands to more than 200,000 characters"),
        ("(?:" + "[ab]c?" * 200 + "){1000}", "expands to more than 200,000 characters"),
        ("(?:(?:(?:x{99}){99}){99}){99}", "expands to more than 200,000 characters"),
        ("(?x)x {1000000000}", "sets the flag x"),
        ("(?ix:x{1 000 000 000})", "sets the flag x"),
    ],
)
def test_patterns_that_are_none(filled, pattern, message):
    with pytest.raises(OptionError, match=message):
        filled.model.fill(SENTENCE, pattern=pattern)


@pytest.mark.parametrize("pattern", [".{1,100}", "x{0000000002}|.+", r".+|x\{1000\}", "|".join(["很."] * 9999)])
def test_patterns_that_only_look_long(filled, pattern):
    assert len(filled.model.fill(SENTENCE, pattern=pattern, top_k=3)) == 3


def test_a_long_pattern_is_not_shown_whole(filled):
    with pytest.raises(OptionError) as raised:
        filled.model.fill(SENTENCE, pattern="(" * 5000)
    assert len(str(raised.value)) < 200


def test_whole_numbers_of_numpy_are_some(filled):
    of_numpy = filled.model.fill(SENTENCE, top_k=np.int64(3), length=(np.int32(1), np.int64(2)))
    assert of_numpy == filled.model.fill(SENTENCE, top_k=3, length=(1, 2))


@pytest.mark.parametrize("part_of_word", ["x", 1, 0])
def test_part_of_word_is_true_or_false(filled, part_of_word):
    with pytest.raises(OptionError, match="`part_of_word` must be true, false or none"):
        filled.model.fill(SENTENCE, part_of_word=part_of_word)


def test_a_pattern_that_does_not_end_is_given_up(filled, monkeypatch):
    monkeypatch.setattr(patterns, "LONGEST_MATCHING", 0.2)
    with pytest.raises(OptionError, match=r"takes more than 0.2 seconds"):
        filled.model.fill(SENTENCE, targets=["啊" * 60 + "好"], pattern="(啊|啊啊)+")
