"""``--head auto``: the head by the size of the vocabulary and the amount of text."""

from __future__ import annotations

import dataclasses
import json
import os
import signal

import pytest

import tiankong
from tests.conftest import TINY_CLOZE, succeed
from tiankong.artifact.model_folder import open_model
from tiankong.cli.main import run
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.registry.heads import AUTO, HEADS, Suited, choose_head

LOUD = [option for option in TINY_CLOZE if option != "--quiet"]
SETTINGS = {
    "head": AUTO,
    **{"preset": "small", "embedding_size": 16, "hidden_size": 16, "mlp_sizes": (32,), "character_size": 8},
    **{"batch_tokens": 1024, "epochs": 2, "threads": 1, "precision": "fp32", "window": 64},
}


@pytest.mark.parametrize(
    ("words", "tokens", "head", "reason"),
    [
        (1, 0, "softmax", "the vocabulary has 1 word"),
        (1740, 240_000, "softmax", "the vocabulary has 1,740 words"),
        (99_999, 10_000_000, "softmax", "the vocabulary has 99,999 words"),
        (99_999, 99_999, "softmax", "the vocabulary has 99,999 words"),
        (100_000, 5_000_000, "codes", "the vocabulary has 100,000 words"),
        (312_000, 900_000_000, "codes", "the vocabulary has 312,000 words"),
        (
            *(100_000, 4_900_000, "hybrid"),
            "the vocabulary has 100,000 words and the training text only 49 tokens for each",
        ),
        (
            *(1_000_000, 2_000_000, "hybrid"),
            "the vocabulary has 1,000,000 words and the training text only 2 tokens for each",
        ),
    ],
)
def test_the_vocabulary_and_the_text_decide(words, tokens, head, reason):
    choice = choose_head(words, tokens)
    assert (choice.head.name, choice.reason) == (head, reason)


def test_a_head_without_a_rule_is_never_chosen(monkeypatch):
    monkeypatch.setitem(HEADS, "another", dataclasses.replace(HEADS["codes"], name="another", suited=None))
    assert choose_head(1_000_000, 10**9).head.name == "codes"


@pytest.fixture
def plain(corpus_file, tmp_path):
    """A corpus prepared without codes."""
    succeed("prepare", corpus_file, "-o", tmp_path / "plain", "--minimum-count", 2, "--quiet")
    return tmp_path / "plain"


def low(monkeypatch, tokens_per_word):
    """Rules as the registry's, for vocabularies that a test can afford."""
    codes = Suited(100, tokens_per_word, {"code_bits": 60, "word_vectors": 80})
    monkeypatch.setitem(HEADS, "codes", dataclasses.replace(HEADS["codes"], suited=codes))
    hybrid = Suited(100, settings={"word_vectors": 30})
    monkeypatch.setitem(HEADS, "hybrid", dataclasses.replace(HEADS["hybrid"], suited=hybrid))


@pytest.fixture
def much_text(monkeypatch):
    low(monkeypatch, 1)


@pytest.fixture
def little_text(monkeypatch):
    low(monkeypatch, 10**6)


def shape_of(folder):
    return open_model(folder).manifest.model


