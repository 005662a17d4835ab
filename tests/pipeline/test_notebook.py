"""All of it from Python, as in a notebook: no command line, no file of texts."""

from __future__ import annotations

import pytest

import tiankong
from tiankong.sample.grammar import reviews

pytestmark = pytest.mark.trains

TINY = {"embedding_size": 16, "hidden_size": 16, "mlp_sizes": (32,), "character_size": 8, "threads": 1}


def test_from_a_list_of_strings_to_answers(tmp_path):
    texts = [review.text for review in reviews(300)]
    corpus = tiankong.prepare(texts, tmp_path / "prepared", minimum_count=2, code_bits=0)
    stages = []
    result = tiankong.train(
        corpus,
        tmp_path / "model",
        preset="small",
        epochs=2,
        measure_limit=20,
        progress=lambda step: stages.append(step.stage),
        **TINY,
    )
    assert [row["epoch"] for row in result.history] == [1, 2]
    assert {"training", "epoch", "measuring"} <= set(stages)
    model = tiankong.load(result.path)
    answers = model.fill("物流很__，第二天就到了", top_k=3)
    assert len(answers) == 3
    assert answers[0]["sequence"] == f"物流很{answers[0]['token_str']}，第二天就到了"
    scores = tiankong.evaluate(result.path, prepared=corpus, limit=20)
    assert scores.metrics["top10"] == result.metrics["test"]["top10"]
    measured = tiankong.evaluate(result.path, text=texts[:5])
    assert measured.metrics["sentences"] == 5


def test_from_pairs_to_labels(tmp_path):
    pairs = [(review.text, "好评" if review.label else "差评") for review in reviews(300)]
    corpus = tiankong.prepare(iter(pairs), tmp_path / "prepared", minimum_count=2, code_bits=0)
    result = tiankong.train(corpus, tmp_path / "model", task="classify", epochs=2, measure_limit=20, **TINY)
    model = tiankong.load(result.path)
    assert sorted(share["label"] for share in model.classify(pairs[0][0])) == ["好评", "差评"]
