"""Texts labelled by trained models: alone, in batches, in threads, long, in 8 bits; and what such models refuse."""

from __future__ import annotations

import itertools
import json
import math
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import TINY, succeed
from tiankong.cli.main import run
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.errors import FolderError, OptionError, SentenceError
from tiankong.model import load
from tiankong.runtime.classifier import Classifier
from tiankong.tasks.classify import classify_tokens
from tiankong.text.pieces import LONGEST_PIECE, piece_edges

pytestmark = pytest.mark.trains

TEXTS = ["质量很好，穿着舒服", "物流太慢，客服也不理人。", "好", "鱻鱻 xyz 🙂", "颜色和图片不一样" * 40]


@pytest.fixture(scope="module", params=["classifier_folder", "tuned_folder", "small"])
def model(request):
    return load(request.getfixturevalue(request.param), threads=1)


@pytest.fixture(scope="module")
def small(classifier_folder, prepared, tmp_path_factory):
    folder = tmp_path_factory.mktemp("small") / "model"
    succeed("export", classifier_folder, "-o", folder, "--prepared", prepared, "--quiet")
    return folder


def by_label(shares):
    return {share["label"]: share["score"] for share in shares}


def same(first, second):
    assert by_label(first) == pytest.approx(by_label(second), abs=1e-5)


def test_probabilities_of_labels_sum_to_one_best_first(model):
    for shares in model.classify(TEXTS):
        scores = [share["score"] for share in shares]
        assert sum(scores) == pytest.approx(1)
        assert scores == sorted(scores, reverse=True)
        assert sorted(by_label(shares)) == model.labels


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.one_of(
            st.sampled_from(TEXTS),
            st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=30).map(lambda text: "好" + text),
        ),
        min_size=1,
        max_size=90,
    )
)
def test_a_text_gets_the_same_answer_alone_and_among_others(model, texts):
    together = model.classify(texts)
    for place in {0, len(texts) // 2, len(texts) - 1}:
        same(model.classify(texts[place]), together[place])


def test_threads_change_nothing(classifier_folder):
    texts = [f"{text}{number}" for text in TEXTS for number in range(60)]
    expected = load(classifier_folder, threads=1).classify(texts)
    model = load(classifier_folder, threads=2)
    with ThreadPoolExecutor(4) as workers:
        for found in workers.map(model.classify, [texts] * 4):
            for one, other in zip(found, expected, strict=True):
                same(one, other)


def test_a_long_text_is_the_mean_of_its_pieces_by_their_length(classifier_folder):
    classifier = Classifier(load(classifier_folder).folder, threads=1)
    tokens = classifier.read("质量很好，" * LONGEST_PIECE + "物流太慢，不会再买了，" * LONGEST_PIECE)
    edges = piece_edges(0, len(tokens))
    assert len(edges) > 4
    odds = 0.0
    for start, stop in itertools.pairwise(edges):
        assert stop - start <= LONGEST_PIECE
        of_piece = by_label(classify_tokens(classifier, [tokens[start:stop]])[0])
        odds += (stop - start) / len(tokens) * math.log(of_piece["1"] / of_piece["0"])
    of_text = by_label(classify_tokens(classifier, [tokens])[0])
    assert math.log(of_text["1"] / of_text["0"]) == pytest.approx(odds, abs=1e-5)


def test_eight_bits_say_the_same(small, classifier_folder):
    metrics = json.loads((small / "metrics.json").read_text())
    assert metrics["test"]["accuracy"] == pytest.approx(metrics["test_fp32"]["accuracy"], abs=0.03)
    assert (small / "model.onnx").stat().st_size < (classifier_folder / "model.onnx").stat().st_size
    first, second = (load(folder, threads=1).classify(TEXTS) for folder in (small, classifier_folder))
    for one, other in zip(first, second, strict=True):
        assert by_label(one) == pytest.approx(by_label(other), abs=0.05)


def test_a_model_of_one_kind_refuses_the_work_of_the_other(model, model_folder):
    prompts, labels = ["{text}，__！"], {"好": ["好"], "差": ["差"]}
    for ask in (
        lambda: model.fill("很__"),
        lambda: model.check("很好"),
        lambda: model.segment("很好"),
        lambda: model.embed("很__"),
        lambda: model.joint("很__"),
        lambda: model.rank(["很好", "很差"]),
        lambda: model.explain("很__"),
    ):
        with pytest.raises(FolderError, match="is a classifier and fills no blanks"):
            ask()
    with pytest.raises(OptionError, match="labels of its own"):
        model.classify("很好", prompts, labels)
    cloze = load(model_folder, threads=1)
    assert cloze.labels == []
    with pytest.raises(FolderError, match="was not trained for labels"):
        cloze.classify("很好")
    with pytest.raises(OptionError, match="go together"):
        cloze.classify("很好", prompts)
    with pytest.raises(OptionError, match="is a classifier; extra words are unsupported"):
        load(model.folder.path, words=["鱻鱻"])


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "no word that the model reads"), (" \n", "no word"), ("好\ud800", "character 2")],
)
def test_texts_that_can_not_be_read(model, text, words):
    with pytest.raises(SentenceError, match=words):
        model.classify(text)
    with pytest.raises(SentenceError, match=f"text 2: .*{words}"):
        model.classify(["好", text])
    with pytest.raises(SentenceError, match="a text or a list of texts"):
        model.classify({"好"})
    with pytest.raises(SentenceError, match="text 1: a text must be a string"):
        model.classify([3])


