"""When two answers are the same, and the words of answers."""

from __future__ import annotations

from typing import Any

import pytest


def same(found: Any, expected: Any) -> None:
    """Answers alike, their numbers within what a batch, a thread or a processor may move."""
    if isinstance(expected, dict):
        assert found.keys() == expected.keys()
        for name, value in expected.items():
            same(found[name], value)
    elif isinstance(expected, list | tuple):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            same(one, other)
    elif isinstance(expected, float):
        assert found == pytest.approx(expected, abs=1e-5)
    else:
        assert found == expected


def blanks(answers: Any) -> Any:
    """The answers of each blank of a sentence."""
    return answers if answers and isinstance(answers[0], list) else [answers]


def words(answers: Any) -> list[list[str]]:
    """The words that fill each blank of a sentence, best first."""
    return [[answer["token_str"] for answer in one] for one in blanks(answers)]
