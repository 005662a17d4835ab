"""Answers are the same on one thread and on several, and asked from several at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tiankong.model import load
from tiankong.sample.grammar import reviews


@pytest.fixture(scope="module")
def sentences(model_folder):
    """More than fit into one batch, every fifth with a word outside the vocabulary."""
    tokenizer = load(model_folder, threads=1).predictor.tokenizer
    found = []
    for number, review in enumerate(reviews(150)):
        token = tokenizer.located_tokens(review.text)[number % 3]
        rare = "龘靐" if number % 5 == 0 else ""
        found.append(f"{review.text[: token.start]}__{rare}{review.text[token.end :]}")
    return found


def same(first, second):
    """Whether the answers are the same but for rounding, by which those with nearly one score may change places."""
    assert len(first) == len(second)
    for one, other in zip(first, second, strict=True):
        assert scores(one) == pytest.approx(scores(other), abs=1e-5)
        expected = {answer["sequence"]: answer["score"] for answer in other}
        for answer in one:
            # One that the other lacks is as good as its last.
            score = expected.get(answer["sequence"], other[-1]["score"])
            assert answer["score"] == pytest.approx(score, abs=1e-5)


def scores(answers):
    return [answer["score"] for answer in answers]


@pytest.mark.parametrize("folder", ["model_folder", "codes_model_folder"])
def test_threads_change_nothing(folder, sentences, request):
    one, several = (load(request.getfixturevalue(folder), threads=threads) for threads in (1, 3))
    expected = one.fill(sentences, 3)
    same(several.fill(sentences, 3), expected)
    with ThreadPoolExecutor(4) as callers:
        parts = list(callers.map(lambda start: several.fill(sentences[start : start + 40], 3), range(0, 150, 40)))
    same([answers for part in parts for answers in part], expected)
