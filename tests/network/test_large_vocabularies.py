"""What is worked out in parts for large vocabularies is the same as in one."""

from __future__ import annotations

import copy

import pytest
import torch

from tests.networks import FIRST, VARIANTS, VOCABULARY, arrays, build
from tiankong.evaluation.error_detection import MOST_TEXTS, most_texts
from tiankong.network import word_tables
from tiankong.network.context import tensors
from tiankong.network.word_codes import WordCodes
from tiankong.runtime.batching import ANSWERING, MEASURING
from tiankong.training.cloze.rows import rows_at_once, rows_in_all

SMALL, LARGE = 100_000, 1_000_000


def logits(network):
    with torch.no_grad(), network.unchanged():
        context = network.context(*tensors(arrays(*TEXTS)))
        return [network.head.word_logits(network.head.scores(context)) for _ in range(2)]


TEXTS = ([FIRST, FIRST + 1, FIRST + 5], [FIRST + 2])


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
@pytest.mark.parametrize("at_once", [1, 4, len(VOCABULARY) - 1])
def test_words_in_parts_have_the_same_logits(variant, at_once, monkeypatch):
    network = build(*variant)
    folded = network.folded()
    expected = logits(network)
    torch.testing.assert_close(expected[0], expected[1], rtol=0, atol=0)
    monkeypatch.setattr(word_tables, "WORDS_AT_ONCE", at_once)
    for found in (*logits(network), *logits(folded), *logits(network.folded())):
        torch.testing.assert_close(found, expected[0], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("first", "stop"), [(0, 0), (7, 12), (4, 19), (3, 8)])
@pytest.mark.parametrize("at_once", [1, 5, 18])
def test_learned_codes_in_parts(first, stop, at_once, monkeypatch):
    generator = torch.Generator().manual_seed(1)
    codes = WordCodes(torch.randint(0, 2, (19, 50), generator=generator), first, stop)
    if codes.latent is not None:
        codes.latent.data.copy_(torch.randn(codes.latent.shape, generator=generator))
    scores, bias = torch.randn(3, 50, generator=generator), torch.randn(19, generator=generator)
    with torch.no_grad():
        expected = [codes.logits(scores, start, bias) for start in (0, 2)]
        monkeypatch.setattr(word_tables, "WORDS_AT_ONCE", at_once)
        for start, whole in zip((0, 2), expected, strict=True):
            torch.testing.assert_close(codes.logits(scores, start, bias), whole, rtol=1e-5, atol=1e-5)


def test_output_vectors_are_kept_only_while_nothing_changes():
    network = build()
    before = logits(network)[0]
    with torch.no_grad():
        network.embedding.words.weight.add_(1.0)
    changed = copy.deepcopy(network)
    assert not torch.equal(logits(network)[0], before)
    torch.testing.assert_close(logits(network)[0], logits(changed)[0], rtol=0, atol=0)


def test_fewer_rows_of_a_large_vocabulary_are_in_memory_at_once():
    assert rows_at_once(2048, SMALL) == 2048
    assert rows_in_all(16_384, SMALL, 16) == 16_384
    assert 4 * LARGE * rows_at_once(2048, LARGE) <= 1 << 28
    assert rows_at_once(2048, 1 << 40) == 1
    assert 1000 < rows_in_all(16_384, LARGE, 16) < 2000


def test_batches_of_scores_stay_below_a_size():
    assert MEASURING.for_vocabulary(SMALL) == MEASURING
    assert ANSWERING.for_vocabulary(LARGE).predictions == ANSWERING.predictions
    large = MEASURING.for_vocabulary(LARGE)
    assert max(large.predictions, large.targets) * 4 * LARGE <= 1 << 27
    assert large.tokens == MEASURING.tokens
    assert MEASURING.for_vocabulary(1 << 40).predictions == 1


def test_the_thresholds_of_check_are_fitted_on_fewer_texts():
    assert most_texts(SMALL) == MOST_TEXTS
    assert 300 <= most_texts(LARGE) < 400
    assert most_texts(1 << 40) == 300
