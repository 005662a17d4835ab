"""A model can be handed to other processes: it is loaded again there from where it is."""

from __future__ import annotations

import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

import tiankong
from tests.answers import same
from tiankong.errors import FolderError

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
    with pytest.raises(FolderError, match="there is no folder"):
        pickle.loads(pickled)
