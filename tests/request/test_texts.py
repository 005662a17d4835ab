"""One text or a list of them."""

from __future__ import annotations

import pytest

from tiankong.errors import OptionError, SentenceError
from tiankong.request.texts import each


def judged(text):
    if not text:
        raise SentenceError("it is empty: write more")
    return len(text)


@pytest.mark.parametrize(("texts", "answers"), [("很好", [2]), (["很好", "好"], [2, 1]), (("好",), [1]), ([], [])])
def test_an_answer_for_each(texts, answers):
    assert each(texts, judged) == answers


def test_messages_number_the_texts_of_a_list_alone():
    with pytest.raises(SentenceError, match=r"^it is empty"):
        each("", judged)
    with pytest.raises(SentenceError, match=r"^sentence 2: it is empty"):
        each(["好", ""], judged, "sentence")


@pytest.mark.parametrize("texts", [None, 3, {"好": 1}, b"x", iter(["好"])])
def test_what_is_neither_is_refused(texts):
    with pytest.raises(SentenceError, match="give a sentence or a list of sentences, not"):
        each(texts, judged, "sentence")


def test_other_errors_are_not_numbered():
    def refuse(_):
        raise OptionError("top_k")

    with pytest.raises(OptionError, match=r"^top_k$"):
        each(["好"], refuse)
