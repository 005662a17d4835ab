"""Words that don't fit, over all heads, on texts with everything that moves offsets."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.answers import same
from tiankong.artifact.error_detection import ErrorDetection
from tiankong.cli.main import run
from tiankong.corpus.mix import CorpusMix
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.errors import OptionError, SentenceError, TiankongError
from tiankong.evaluation.error_detection import curve, fit_error_detection, judge_typing_errors
from tiankong.evaluation.typing_errors import any_mistake
from tiankong.model import load
from tiankong.runtime.error_judge import error_probability, lowest_thresholds
from tiankong.text.normalise import normalise
from tiankong.text.vocabulary import is_target

TEXT = "物流很快，第二天就到了，客服态度很好"


@pytest.fixture(scope="module", params=["model_folder", "codes_model_folder", "hybrid_model_folder"])
def model(request):
    return load(request.getfixturevalue(request.param), threads=1)


def test_every_word_is_judged_where_it_stands(model):
    words = model.check(TEXT, precision=0.01)
    assert [word["word"] for word in words] == ["物流", "很快", "第二天", "就", "到", "了", "客服", "态度", "很", "好"]
    for word in words:
        assert TEXT[word["start"] : word["end"]] == word["word"]
        before, after = TEXT[: word["start"]], TEXT[word["end"] :]
        tokenizer = model.predictor.tokenizer
        assert tokenizer.tokens(TEXT) == [*tokenizer.tokens(before), word["word"], *tokenizer.tokens(after)]
        options = {"decoding": "likelihood", "part_of_word": False}
        filled = model.fill(f"{before}__{after}", targets=[word["word"]], **options)[0]
        assert word["score"] == pytest.approx(filled["score"], rel=1e-3)
        assert 0 <= word["misfit"] <= 1
        assert word["fits"] is (word["suggestions"] == [])


def test_lists_and_single_texts_agree(model):
    texts = [TEXT, "神速达很好", "！！"]
    together = model.check(texts, precision=0.01)
    assert [len(words) for words in together] == [10, len(model.predictor.tokenizer.tokens(texts[1])), 0]
    for text, words in zip(texts, together, strict=True):
        same(words, model.check(text, precision=0.01))


TRICKY = ["😀", "Ｇ好", "物流", "很快", "ｶﾞ", "\u0301", "\r\n", "&amp;", "&#22909;", "　", "，", "神速达", "很好"]


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=st.lists(st.sampled_from(TRICKY), max_size=12))
def test_offsets_slice_the_text_as_typed(model, parts):
    text = "".join(parts)
    words = model.check(text, precision=0.01)
    assert [word["start"] for word in words] == sorted(word["start"] for word in words)
    tokens = [token for token in model.predictor.tokenizer.located_tokens(text) if is_target(token.text)]
    for token in tokens:  # in one word, which may be several tokens
        (word,) = [word for word in words if word["start"] <= token.start < word["end"] or token.start == word["start"]]
        assert token.end <= word["end"]
        # A combining mark goes with what it stands on.
        assert token.text in normalise(text[word["start"] : word["end"]], "standard")
    assert [word["word"] for word in words] == [text[word["start"] : word["end"]] for word in words]


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        (3, SentenceError, "a text or a list"),
        (None, SentenceError, "a text or a list"),
        (["很好", 3], SentenceError, "text 2: a sentence must be a string"),
        ("很\ud800", SentenceError, "lone surrogate"),
    ],
)
def test_what_can_not_be_checked(model, text, error, message):
    with pytest.raises(error, match=message):
        model.check(text, precision=0.01)


def test_a_precision_that_is_not_reached_is_refused(model):
    with pytest.raises(OptionError, match=r"reaches a precision of at most"):
        model.check(TEXT, precision=0.9999)
    for precision in (1.5, "0.8", None, True):
        with pytest.raises(OptionError, match="between 0 and 1"):
            model.check(TEXT, precision=precision)


def test_a_wrong_word_is_found_on_practice_texts(practice_model, practice_corpus):
    """Of a model that has learned something, the precision promised on validation texts holds on test texts."""
    model, corpus = load(practice_model, threads=1), PreparedCorpus(practice_corpus)
    judged = judge_typing_errors(model.predictor, corpus, "test", any_mistake(corpus), 400, seed=5)
    assert judged.wrong.sum() > 200
    error_detection = model.folder.error_detection
    of_words, of_broken = lowest_thresholds(error_detection, 0.8)
    scores = error_probability(judged.evidence, judged.known, error_detection)
    flagged = scores >= np.where(judged.known, of_words, of_broken)
    assert judged.wrong[flagged].mean() > 0.7
    assert judged.wrong[flagged].sum() / judged.wrong.sum() > 0.1


def test_the_curve_by_hand():
    scores = np.array([0.9, 0.8, 0.8, 0.1])
    found = curve(scores, np.array([True, False, True, False]))
    assert [(point.precision, point.recall, point.misfit) for point in found] == [
        (1.0, 0.5, 0.9),
        (pytest.approx(2 / 3), 1.0, 0.8),
        (0.5, 1.0, 0.1),
    ]


def test_the_same_seed_gives_the_same_weights(model_folder, prepared):
    predictor, corpus = load(model_folder, threads=1).predictor, CorpusMix([PreparedCorpus(prepared)])
    first = fit_error_detection(predictor, corpus, 1)
    assert isinstance(first, ErrorDetection)
    assert first == fit_error_detection(predictor, corpus, 1)
    assert first != fit_error_detection(predictor, corpus, 2)
    assert all(math.isfinite(number) for number in (first.surprise, first.entropy, first.frequency, first.bias))


@pytest.mark.usefixtures("two_languages")
def test_a_model_without_a_judgement_of_broken_words_borrows_that_of_the_reviews():
    """Whichever model is the default: weights and thresholds belong together."""
    own = load("reviews-zh", threads=1).folder.error_detection
    assert load(threads=1).folder.error_detection.broken != own.broken
    older = dataclasses.replace(own, broken=None)
    evidence = np.random.default_rng(1).uniform(0, 5, (50, 6))
    for known in (True, False):
        same(
            error_probability(evidence, np.full(50, known), older).tolist(),
            error_probability(evidence, np.full(50, known), own).tolist(),
        )
    for precision in (0.5, 0.8, 0.9):
        assert lowest_thresholds(older, precision) == lowest_thresholds(own, precision)


def test_the_command(practice_model, capsys):
    options = ["check", "--model", str(practice_model)]
    assert run([*options, "--json", TEXT]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["sentence"] == TEXT
    assert answer["words"] == load(practice_model).check(TEXT)
    assert run([*options, "--all", TEXT]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(answer["words"])
    assert run([*options, "物流很快\ud800"]) == 2
    assert "not valid Unicode" in capsys.readouterr().err


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=40))
def test_any_string_is_answered_or_refused_in_a_sentence(model, text):
    for ask in (
        lambda: model.check(text, precision=0.01),
        lambda: model.fill(text, top_k=2),
        lambda: model.joint(text[:12], top_k=2),
        lambda: model.rank(f"物流__{text}", [text, "很快"]),
        lambda: model.rank([text, "很快"]),
    ):
        with contextlib.suppress(TiankongError):
            ask()
