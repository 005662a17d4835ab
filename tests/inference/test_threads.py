"""Answers are the same on one thread and on several, and asked from several at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tiankong.inference.model import load
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


def numbers(answers):
    return [[(answer["token_str"], answer["sequence"]) for answer in one] for one in answers], [
        answer["score"] for one in answers for answer in one
    ]


@pytest.mark.parametrize("folder", ["model_folder", "codes_model_folder"])
def test_threads_change_nothing(folder, sentences, request):
    one, several = (load(request.getfixturevalue(folder), threads=threads) for threads in (1, 3))
    words, scores = numbers(one.fill(sentences, 3))
    found, close = numbers(several.fill(sentences, 3))
    assert close == pytest.approx(scores, abs=1e-6)
    assert found == words
    with ThreadPoolExecutor(4) as callers:
        parts = list(callers.map(lambda start: several.fill(sentences[start : start + 40], 3), range(0, 150, 40)))
    found, close = numbers([answers for part in parts for answers in part])
    assert close == pytest.approx(scores, abs=1e-6)
    assert found == words