def test_the_command_line_labels_measures_and_draws(classifier_folder, prepared, corpus_file, tmp_path, capfd):
    model = ["--model", str(classifier_folder)]
    assert run(["classify", *model, "质量很好"]) == 0
    assert {line.split("\t")[0] for line in capfd.readouterr().out.splitlines()} == {"0", "1"}
    picture = tmp_path / "confusion.png"
    assert run(["evaluate", *model, "--prepared", str(prepared), "--confusion", str(picture), "--json"]) == 0
    of_split = json.loads(capfd.readouterr().out)
    assert of_split == json.loads((classifier_folder / "metrics.json").read_text())["test"]
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert run(["evaluate", *model, "--labelled", str(corpus_file), "--split", "test", "--json"]) == 0
    # The same texts, cut again, but each once.
    of_file = json.loads(capfd.readouterr().out)
    assert of_file["texts"] <= of_split["texts"]
    assert of_file["accuracy"] == pytest.approx(of_split["accuracy"], abs=0.05)
    assert run(["evaluate", *model, "--text", str(corpus_file)]) == 2
    assert "is a classifier" in capfd.readouterr().err
    assert run(["fill", *model, "很__"]) == 2
    assert "is a classifier" in capfd.readouterr().err


def test_the_split_of_labelled_files_is_the_models_own(corpus_file, tmp_path, capfd):
    succeed("prepare", corpus_file, "-o", tmp_path / "prepared", "--split", "50/10/40", "--seed", 7, "--quiet")
    succeed("train", tmp_path / "prepared", "-o", tmp_path / "model", "--task", "classify", *TINY, "--epochs", 1)
    capfd.readouterr()
    assert run(["evaluate", "--model", str(tmp_path / "model"), "--labelled", str(corpus_file)]) == 0
    out, err = capfd.readouterr()
    texts = int(out.split()[1])
    assert texts == PreparedCorpus(tmp_path / "prepared").manifest.splits["test"].texts
    assert "only texts of the test split are measured" in err


def test_labels_that_the_model_was_not_trained_for(classifier_folder, tmp_path, capfd):
    file = tmp_path / "texts.txt"
    file.write_text("很好,,妙\n很差,,0\n", encoding="utf-8")
    assert run(["evaluate", "--model", str(classifier_folder), "--labelled", str(file), "--split", "all"]) == 2
    assert "was trained for 0, 1" in capfd.readouterr().err
