"""Answers of a model for English: in the form in which people type words, and with the spaces that they type."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.answers import same
from tests.conftest import TINY_CLOZE, TUNING, succeed
from tests.english import DRINKS, PEOPLE, texts
from tests.serve.conftest import serving
from tiankong.artifact.model_folder import MODEL, TYPED_FORMS_FILE
from tiankong.cli.main import run
from tiankong.model import load

pytestmark = pytest.mark.trains

USUAL = {"paris": "Paris", "nasa": "NASA", "iphone": "iPhone", "mcdonald": "McDonald", "i": "I", "anna's": "Anna's"}
OPTIONS = ("--segmenter", "unicode", "--normalisation", "plain-quotes", "--minimum-count", 1, "--quiet")


@pytest.fixture(scope="module")
def folder(make_once):
    def make(folder):
        (folder / "texts.txt").write_text("\n".join(texts()), encoding="utf-8")
        prepare = ("prepare", folder / "texts.txt", "-o", folder / "prepared", *OPTIONS)
        succeed(*prepare, "--code-bits", 0)
        succeed("train", folder / "prepared", "-o", folder / "model", *TINY_CLOZE, "--hidden-size", 32)

    return make_once("typed-answers", make)


@pytest.fixture(scope="module")
def model(folder):
    return load(folder / "model", threads=1)


def exactly(model, sentence, word, **options):
    """The answer that is this word, in any case."""
    (answer,) = model.fill(sentence, pattern=re.escape(word), **options)
    return answer


@pytest.mark.parametrize(("word", "form"), [*USUAL.items(), ("the", "the"), ("cup", "cup"), ("don't", "don't")])
def test_within_a_sentence(model, word, form):
    for sentence in ("We flew to __, and", 'he said "__"', "into a __.", "the U.S. __ is"):
        answer = exactly(model, sentence, word)
        assert (answer["token_str"], answer["sequence"]) == (form, sentence.replace("__", form))


@pytest.mark.parametrize(("word", "form"), [*USUAL.items(), ("the", "The"), ("cup", "Cup"), ("don't", "Don't")])
@pytest.mark.parametrize(
    "sentence", ["__ is cold", '"__ is cold', "He left. __ is cold", "(__ is cold)", "He left.\n“__ is cold”"]
)
def test_at_the_start_of_a_sentence(model, sentence, word, form):
    answer = exactly(model, sentence, word)
    assert (answer["token_str"], answer["sequence"]) == (form, sentence.replace("__", form))


def test_every_word_of_the_texts_comes_back_as_it_was_typed(model):
    known = set(model.predictor.folder.vocabulary.words)
    for text in dict.fromkeys(texts()):
        for word in model.segment(text):
            blanked = f"{text[: word['start']]}__{text[word['end'] :]}"
            if word["kind"] == "word" and word["word"].lower() in known:
                assert exactly(model, blanked, word["word"])["sequence"] == text


def test_scores_and_ranks_are_those_of_the_model(folder, model, tmp_path):
    old = shutil.copytree(folder / "model", tmp_path / "old")
    (old / TYPED_FORMS_FILE).unlink()
    fields = json.loads((old / MODEL.manifest).read_text(encoding="utf-8"))
    MODEL.seal(old, {name: value for name, value in fields.items() if name not in {"files", "checksum"}})
    earlier = load(old, threads=1)
    sentence = "__ lives in __."
    for answers, others in zip(model.fill(sentence), earlier.fill(sentence), strict=True):
        assert [(one["token"], one["score"]) for one in answers] == [(one["token"], one["score"]) for one in others]
        assert [one["token_str"].lower() for one in answers] == [one["token_str"] for one in others]
    assert exactly(earlier, "__ is cold", "paris")["token_str"] == "paris"
    assert earlier.fill("__ is cold", targets=["Paris"])[0]["token_str"] == "paris"


def test_blanks_together(model):
    for answer in model.joint("__ __ lives in __.", top_k=10):
        first, second, third = answer["token_strs"]
        assert first[0].isupper()
        assert not second[0].isupper() or second in {*PEOPLE, "New", "York", *USUAL.values()} or second.istitle()
        assert answer["sequence"] == f"{first} {second} lives in {third}."
    second = [answer["token_str"] for answer in model.fill("__ __ lives in Rome.", top_k=40)[1]]
    assert "the" in second
    assert "The" not in second


def test_targets_and_candidates_stay_as_typed(model):
    given = ["rome", "PARIS", "London", "New York"]
    answers = model.fill("We flew to __.", targets=given)
    assert sorted(answer["token_str"] for answer in answers) == sorted(given)
    assert {answer["sequence"] for answer in answers} == {f"We flew to {word}." for word in given}
    ranked = model.rank("__ is cold", ["the cup", "rome", "Paris"])
    assert {entry["sequence"] for entry in ranked} == {"the cup is cold", "rome is cold", "Paris is cold"}


def test_words_that_are_added_are_shown_as_given(folder):
    extended = load(folder / "model", threads=1, words=["Lisbon", "teapot", "eBay"])
    assert exactly(extended, "We flew to __.", "lisbon")["token_str"] == "Lisbon"
    assert exactly(extended, "__ is cold", "teapot")["token_str"] == "Teapot"
    assert exactly(extended, "__ is cold", "ebay")["token_str"] == "eBay"


def test_suggestions(model):
    found = {
        suggestion["token_str"]
        for text in ("We flew to Pariss, and I don't regret it!", "Thee capital of France is Paris.")
        for word in model.check(text, precision=0.01, suggestions=10)
        for suggestion in word["suggestions"]
    }
    assert not found & {"paris", "london", "nasa"}


def test_the_explained_answer(model):
    assert model.explain("__ poured the tea into a cup.")["token_str"][0].isupper()


@pytest.mark.parametrize(
    ("sentence", "word", "sequence"),
    [
        ("__'s brother works", "anna's", "Anna's brother works"),
        ("__’s brother works", "anna's", "Anna’s brother works"),
        ("I don’__ regret it", "don't", "I don’t regret it"),
        ("I __'t regret it", "don't", "I don't regret it"),
        ("The flat is well-__.", "lit", "The flat is well-lit."),
        ("The flat is __-lit.", "well", "The flat is well-lit."),
        ("Hello,__ is cold", "it", "Hello, it is cold"),
        ("Mc__ lives in Rome", "mcdonald", "McDonald lives in Rome"),
        ("he said '__' and left", "it", "he said 'it' and left"),
        ("he said (__) and left", "it", "he said (it) and left"),
        ("costs 3.50 __.", "it", "costs 3.50 it."),
        ("__!", "it", "It!"),
        ("很好__很好", "it", "很好it很好"),
    ],
)
def test_spaces_and_marks(model, sentence, word, sequence):
    assert exactly(model, sentence, word)["sequence"] == sequence


def test_spaces_beside_other_blanks(model):
    first, second = model.fill("The [MASK][MASK] is cold", pattern="cup")
    assert first[0]["sequence"] == "The cup [MASK] is cold"
    assert second[0]["sequence"] == "The [MASK] cup is cold"


def test_curly_quotes_are_read_as_straight_ones(model):
    straight, curly = "\"It's cold,\" he said. I don't __ it.", "“It’s cold,” he said. I don’t __ it."
    same(
        [[one["token_str"], one["score"]] for one in model.fill(straight)],
        [[one["token_str"], one["score"]] for one in model.fill(curly)],
    )


def test_the_command_and_the_copy_in_8_bits(folder, model, capsys, tmp_path):
    succeed("fill", "--model", folder / "model", "--top-k", 3, "__ is the capital of France.")
    shown = [line.split("\t")[0] for line in capsys.readouterr().out.splitlines()]
    assert shown == [answer["token_str"] for answer in model.fill("__ is the capital of France.", top_k=3)]
    assert all(word[0].isupper() or word == "iPhone" for word in shown)
    succeed("export", folder / "model", "-o", tmp_path / "small", "--prepared", folder / "prepared", "--quiet")
    assert run(["fill", "--model", str(tmp_path / "small"), "--pattern", "paris", "--json", "to __, and"]) == 0
    assert '"token_str": "Paris"' in capsys.readouterr().out


@pytest.mark.service
def test_the_service(folder, model):
    with serving("--model", folder / "model", "--threads", 1) as server:
        sentence = "__ is the capital of France."
        same(server.post("/fill", {"inputs": sentence}).json(), model.fill(sentence))
        request = {"inputs": "We flew to __.", "parameters": {"candidates": ["rome", "Paris"]}}
        same(server.post("/rank", request).json(), model.rank("We flew to __.", ["rome", "Paris"]))


def test_everyday_sentences_are_measured(folder):
    program = Path(__file__).parents[2] / "benchmarks" / "general_knowledge.py"
    sentences = program.with_suffix("") / "en"
    for row in (sentences / "everyday.tsv").read_text(encoding="utf-8").splitlines():
        sentence, words = row.split("\t")
        assert sentence.count("__") == 1
        assert all(word.strip() == word != "" for word in words.split("|"))
    command = [sys.executable, str(program), str(sentences), "--model", str(folder / "model")]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert re.search(r"\| `model` \| \d+ of 20 \| \d+ of 20 \|", printed)


def test_a_model_that_goes_on_keeps_forms_and_learns_new_ones(folder, tmp_path):
    lines = [f"{who} saw paris and NASA in Lisbon. The {thing} is on eBay." for who in PEOPLE for thing in DRINKS * 4]
    (tmp_path / "texts.txt").write_text("\n".join([*lines, *map(str.lower, texts())]), encoding="utf-8")
    succeed("prepare", tmp_path / "texts.txt", "-o", tmp_path / "prepared", *OPTIONS, "--code-bits", 0)
    succeed("train", tmp_path / "prepared", "-o", tmp_path / "model", "--from", folder / "model", *TUNING)
    adapted = load(tmp_path / "model", threads=1)
    for word, form in {**USUAL, "lisbon": "Lisbon", "ebay": "eBay", "tea": "tea"}.items():
        assert exactly(adapted, "We flew to __.", word)["token_str"] == form
