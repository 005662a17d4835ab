"""The models that come with the package."""

import json
import shutil

import pytest

import tiankong
from tiankong.artifact.built_in import built_in_models, model_path
from tiankong.artifact.model_folder import open_model
from tiankong.cli.main import run
from tiankong.config import DEFAULT_MODEL
from tiankong.corpus.public import named
from tiankong.errors import FolderError
from tiankong.registry.general_models import GENERAL_MODELS

SENTENCE = "外套做工__，穿着很暖和"
SENTIMENT = "reviews-zh-sentiment"
REVIEWS = "reviews-zh"
OF_REVIEWS = ["goods_zh", "online_shopping_10_cats"]


@pytest.fixture(scope="module")
def model():
    return tiankong.load(REVIEWS)


@pytest.mark.parametrize("name", [None, REVIEWS])
def test_it_fills_with_and_without_a_name(capsys, name):
    model = tiankong.load(name or DEFAULT_MODEL)
    assert run(["fill", "-k", "20", *(["--model", name] if name else []), SENTENCE]) == 0
    words = [line.split("\t")[0] for line in capsys.readouterr().out.splitlines()]
    assert words == [answer["token_str"] for answer in model.fill(SENTENCE, top_k=20)]
    assert {"好", "不错", "很好"} & set(words)


def test_the_general_model_needs_no_name():
    assert tiankong.load().folder.path == model_path(DEFAULT_MODEL)


@pytest.mark.parametrize(
    ("sentence", "fitting"),
    [
        ("物流__，第二天就到了", {"很快", "快", "给力", "超快"}),
        ("给__买的，他很喜欢", {"老公", "爸爸", "儿子", "男朋友", "朋友"}),
        ("酒店房间很__，隔音不好", {"小", "旧", "差", "脏", "一般"}),
        ("客服态度__，以后不会再来了", {"差", "恶劣", "很差", "极差", "不好"}),
    ],
)
def test_it_answers_as_a_reader_would(model, sentence, fitting):
    assert fitting & {answer["token_str"] for answer in model.fill(sentence, top_k=5)}


@pytest.mark.parametrize(
    ("name", "score", "most_bytes", "sources"),
    [
        (DEFAULT_MODEL, "top10", 26_000_000, ["zh"]),
        ("en", "top10", 26_000_000, ["en"]),
        (REVIEWS, "top10", 12_000_000, OF_REVIEWS),
        (SENTIMENT, "accuracy", 12_000_000, OF_REVIEWS),
    ],
)
def test_they_are_small_and_say_where_they_are_from(name, score, most_bytes, sources):
    folder = model_path(name)
    assert sum(file.stat().st_size for file in folder.iterdir()) <= most_bytes
    card = (folder / "README.md").read_text(encoding="utf-8")
    for corpus in named(sources):
        assert corpus.sha256 in card
        assert f"licence: {corpus.licence}" in card or name not in GENERAL_MODELS
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["test"][score] >= 0.995 * metrics["test_fp32"][score]
    assert metrics["test"]["calibration_error"] <= 0.03
    assert open_model(folder).manifest.weights == "int8"


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("外套做工精细，穿着很暖和，下次还会来", "好评"),
        ("用了两天就坏了，客服也不理人", "差评"),
        ("房间又小又脏，隔音还差", "差评"),
        ("物流神速，孩子特别喜欢", "好评"),
    ],
)
def test_the_one_for_labels_tells_good_reviews_from_bad(text, label):
    best, other = tiankong.load(SENTIMENT, threads=1).classify(text)
    assert (best["label"], other["label"]) == (label, {"好评": "差评", "差评": "好评"}[label])
    assert best["score"] > 0.8


def test_a_path_is_a_path(model_folder, tmp_path, monkeypatch):
    assert DEFAULT_MODEL in built_in_models()
    monkeypatch.chdir(tmp_path)
    shutil.copytree(model_folder, tmp_path / DEFAULT_MODEL)
    assert tiankong.load(DEFAULT_MODEL).folder.path == model_path(DEFAULT_MODEL)
    here = tiankong.load(f"./{DEFAULT_MODEL}").folder
    assert here.manifest == open_model(model_folder).manifest


def test_info_knows_it(capsys):
    for name, least in ((REVIEWS, 0.5), (DEFAULT_MODEL, 0.4)):
        assert run(["info", name, "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["metrics"]["test"]["top10"] > least


def test_another_name_is_a_folder_that_is_not_there():
    problem = "there is no folder reviews-xx here, and the built-in models are en, reviews-zh"
    with pytest.raises(FolderError, match=problem):
        tiankong.load("reviews-xx")


def test_a_name_that_is_too_long_is_none(capsys):
    assert run(["fill", "--model", "x" * 300, "物流__"]) == 2
    assert "can't be read (file name too long): choose another folder" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["", None, 5])
def test_what_names_no_model(name):
    with pytest.raises(FolderError, match="names no model: give a model folder, or en"):
        tiankong.load(name)


@pytest.mark.parametrize(
    ("name", "shown"), [("\ud800", r"no folder \\ud800 here"), ("a\0b", r"no folder a\\x00b here")]
)
def test_names_that_can_not_be_printed_are_shown_escaped(name, shown):
    with pytest.raises(FolderError, match=shown) as raised:
        tiankong.load(name)
    assert str(raised.value).isprintable()
