"""A model can be handed to other processes: it is loaded again there from where it is."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

import tiankong
from tests.answers import same
from tiankong.errors import FolderError, MissingPackageError, OptionError, SentenceError, SourceError

SENTENCES = ["外套做工__，穿着很暖和", "物流__，第二天就到了", "味道__，下次还会__"]
SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture(scope="module")
def model():
    return tiankong.load(threads=1, words=["神速达"])


def test_an_unpickled_model_answers_the_same(model):
    again = pickle.loads(pickle.dumps(model))
    same(again.fill(SENTENCES), model.fill(SENTENCES))
    assert again.predictor.session.threads == 1
    assert again.predictor.knows("神速达")


def test_a_pickled_model_is_a_reference(model):
    assert len(pickle.dumps(model)) < 1000


def test_a_classifier_can_be_pickled():
    classifier = tiankong.load("reviews-zh-sentiment", threads=1)
    text = "用了两天就坏了"
    same(pickle.loads(pickle.dumps(classifier)).classify(text), classifier.classify(text))


def test_pool_and_executor_map_a_method(model):
    expected = [model.fill(sentence) for sentence in SENTENCES]
    with SPAWN.Pool(1) as pool:
        same(pool.map(model.fill, SENTENCES), expected)
    with ProcessPoolExecutor(1, mp_context=SPAWN) as executor:
        same(list(executor.map(model.fill, SENTENCES)), expected)


def test_a_relative_folder_is_found_from_another_place(tmp_path, monkeypatch):
    built_in = tiankong.load("reviews-zh-sentiment").folder.path
    (tmp_path / "model").symlink_to(built_in)
    monkeypatch.chdir(tmp_path)
    pickled = pickle.dumps(tiankong.load(Path("model"), threads=1))
    monkeypatch.chdir("/")
    assert set(pickle.loads(pickled).labels) == {"好评", "差评"}


def test_a_folder_that_is_gone_is_named(tmp_path):
    folder = tmp_path / "model"
    folder.symlink_to(tiankong.load("reviews-zh-sentiment").folder.path)
    pickled = pickle.dumps(tiankong.load(folder, threads=1))
    folder.unlink()
    again = pickle.loads(pickled)
    for use in (lambda: again.labels, lambda: again.classify("很好"), lambda: again.reads("很好")):
        with pytest.raises(FolderError, match="there is no folder"):
            use()
    assert len(pickle.dumps(again)) < 1000  # it can be handed on without being loaded


def test_a_folder_that_is_gone_is_reported_by_the_workers(tmp_path):
    folder = tmp_path / "model"
    folder.symlink_to(tiankong.load("reviews-zh-sentiment").folder.path)
    classifier = tiankong.load(folder, threads=1)
    folder.unlink()
    with SPAWN.Pool(1) as pool, pytest.raises(FolderError, match="there is no folder"):
        pool.map_async(classifier.classify, ["很好", "很差"]).get(timeout=120)
    with ProcessPoolExecutor(1, mp_context=SPAWN) as executor:
        with pytest.raises(FolderError, match="there is no folder"):
            executor.submit(classifier.classify, "很好").result(timeout=120)
        folder.symlink_to(tiankong.load("reviews-zh-sentiment").folder.path)
        same(executor.submit(classifier.classify, "很好").result(timeout=120), classifier.classify("很好"))


def test_a_folder_that_holds_another_model_now_is_refused(tmp_path):
    folder = tmp_path / "model"
    folder.symlink_to(tiankong.load("reviews-zh-sentiment").folder.path)
    pickled = pickle.dumps(tiankong.load(folder, threads=1))
    folder.unlink()
    folder.symlink_to(tiankong.load("reviews-zh").folder.path)
    with pytest.raises(FolderError, match="is another model than the one that was pickled"):
        pickle.loads(pickled).classify("很好")


def test_copies_share_what_is_loaded(model):
    for copied in (copy.copy(model), copy.deepcopy(model), copy.deepcopy({"model": model})["model"]):
        assert copied.predictor is model.predictor
    unpickled = pickle.loads(pickle.dumps(model))
    same(copy.deepcopy(unpickled).fill(SENTENCES), model.fill(SENTENCES))


@pytest.mark.parametrize(
    "error",
    [
        FolderError("there is no folder"),
        SentenceError("no blank"),
        SourceError("no text"),
        OptionError(["one", "two"]),
        MissingPackageError("a plot", "plots"),
    ],
)
def test_errors_reach_other_processes_whole(error):
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)