@pytest.mark.trains
@pytest.mark.usefixtures("much_text")
def test_a_large_vocabulary_gets_codes(plain, tmp_path, capfd):
    succeed("train", plain, "-o", tmp_path / "model", *LOUD, "--head", AUTO)
    shape = shape_of(tmp_path / "model")
    assert (shape.head, shape.code_bits, shape.word_vectors) == ("codes", 60, 80)
    words = PreparedCorpus(plain).manifest.words
    line = f"head: codes, because the vocabulary has {words:,} words"
    assert capfd.readouterr().err.count(line) == 1
    metrics = json.loads((tmp_path / "model" / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["head"] == {"name": "codes", "reason": f"the vocabulary has {words:,} words"}
    succeed("fill", "物流__，很快", "--model", tmp_path / "model")


@pytest.mark.trains
@pytest.mark.usefixtures("little_text")
def test_little_text_gets_a_hybrid_head(plain, tmp_path):
    steps = []
    result = tiankong.train(plain, tmp_path / "model", frequent_words=40, progress=steps.append, **SETTINGS)
    shape = shape_of(result.path)
    assert (shape.head, shape.code_bits) == ("hybrid", 100)
    assert shape.word_vectors == 40  # no fewer than are not coded
    assert "tokens for each" in result.metrics["head"]["reason"]
    assert [step.message for step in steps if step.stage == "head"] == [
        f"head: hybrid, because {result.metrics['head']['reason']}"
    ]


@pytest.mark.trains
@pytest.mark.usefixtures("much_text")
def test_what_is_given_stands(prepared, plain, tmp_path):
    given = {"code_bits": 70, "word_vectors": 0, **SETTINGS, "epochs": 1}
    shape = shape_of(tiankong.train(plain, tmp_path / "given", **given).path)
    assert (shape.head, shape.code_bits, shape.word_vectors) == ("codes", 70, 0)
    # The bits that the corpus was prepared with count, and without characters every word needs a vector.
    apart = {**SETTINGS, "character_size": 0, "epochs": 1}
    shape = shape_of(tiankong.train(prepared, tmp_path / "apart", **apart).path)
    assert (shape.head, shape.code_bits, shape.word_vectors) == ("codes", 50, 0)


@pytest.mark.trains
@pytest.mark.usefixtures("much_text")
def test_it_is_chosen_only_if_asked_for(plain, tmp_path):
    named = {name: value for name, value in SETTINGS.items() if name not in {"head", "preset"}} | {"epochs": 1}
    for head, result in (("softmax", None), ("codes", "auto")):
        preset = tmp_path / f"{head}.toml"
        preset.write_text(f'[model]\nhead = "{result or head}"\n', encoding="utf-8")
        trained = tiankong.train(plain, tmp_path / head, preset=preset, **named)
        assert shape_of(trained.path).head == head
        assert ("head" in trained.metrics) == (result == "auto")
    assert shape_of(tiankong.train(plain, tmp_path / "usual", preset="small", **named).path).head == "softmax"


@pytest.mark.trains
def test_a_small_vocabulary_is_trained_as_with_the_softmax(model_folder, prepared, tmp_path, capfd):
    succeed("train", prepared, "-o", tmp_path / "model", *LOUD, "--head", AUTO)
    for name in ("model.safetensors", "model.onnx", "config.json"):
        assert (tmp_path / "model" / name).read_bytes() == (model_folder / name).read_bytes()
    assert capfd.readouterr().err.count("head: softmax, because the vocabulary has") == 1


@pytest.mark.trains
@pytest.mark.usefixtures("much_text")
def test_a_resumed_training_has_the_same_head(plain, tmp_path):
    def stop(step):
        if step.stage == "training" and step.done == 3:
            os.kill(os.getpid(), signal.SIGINT)

    whole = tiankong.train(plain, tmp_path / "whole", **SETTINGS)
    for name, head in (("same", {}), ("named", {"head": "codes", "code_bits": 60, "word_vectors": 80})):
        with pytest.raises(KeyboardInterrupt):
            tiankong.train(plain, tmp_path / name, progress=stop, **SETTINGS)
        resumed = tiankong.train(plain, tmp_path / name, resume=True, **{**SETTINGS, **head})
        weights = [(folder / "model.safetensors").read_bytes() for folder in (whole.path, resumed.path)]
        assert weights[0] == weights[1]


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        ("no", "--code-bits 60", "--code-bits is for --head codes or hybrid, not softmax: leave it out, or give that"),
        ("no", "--frequent-words 40", "--frequent-words is for --head hybrid, not softmax"),
        ("no", "--word-vectors 40", "--word-vectors needs --head codes or hybrid: softmax has a vector for every word"),
        ("no", "--decoding distance", "--decoding distance needs --head codes, not softmax"),
        ("much_text", "--frequent-words 40", "--frequent-words is for --head hybrid, not codes"),
        ("much_text", "--output-characters", "--output-characters is for --head softmax, not codes"),
        ("much_text", "--code-loss bits", "needs --code-loss words or both, not bits"),
        ("much_text", "--word-vectors 40 --character-size 0", "--word-vectors needs --character-size above 0"),
        ("little_text", "--code-loss words", "--code-loss is for --head codes, not hybrid"),
        ("little_text", "--decoding distance", "--decoding distance needs --head codes, not hybrid"),
        ("little_text", "--frequent-words 40 --word-vectors 20", "--word-vectors (20) must be 0 or at least"),
    ],
)
def test_options_of_another_head_are_refused_with_the_reason(plain, request, tmp_path, capfd, text, options, words):
    if text != "no":
        request.getfixturevalue(text)
    before = sorted(tmp_path.iterdir())
    assert run(["train", str(plain), "-o", str(tmp_path / "model"), "--head", "auto", *options.split()]) == 2
    err = capfd.readouterr().err
    assert words in err
    head = {"no": "softmax", "much_text": "codes", "little_text": "hybrid"}[text]
    assert f"(--head auto takes {head}, because the vocabulary has" in err
    assert err.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before


def test_a_head_that_does_not_exist_is_refused_with_those_that_do(plain, tmp_path, capfd):
    with pytest.raises(tiankong.TiankongError, match="`head` must be one of softmax, codes, hybrid, auto, not tree"):
        tiankong.train(plain, tmp_path / "model", head="tree")
    assert run(["train", str(plain), "-o", str(tmp_path / "model"), "--head", "Auto"]) == 2
    assert "auto" in capfd.readouterr().err


def test_a_classifier_names_a_real_head(classifier_folder, prepared, tmp_path):
    assert shape_of(classifier_folder).head in HEADS
    with pytest.raises(tiankong.TiankongError, match="`head` is for models that fill blanks"):
        tiankong.train(prepared, tmp_path / "model", task="classify", head="auto")
