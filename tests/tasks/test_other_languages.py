"""Languages that write spaces between words: trained and filled without anything Chinese."""

from __future__ import annotations

import itertools
import json

import pytest

from tests.answers import same
from tests.conftest import TINY, succeed
from tiankong.cli.main import run
from tiankong.config import PrepareConfig
from tiankong.errors import OptionError
from tiankong.model import load
from tiankong.request.queries import parse_query
from tiankong.text.segment import Tokenizer

pytestmark = pytest.mark.trains

THINGS = ["coat", "jacket", "kettle", "lamp", "keyboard", "blanket", "suitcase", "mirror"]
FINE = ["comfortable", "uncomfortable", "beautiful", "unusable", "sturdy", "cheap", "well-made", "quiet"]
WHO = ["My sister", "The courier", "A colleague", "Our neighbour"]


@pytest.fixture(scope="module", params=["whitespace", "unicode"])
def model(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("english")
    lines = [
        f"{who} says the {thing} isn't {fine}, but I don't mind: it's a {other} {thing}."
        for who, thing, (fine, other) in itertools.product(WHO, THINGS, itertools.permutations(FINE, 2))
    ]
    (folder / "reviews.txt").write_text("\n".join(lines), encoding="utf-8")
    options = ("--segmenter", request.param, "--minimum-count", 2, "--code-bits", 0, "--quiet")
    succeed("prepare", folder / "reviews.txt", "-o", folder / "prepared", *options)
    succeed("train", folder / "prepared", "-o", folder / "model", *TINY, "--hidden-size", 32)
    return folder / "model"


@pytest.mark.parametrize(
    ("sentence", "form"),
    [("I don't__ the lamp", "don't…"), ("the __zzz lamp", "…zzz"), ("a qq__zz lamp", "qq…zz")],
)
def test_an_empty_answer_names_the_letters_beside_the_blank(model, capsys, sentence, form):
    succeed("fill", "--model", model, sentence)
    printed = capsys.readouterr().out
    assert f"form {form}" in printed
    assert "--no-part-of-word" in printed
    succeed("fill", "--model", model, "--no-part-of-word", "--top-k", 2, sentence)
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_an_empty_answer_to_constraints_says_so(model, capsys):
    succeed("fill", "--model", model, "--starts-with", "zzz", "the __ lamp")
    assert capsys.readouterr().out == "(no word fits the constraints)\n"


def words_of(answers):
    return [answer["token_str"] for answer in answers]


def test_a_blank_among_spaces(model):
    answers = load(model, threads=1).fill("The courier says the __ isn't cheap, but I don't mind", top_k=8)
    assert words_of(answers)[0] in THINGS
    assert len(set(words_of(answers)) & set(THINGS)) > 3
    assert answers[0]["sequence"] == f"The courier says the {answers[0]['token_str']} isn't cheap, but I don't mind"


def test_letters_beside_a_blank_belong_to_the_word(model):
    loaded = load(model, threads=1)
    sentence = "The courier says the lamp isn't un__, but I don't mind"
    answers = loaded.fill(sentence)
    assert set(words_of(answers)) == {"uncomfortable", "unusable"}
    assert {answer["sequence"] for answer in answers} == {
        sentence.replace("un__", word) for word in ("uncomfortable", "unusable")
    }
    assert words_of(loaded.fill("The lamp isn't un__table")) == ["uncomfortable"]
    assert loaded.fill("The lamp isn't un__tables") == []
    together = loaded.joint("My sister says the k__ isn't b__ful")
    assert {tuple(answer["token_strs"]) for answer in together} == {("kettle", "beautiful"), ("keyboard", "beautiful")}
    whole = loaded.fill("The lamp isn't un__", part_of_word=False, top_k=3)
    assert any(not word.startswith("un") for word in words_of(whole))
    assert [answer["sequence"] for answer in whole] == [f"The lamp isn't un {word}" for word in words_of(whole)]


def test_words_get_the_spaces_between_them(model):
    loaded = load(model, threads=1)
    for answer in loaded.joint("The [MASK][MASK][MASK], but I don't mind", top_k=3):
        assert answer["sequence"] == f"The {' '.join(answer['token_strs'])}, but I don't mind"
    (phrase,) = loaded.fill("The lamp[MASK], but I don't mind", targets=["isn't cheap"], part_of_word=False)
    assert phrase["sequence"] == "The lamp isn't cheap, but I don't mind"


def test_what_was_typed_of_a_word_stays_as_typed(model):
    answer = load(model, threads=1).fill("The lamp isn't Un__TABLE, but I don't mind")[0]
    assert (answer["token_str"], answer["sequence"]) == (
        "uncomfortable",
        "The lamp isn't UncomforTABLE, but I don't mind",
    )


def test_candidates_must_have_what_is_given(model):
    loaded = load(model, threads=1)
    ranked = loaded.rank("The lamp isn't un__", ["unusable", "uncomfortable"])
    assert {entry["sequence"] for entry in ranked} == {"The lamp isn't unusable", "The lamp isn't uncomfortable"}
    with pytest.raises(OptionError, match="'cheap' is not of the form un…"):
        loaded.rank("The lamp isn't un__", ["unusable", "cheap"])
    assert len(loaded.rank("The lamp isn't un__", ["unusable", "cheap"], part_of_word=False)) == 2


def test_scripts_without_spaces_lend_no_letters(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mixed")
    lines = [f"the {thing} is {fine} 外套很好看 कपड़ा हिन्दी" for thing in THINGS for fine in FINE]
    (folder / "texts.txt").write_text("\n".join(lines), encoding="utf-8")
    options = ("--segmenter", "unicode", "--minimum-count", 1, "--code-bits", 0, "--quiet")
    succeed("prepare", folder / "texts.txt", "-o", folder / "prepared", *options)
    succeed("train", folder / "prepared", "-o", folder / "model", *TINY)
    predictor = load(folder / "model", threads=1).predictor
    for sentence, affixes in (
        ("外套__好看", ("", "")),
        ("is un__", ("un", "")),
        ("कपड़ा हिन__", ("हिन", "")),
        ("is cafe\u0301s__", ("cafés", "")),
        ("is un__able外", ("un", "able")),
    ):
        assert parse_query(sentence, predictor).affixes == (affixes,)
    for word in ("很", "very"):
        assert parse_query("外套__好看", predictor).filled([word]) == f"外套{word}好看"
        assert parse_query("外套[MASK][MASK]", predictor).filled(["很", word]) == f"外套很{word}"
    assert parse_query("is[MASK]外", predictor, part_of_word=False).filled(["fine"]) == "is fine外"
    assert parse_query("कपड़ा[MASK]", predictor, part_of_word=False).filled(["हिन्दी"]) == "कपड़ा हिन्दी"


@pytest.mark.parametrize(("typed", "meant"), [("kettel", "kettle"), ("suitcse", "suitcase"), ("blankeet", "blanket")])
def test_a_misspelling_is_flagged_and_a_name_is_not(model, typed, meant):
    loaded = load(model, threads=1)
    text = f"My sister says the {typed} isn't quiet, but I don't mind: it's a cheap {meant}."
    flagged = [word for word in loaded.check(text, precision=0.5) if not word["fits"]]
    assert [(word["word"], word["suggestions"][0]["token_str"]) for word in flagged] == [(typed, meant)]
    name = text.replace(typed, "zhuangzi")
    assert "zhuangzi" not in [word["word"] for word in loaded.check(name, precision=0.8) if not word["fits"]]


def test_offsets_and_misfits(model):
    text = "Our neighbour says  the Kettle isn't quiet"
    words = load(model, threads=1).check(text, precision=0.01)
    assert [text[word["start"] : word["end"]] for word in words] == text.split()


def test_the_command(model, capsys):
    assert run(["fill", "--model", str(model), "--json", "the __ isn't cheap"]) == 0
    assert json.loads(capsys.readouterr().out)["blanks"][0]
    assert run(["fill", "--model", str(model), "--no-part-of-word", "-k", "1", "the k__ isn't cheap"]) == 0
    assert capsys.readouterr().out.count("\t") == 1


def test_a_chinese_word_begun_on_demand(model_folder):
    loaded = load(model_folder, threads=1)
    alone = loaded.fill("物流__，第二天就到了", starts_with="很", length=[2, 20], top_k=5)  # something is missing
    begun = loaded.fill("物流很__，第二天就到了", part_of_word=True, top_k=5)
    same(begun, alone)
    assert loaded.fill("物流很__，第二天就到了", top_k=5) != alone


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("I don't like it!", ["i", "don't", "like", "it", "!"]),
        ("3.5mm jack, très bon", ["3.5mm", "jack", ",", "très", "bon"]),
        ("हिन्दी का कपड़ा", ["हिन्दी", "का", "कपड़ा"]),
    ],
)
def test_unicode_words(text, tokens):
    assert Tokenizer(PrepareConfig(segmenter="unicode")).tokens(text) == tokens
