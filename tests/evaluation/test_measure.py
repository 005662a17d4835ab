"""The metrics against their definitions: every target blanked in turn and looked up in the whole ranking."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tiankong.corpus.prepared import PreparedCorpus
from tiankong.evaluation import measure
from tiankong.evaluation.measure import measure_split, measure_texts
from tiankong.runtime import loaded_model
from tiankong.runtime.batching import BatchLimits
from tiankong.runtime.predictor import open_predictor
from tiankong.runtime.reading import Reading
from tiankong.text import pieces
from tiankong.text.vocabulary import is_target

TEXTS = ["物流很快，质量不错", "这件外套的颜色好看，2 天到了", "客服态度很差！！", "龘龘很好", "666"]


def by_hand(predictor, texts):
    """Each target of each text scored by a single query."""
    vocabulary = predictor.folder.vocabulary
    ranks, logs, misses, texts_with_targets = [], [], 0, 0
    for text in texts:
        tokens = predictor.tokenizer.tokens(text)
        texts_with_targets += any(map(is_target, tokens))
        for place, token in enumerate(tokens):
            if not is_target(token):
                continue
            if token not in vocabulary:
                misses += 1
                continue
            from tiankong.text.network_input import Window  # noqa: PLC0415

            reading = Reading(predictor)
            ids = reading.ids(tokens)
            window = Window(ids, 1, len(ids) - 1, np.array([place + 1]))
            (row,) = (found.log_probabilities for found in reading.predictions([window]))
            order = sorted(np.flatnonzero(np.isfinite(row)), key=lambda word: (-row[word], word))
            ranks.append(1 + order.index(vocabulary.id_of(token)))
            logs.append(float(row[vocabulary.id_of(token)]))
    return ranks, logs, misses, texts_with_targets


@pytest.mark.parametrize("kind", ["model_folder", "codes_model_folder"])
def test_texts_against_the_definition(kind, request):
    predictor = open_predictor(request.getfixturevalue(kind))
    metrics = measure_texts(predictor, TEXTS)
    ranks, logs, misses, sentences = by_hand(predictor, TEXTS)
    targets = len(ranks) + misses
    assert (metrics["targets"], metrics["oov_targets"], metrics["sentences"]) == (targets, misses, sentences)
    for k in (1, 5, 10):
        assert metrics[f"top{k}"] == pytest.approx(sum(rank <= k for rank in ranks) / targets)
    assert metrics["mrr"] == pytest.approx(sum(1 / rank for rank in ranks) / targets)
    assert metrics["perplexity"] == pytest.approx(math.exp(-sum(logs) / len(logs)), rel=1e-4)
    assert ("bit_accuracy" in metrics) is (kind == "codes_model_folder")
    assert measure_texts(predictor, TEXTS, limit=2)["sentences"] == by_hand(predictor, TEXTS[:2])[3]


@pytest.mark.parametrize("kind", ["model_folder", "codes_model_folder"])
def test_a_very_long_text_is_measured_in_parts(kind, request, monkeypatch):
    predictor = open_predictor(request.getfixturevalue(kind))
    texts = ["，".join(TEXTS[:4] * 6), *TEXTS]
    whole = measure_texts(predictor, texts)
    monkeypatch.setattr(measure, "MEASURING", BatchLimits(predictions=7, tokens=100, targets=5))
    parts = measure_texts(predictor, texts)
    assert without_times(parts) == pytest.approx(without_times(whole), rel=1e-4)
    monkeypatch.setattr(loaded_model, "LONGEST_WHOLE", 20)
    monkeypatch.setattr(pieces, "MOST_TARGETS", 20)
    heard = []
    cut = measure_texts(predictor, texts, on_text=heard.append)
    assert sum(heard) == len(TEXTS) + 1
    assert [cut[name] for name in ("targets", "oov_targets", "sentences")] == [
        whole[name] for name in ("targets", "oov_targets", "sentences")
    ]


def without_times(metrics):
    left_out = {"seconds", "targets_per_second", "reliability"}
    return {name: value for name, value in metrics.items() if name not in left_out}


def test_a_prepared_split_counts_what_prepare_counted(model_folder, prepared):
    corpus = PreparedCorpus(prepared)
    metrics = measure_split(open_predictor(model_folder), corpus, "test")
    counts = corpus.manifest.splits["test"]
    assert metrics["targets"] == counts.targets
    assert metrics["oov_targets"] == counts.targets - counts.known_targets
    assert 0 < metrics["top1"] <= metrics["top5"] <= metrics["top10"] <= 1
    assert metrics["perplexity"] < len(corpus.vocabulary)


def test_bit_accuracy_is_the_mean_over_texts_of_the_share_of_equal_bits(codes_model_folder):
    predictor = open_predictor(codes_model_folder)
    shares = [measure_texts(predictor, [text])["bit_accuracy"] for text in TEXTS[:3]]
    assert measure_texts(predictor, TEXTS[:3])["bit_accuracy"] == pytest.approx(np.mean(shares), abs=1e-6)
