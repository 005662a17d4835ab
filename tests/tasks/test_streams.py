"""Iterables answered one after the other, and errors returned instead of raised."""

from __future__ import annotations

import io
import itertools

import numpy as np
import pytest

import tiankong
from tests.answers import same
from tiankong.errors import OptionError, SentenceError
from tiankong.request.texts import READ_AHEAD

TEXTS = {
    "fill": ["物流__，第二天就到了", "外套做工__", "味道__，下次还会__"],
    "joint": ["物流__，第二天就到了", "味道__，下次还会__"],
    "check": ["物流也很苹果", "质量很好"],
    "classify": ["质量很好", "用了两天就坏了"],
    "embed": ["物流__，第二天就到了", "味道__，下次还会__"],
}
BAD = {"fill": "没有空格", "joint": "没有空格", "check": "\ud800", "classify": "", "embed": "没有空格"}
METHODS = list(TEXTS)


@pytest.fixture(scope="module")
def models():
    filling, labelling = tiankong.load(threads=1), tiankong.load("reviews-zh-sentiment", threads=1)
    return {method: getattr(labelling if method == "classify" else filling, method) for method in METHODS}


def alike(found, expected):
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        if isinstance(other, np.ndarray):
            assert one == pytest.approx(other, abs=1e-5)
        else:
            same(one, other)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "kind", [iter, lambda texts: (text for text in texts), np.array, lambda texts: map(str, texts)]
)
def test_an_iterable_has_the_answers_of_a_list(models, method, kind):
    texts = TEXTS[method] * 4
    answers = models[method](kind(texts))
    assert iter(answers) is answers
    alike(list(answers), models[method](texts))


@pytest.mark.parametrize("method", METHODS)
def test_an_endless_iterable_is_read_a_little_ahead(models, method):
    read = 0

    def texts():
        nonlocal read
        for text in itertools.cycle(TEXTS[method]):
            read += 1
            yield text

    answers = models[method](texts())
    assert read == 0
    next(answers)
    assert read == 1
    for wanted in (5, 50):
        list(itertools.islice(answers, wanted))
        assert read <= 2 * (wanted + 6)
    assert read <= 56 + READ_AHEAD


@pytest.mark.parametrize("method", METHODS)
def test_an_error_is_raised_at_its_place(models, method):
    texts = [*TEXTS[method], BAD[method], TEXTS[method][0]]
    answers = models[method](iter(texts))
    for _ in TEXTS[method]:
        next(answers)
    with pytest.raises(SentenceError, match=rf"^(text|sentence) {len(TEXTS[method]) + 1}: "):
        next(answers)
    assert list(answers) == []


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", [iter, list])
def test_an_error_is_returned_in_its_place(models, method, kind):
    good = TEXTS[method]
    texts = [BAD[method], *good, BAD[method], BAD[method], good[0], 3]
    answers = list(models[method](kind(texts), on_error="return"))
    assert len(answers) == len(texts)
    bad = [number for number, answer in enumerate(answers) if isinstance(answer, SentenceError)]
    assert bad == [0, len(good) + 1, len(good) + 2, len(good) + 4]
    alike([answer for number, answer in enumerate(answers) if number not in bad], models[method]([*good, good[0]]))
    with pytest.raises(SentenceError) as raised:
        models[method](BAD[method])
    assert str(answers[0]) == str(raised.value)
    assert str(models[method](BAD[method], on_error="return")) == str(raised.value)


@pytest.mark.parametrize("method", METHODS)
def test_options_are_refused_at_once(models, method):
    unusable = {"fill": {"top_k": 0}, "joint": {"top_k": 65}, "check": {"precision": 2}}
    unusable |= {"classify": {"blank": "__"}, "embed": {"blank": ""}}
    texts = iter(TEXTS[method])
    with pytest.raises(OptionError):
        models[method](texts, **unusable[method])
    with pytest.raises(OptionError, match="on_error must be"):
        models[method](texts, on_error="skip")
    assert list(texts) == TEXTS[method]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("texts", [{"好": 1}, {"好"}, b"x", 3, None])
def test_what_has_no_order_or_is_no_text_is_refused(models, method, texts):
    with pytest.raises(SentenceError, match=r"give a (text|sentence) or a list of"):
        models[method](texts)


def test_a_file_is_an_iterable_of_lines(models):
    answers = models["fill"](io.StringIO("物流__，很快\n客服__\n"), top_k=1)
    assert [blank[0]["sequence"][-1] for blank in answers] == ["\n", "\n"]


def test_no_text_has_no_answer(models):
    assert list(models["fill"](iter([]))) == []


def test_many_more_than_are_read_ahead(models):
    texts = [f"第{number}件外套__" for number in range(2 * READ_AHEAD + 300)]
    answers = list(models["fill"](iter(texts), top_k=1))
    assert [answer[0]["sequence"].partition("外套")[0] for answer in answers] == [text[:-4] for text in texts]


def test_prompts_classify_an_iterable():
    model = tiankong.load(threads=1)
    question = (["{text}，总的来说很__。"], {"好评": ["好", "不错"], "差评": ["差", "糟糕"]})
    alike(list(model.classify(iter(TEXTS["classify"]), *question)), model.classify(TEXTS["classify"], *question))
