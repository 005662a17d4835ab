"""A network that starts from word2vec's vectors."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest
from safetensors.numpy import load_file

import tiankong
from tiankong.cli.main import run

ANIMALS = ("小猫", "小狗", "兔子", "老虎", "山羊", "大象")
FRUITS = ("苹果", "香蕉", "西瓜", "葡萄", "桃子", "橙子")
SETTINGS = {
    **{"preset": "small", "embedding_size": 16, "hidden_size": 16, "mlp_sizes": (16,), "character_size": 0},
    **{"epochs": 1, "max_steps": 3, "negatives": 0, "threads": 1, "precision": "fp32", "measure_limit": 20},
    **{"learning_rate": 1e-9, "warmup_steps": 0},
}


def texts(count):
    draw = random.Random(1).choice
    runs = [f"{draw(ANIMALS)}和{draw(ANIMALS)}在草地上跑得飞快，{draw(ANIMALS)}叫了一声" for _ in range(count)]
    return [*runs, *(f"她把{draw(FRUITS)}和{draw(FRUITS)}洗干净切开，{draw(FRUITS)}很甜" for _ in range(count))]


@pytest.fixture(scope="module")
def corpora(tmp_path_factory):
    folder = tmp_path_factory.mktemp("vectors")
    both = tiankong.prepare(texts(600), folder / "both", minimum_count=2)
    parts = [texts(600)[:600], texts(600)[600:]]
    return [both, *(tiankong.prepare(part, folder / str(n), vocabulary_of=both) for n, part in enumerate(parts))]


def separation(corpus, model):
    """By how much the cosine within a kind exceeds that between the kinds."""
    table = load_file(model / "model.safetensors")["embedding.words.weight"]
    rows = {word: table[corpus.vocabulary.id_of(word)] for word in (*ANIMALS, *FRUITS)}

    def cosine(one, other):
        return rows[one] @ rows[other] / np.linalg.norm(rows[one]) / np.linalg.norm(rows[other])

    within = [cosine(*pair) for kind in (ANIMALS, FRUITS) for pair in itertools.combinations(kind, 2)]
    between = [cosine(*pair) for pair in itertools.product(ANIMALS, FRUITS)]
    return np.mean(within) - np.mean(between)


@pytest.mark.trains
@pytest.mark.parametrize("several", [False, True])
def test_words_used_alike_start_alike(corpora, tmp_path, several):
    given = corpora[1:] if several else corpora[0]
    for name in ("random", "word2vec", "again"):
        vectors = "random" if name == "random" else "word2vec"
        tiankong.train(given, tmp_path / name, initial_vectors=vectors, **SETTINGS)
    assert separation(corpora[0], tmp_path / "word2vec") > 0.2
    assert abs(separation(corpora[0], tmp_path / "random")) < 0.1
    once, again = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("word2vec", "again"))
    assert once == again


@pytest.mark.trains
@pytest.mark.parametrize("head", ["codes", "hybrid"])
def test_other_heads_start_from_them_too(corpora, tmp_path, head):
    settings = {**SETTINGS, "frequent_words": 4} if head == "hybrid" else SETTINGS
    tiankong.train(corpora[0], tmp_path / "model", head=head, initial_vectors="word2vec", code_bits=50, **settings)
    assert separation(corpora[0], tmp_path / "model") > 0.2


def test_there_is_no_other_start(corpora, tmp_path, capsys):
    command = ["train", str(corpora[0].path), "-o", str(tmp_path / "model")]
    assert run([*command, "--initial-vectors", "glove"]) == 2
    assert "glove" in capsys.readouterr().err
    assert run([*command, "--task", "classify", "--initial-vectors", "word2vec"]) == 2
    assert "--initial-vectors is for models that fill blanks" in capsys.readouterr().err
