"""Training on labels: from scratch, from a model that fills blanks, stopped and resumed; and what can't be learned."""

from __future__ import annotations

import csv
import dataclasses
import json
import os
import random
import signal
import time
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

import tiankong
from tests.conftest import TINY, TUNING, succeed
from tests.processes import Command
from tiankong.artifact.model_folder import open_model
from tiankong.cli.main import run
from tiankong.config import ClassifierConfig, ModelConfig, TrainingConfig
from tiankong.corpus.mix import CorpusMix
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.exporting.open_base import open_base
from tiankong.model import load
from tiankong.network.classifier import ClassifierNetwork
from tiankong.network.context import tensors
from tiankong.registry.tasks import TASKS
from tiankong.runtime.classifier import Classifier
from tiankong.tasks.classify import classify_tokens
from tiankong.text.network_input import Lexicon, network_input
from tiankong.text.pieces import between_blanks
from tiankong.training.classify.label_layer import temper
from tiankong.training.classify.module import LabelModule
from tiankong.training.classify.trainer import chosen_texts, fit
from tiankong.training.run_folder import Work
from tiankong.training.task import TrainingRequest

FAST = [
    *("--epochs", "2", "--batch-tokens", "300", "--checkpoint-steps", "3", "--threads", "1", "--precision", "fp32"),
    "--quiet",
]


def train(prepared, output, *more):
    return run(["train", str(prepared), "-o", str(output), "--task", "classify", *map(str, more)])


def metrics(folder):
    return json.loads((folder / "metrics.json").read_text())


def history(folder):
    with (folder / "history.csv").open() as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(("kind", "corpus"), [("classifier_folder", "prepared"), ("tuned_folder", "practice_corpus")])
def test_it_learns_and_says_how_well(request, kind, corpus):
    folder = request.getfixturevalue(kind)
    test = metrics(folder)["test"]
    labels = PreparedCorpus(request.getfixturevalue(corpus)).labels("test")
    assert test["texts"] == len(labels)
    assert test["accuracy"] > Counter(labels.tolist()).most_common(1)[0][1] / len(labels) + 0.1
    assert test["accuracy_low"] < test["accuracy"] < test["accuracy_high"]
    assert np.sum(test["confusion"]) == len(labels)
    assert [row["texts"] for row in test["labels"]] == np.sum(test["confusion"], axis=1).tolist()
    assert open_model(folder).manifest.labels == ["0", "1"]
    card = (folder / "README.md").read_text()
    assert "text-classification" in card
    assert f"| 0 | {test['labels'][0]['texts']} |" in card
    for picture in ("confusion.png", "reliability.png", "curves.png"):
        assert (folder / picture).read_bytes().startswith(b"\x89PNG")


def test_what_it_was_trained_from_is_kept(tuned_folder, practice_model):
    tuned, base = open_model(tuned_folder), open_base(practice_model)
    assert tuned.manifest.base.name == practice_model.name
    assert tuned.manifest.base.sha256 == base.sha256
    assert tuned.vocabulary.words == base.folder.vocabulary.words
    assert [row["epoch"] for row in history(tuned_folder)][:2] == ["0", "1"]
    assert "a model that fills blanks" in (tuned_folder / "README.md").read_text()


def test_the_best_epoch_is_the_one_that_is_kept(tuned_folder, classifier_folder):
    for folder in (tuned_folder, classifier_folder):
        losses = {int(float(row["epoch"])): float(row["validation_log_loss"]) for row in history(folder)}
        assert metrics(folder)["best_epoch"] == min(losses, key=losses.get)


@pytest.mark.parametrize("kind", ["classifier_folder", "tuned_folder"])
def test_torch_and_onnx_agree(request, kind):
    folder = open_model(request.getfixturevalue(kind))
    manifest = folder.manifest
    network = ClassifierNetwork(
        manifest.model,
        folder.vocabulary.keys(),
        (len(folder.characters), 0),
        2,
        TrainingConfig(),
        ClassifierConfig(),
    ).eval()
    network.load_state_dict(
        {name: torch.from_numpy(value) for name, value in load_file(folder.path / "model.safetensors").items()}
    )
    classifier = Classifier(folder, threads=1)
    for text in ["质量很好", "物流很慢，客服态度也差，不会再买了", "好", "。", "鱻鱻 xyz", "颜色" * 60]:
        words = classifier.read(text)
        others = [word for word in dict.fromkeys(words) if word not in folder.vocabulary]
        forms = [*folder.vocabulary.words, *others]
        window = between_blanks(np.array([forms.index(word) for word in words]))
        lexicon = Lexicon.of(folder.vocabulary, folder.characters, others)
        with torch.no_grad():
            logits = network(*tensors(network_input([window], lexicon)))[0]
        expected = dict(zip(manifest.labels, torch.softmax(logits.double(), 0).tolist(), strict=True))
        found = {share["label"]: share["score"] for share in classify_tokens(classifier, [words])[0]}
        assert found == pytest.approx(expected, abs=1e-4)
    assert metrics(folder.path)["onnx_difference"] < 1e-4


def test_the_same_seed_gives_the_same_weights(practice_corpus, practice_model, tuned_folder, tmp_path):
    assert train(practice_corpus, tmp_path / "again", "--from", practice_model, *TUNING) == 0
    first, second = (folder / "model.safetensors" for folder in (tuned_folder, tmp_path / "again"))
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("tuned", [False, True])
def test_a_killed_training_resumes_to_equal_weights(prepared, model_folder, tmp_path, tuned):
    arguments = ["--from", str(model_folder)] if tuned else TINY
    whole, output = tmp_path / "whole", tmp_path / "model"
    command = ["train", prepared, "--task", "classify", *arguments, *FAST, "-o"]
    succeed(*command, whole)
    work = tmp_path / "model.training"
    generator, kills = random.Random(4), 0
    process = Command(*command, output)
    for file in ("start.safetensors", "last.safetensors") if tuned else ("last.safetensors",):
        while process.returncode is None and not (work / file).exists():
            time.sleep(0.005)
        time.sleep(generator.uniform(0, 0.1))
        if process.returncode is not None:
            break
        process.send_signal(signal.SIGKILL)
        process.wait()
        kills += 1
        process = Command(*command, output, "--resume")
    assert kills
    process.wait()
    assert process.returncode == 0
    assert (output / "model.safetensors").read_bytes() == (whole / "model.safetensors").read_bytes()
    kept = [name for name in history(whole)[0] if not name.endswith("seconds") and name != "tokens_per_second"]
    rows = [[{name: row[name] for name in kept} for row in history(folder)] for folder in (whole, output)]
    assert rows[0] == rows[1]


@pytest.mark.parametrize("kind", ["codes_model_folder", "hybrid_model_folder"])
def test_models_with_other_heads_can_be_trained_on(request, kind, prepared, tmp_path):
    base = request.getfixturevalue(kind)
    assert train(prepared, tmp_path / "model", "--from", base, *FAST, "--epochs", 1) == 0
    assert len(load(tmp_path / "model", threads=1).classify("质量很好")) == 2


@pytest.mark.trains
def test_another_base_is_named_where_a_training_is_resumed(prepared, model_folder, tmp_path):
    def press(step):
        if step.stage == "training" and step.done == 1:
            os.kill(os.getpid(), signal.SIGINT)

    settings = {"task": "classify", "epochs": 1, "threads": 1, "precision": "fp32"}
    with pytest.raises(KeyboardInterrupt):
        tiankong.train(prepared, tmp_path / "model", base=model_folder, progress=press, **settings)
    started = rf"was started with `base='{model_folder.name}'` \(now `base=None`\)"
    with pytest.raises(tiankong.OptionError, match=started):
        tiankong.train(prepared, tmp_path / "model", resume=True, **settings)


@pytest.mark.trains
def test_names_of_any_kind_are_kept(tmp_path):
    names = ["好评 👍", "neutral", "差评"]
    words = [("好看", "喜欢"), ("普通", "一般"), ("难看", "失望")]
    rows = [
        {"评价": f"第{number}件衣服{words[kind][number % 2]}，{number * 7 % 50}元", "类别": names[kind]}
        for number in range(120)
        for kind in range(3)
    ]
    file = tmp_path / "三类.csv"
    with file.open("w", encoding="gb18030", newline="") as out:
        writer = csv.DictWriter(out, ["评价", "类别"])
        writer.writeheader()
        writer.writerows(rows)
    succeed("prepare", file, "--label-column", "类别", "-o", tmp_path / "prepared", "--code-bits", 0, "--quiet")
    options = [*TINY, "--epochs", 8, "--learning-rate", "1e-2", "--label-weights", "balanced"]
    assert train(tmp_path / "prepared", tmp_path / "model", *options) == 0
    model = load(tmp_path / "model", threads=1)
    assert model.labels == sorted(names)
    assert [model.classify(f"衣服{own[0]}")[0]["label"] for own in words] == names


@pytest.mark.trains
def test_labels_get_other_names(tmp_path, capfd):
    rows = [(f"第{number}件{'好看' if number % 2 else '难看'}", 1 + 4 * (number % 2)) for number in range(200)]
    file = write_rows(tmp_path / "texts.txt", [*rows, *[(f"第{number}件很好看", 4) for number in range(60)]])
    names = ["--name-label", "5=好评", "--name-label", "4=好评", "--name-label", "1=差评"]
    succeed("prepare", file, "-o", tmp_path / "prepared", *names, "--code-bits", 0, "--quiet")
    assert {label.name for label in PreparedCorpus(tmp_path / "prepared").manifest.labels} == {"好评", "差评"}
    assert train(tmp_path / "prepared", tmp_path / "model", *TINY, "--epochs", 6, "--learning-rate", "1e-2") == 0
    capfd.readouterr()
    assert run(["evaluate", "--model", str(tmp_path / "model"), "--labelled", str(file), *names, "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["accuracy"] > 0.9
    for bad, words in [("6=x", "no text has the label '6'"), ("1", "not of the form OLD=NEW"), ("4=x", "given twice")]:
        more = [*names, "--name-label", bad]
        assert run(["prepare", str(file), "-o", str(tmp_path / "other"), *more, "--code-bits", "0", "--quiet"]) == 2
        assert words in capfd.readouterr().err
        assert not (tmp_path / "other").exists()


def write_rows(path, rows):
    path.write_text("".join(f"{text},,{label}\n" for text, label in rows), encoding="utf-8")
    return path


def texts_of(label, count):
    return [(f"第{number}次买的{label}号商品，感觉{number % 7}", label) for number in range(count)]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (texts_of("一", 40), "have the label '一': a classifier needs two"),
        ([*texts_of("一", 40), *texts_of("二", 2)], "have the label '二'"),
        ([*texts_of("一", 40), ("没有标签的一行", "")], "of 41 texts has no label, the first on line 41"),
        ([(f"第{number}条", f"类{number}") for number in range(10_001)], "more than 10,000 different labels"),
        ([(f"第{number}条", f"类{number}") for number in range(2000)], "a classifier has at most 1,000"),
    ],
)
def test_labels_that_can_not_be_learned(tmp_path, rows, words, capfd):
    file = write_rows(tmp_path / "texts.txt", rows)
    options = ("--code-bits", 0, "--minimum-count", 1, "--quiet")
    succeed("prepare", file, "-o", tmp_path / "prepared", *options)
    assert train(tmp_path / "prepared", tmp_path / "model", *TINY) == 2
    err = capfd.readouterr().err
    assert words in err
    assert err.count("\n") == 1
    assert not (tmp_path / "model").exists()
    assert not (tmp_path / "model.training").exists()


def test_labels_that_are_not_kept_are_named_at_once(tmp_path, capfd):
    rows = [*texts_of("一", 40), ("没有标签的一行", "")]
    succeed("prepare", write_rows(tmp_path / "texts.txt", rows), "-o", tmp_path / "prepared", "--minimum-count", 1)
    assert "labels     not kept: 1 of 41 texts has no label, the first on line 41" in capfd.readouterr().out


def test_texts_with_more_than_one_label_are_reported(tmp_path, capfd):
    rows = [(f"第{number}件衣服", number % 2) for number in range(80)]
    again = [(text, 1) for text, _ in rows[:30]]  # every second one had the other label
    file = write_rows(tmp_path / "texts.txt", [*rows, *again, *again])
    options = ("--minimum-count", 1, "--code-bits", 0, "--quiet")
    succeed("prepare", file, "-o", tmp_path / "prepared", *options)
    assert "15 repeated texts have more than one label" in capfd.readouterr().out
    assert PreparedCorpus(tmp_path / "prepared").manifest.disputed_texts == 15
    succeed("prepare", write_rows(tmp_path / "others.txt", rows), "-o", tmp_path / "others", *options)
    assert "more than one" not in capfd.readouterr().out
    # A label that only a repeated text has may get a name, too.
    file = write_rows(tmp_path / "third.txt", [*rows, *again, (rows[0][0], 2)])
    succeed("prepare", file, "-o", tmp_path / "third", *options, "--unique", "--name-label", "2=好")
    assert "15 repeated texts have more than one label (the first is kept)" in capfd.readouterr().out
    assert {label.name for label in PreparedCorpus(tmp_path / "third").manifest.labels} == {"0", "1"}


def test_labels_are_put_on_one_line(tmp_path):
    file = tmp_path / "texts.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows(
            [("text", "label"), *((f"第{n}条", [" 好\n评\t!", "\x1b[31m差"][n % 2]) for n in range(60))]
        )
    options = ("--minimum-count", 1, "--code-bits", 0, "--quiet")
    succeed("prepare", file, "-o", tmp_path / "prepared", *options)
    assert {label.name for label in PreparedCorpus(tmp_path / "prepared").manifest.labels} == {"好 评 !", "[31m差"}


def test_texts_without_labels(tmp_path, capfd):
    file = tmp_path / "texts.txt"
    file.write_text("".join(f"第{number}条评论\n" for number in range(40)), encoding="utf-8")
    succeed("prepare", file, "-o", tmp_path / "prepared", "--code-bits", 0, "--minimum-count", 1, "--quiet")
    assert train(tmp_path / "prepared", tmp_path / "model", *TINY) == 2
    assert "its texts have no labels" in capfd.readouterr().err


@pytest.mark.trains
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--from", "BASE", "--hidden-size", "8"], "--hidden-size is taken over from"),
        (["--head", "codes"], "--head is for models that fill blanks"),
        (["--profile"], "--profile is not for --task classify, whose arithmetic is not counted"),
        (["--from", "nowhere"], "there is no folder nowhere"),
        (["--from", "CLASSIFIER"], "is a classifier and fills no blanks"),
        (["--label-dropout", "2"], "--label-dropout must be from 0"),
        (["--window", "64"], "--window is for models that fill blanks"),
        (["--decoding", "distance"], "--decoding is for models that fill blanks: leave it out"),
        (
            ["--attention-size", "0", "--attention-heads", "2"],
            "--attention-heads does nothing without an --attention-size",
        ),
        (["--base-rate", "0.5"], "--base-rate is for --from"),
        (["--training-texts", "1"], "of the 1 training texts that --training-texts and the seed choose, 0 have"),
    ],
)
def test_options_that_do_not_go_together(arguments, words, request, prepared, tmp_path, capfd):
    folders = {"BASE": "model_folder", "CLASSIFIER": "classifier_folder"}
    given = [str(request.getfixturevalue(folders[one])) if one in folders else one for one in arguments]
    assert train(prepared, tmp_path / "model", *given) == 2
    assert words in capfd.readouterr().err


@pytest.mark.parametrize("arguments", [["--label-weights", "balanced"], ["--training-texts", "5"]])
def test_options_of_classifiers_are_refused_where_blanks_are_filled(arguments, prepared, tmp_path, capfd):
    assert run(["train", str(prepared), "-o", str(tmp_path / "model"), *arguments]) == 2
    assert f"{arguments[0]} is for classifiers" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--normalisation", "none"], "prepared with normalisation 'none'"),
        (["--segmenter", "unicode"], "prepared with segmenter 'unicode'"),
        (["--seed", "2"], "since it had the same texts split in another way: prepare them again with --split 60/20/20"),
        (["--split", "20/20/60"], "model learned from test texts of"),
    ],
)
def test_texts_are_cut_as_the_base_reads_them(corpus_file, model_folder, tmp_path, options, words, capfd):
    succeed("prepare", corpus_file, "-o", tmp_path / "prepared", "--code-bits", 0, "--quiet", *options)
    assert train(tmp_path / "prepared", tmp_path / "model", "--from", model_folder, *FAST) == 2
    assert words in capfd.readouterr().err


def test_few_texts_are_learned_from_when_few_are_asked_for(prepared, model_folder, tmp_path):
    assert train(prepared, tmp_path / "few", "--from", model_folder, *FAST, "--training-texts", 20) == 0
    assert metrics(tmp_path / "few")["test"]["texts"] == len(PreparedCorpus(prepared).labels("test"))
    rows = history(tmp_path / "few")
    assert int(rows[-1]["step"]) <= 2 * 20


@pytest.mark.trains
def test_balanced_labels_are_balanced_over_what_is_learned_from(prepared, tmp_path):
    corpus = PreparedCorpus(prepared)
    training, classifier = TrainingConfig(), ClassifierConfig(training_texts=40, label_weights="balanced")
    learnt, _ = chosen_texts(corpus, training, classifier)
    counts = np.bincount(corpus.labels("train")[learnt])
    work = Work(tmp_path / "work")
    weights = []
    plain = LabelModule.__init__

    def noted(self, network, training, label_weights, *more, **options):
        weights.append(label_weights)
        plain(self, network, training, label_weights, *more, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LabelModule, "__init__", noted)
        small = ModelConfig(embedding_size=8, hidden_size=8, mlp_sizes=(8,), attention_size=8, attention_heads=1)
        once = dataclasses.replace(training, epochs=1, threads=1)
        fit(TrainingRequest(TASKS["classify"], CorpusMix([corpus]), small, once, classifier, work))
    assert (weights[0].numpy() * counts) == pytest.approx(np.full(2, len(learnt) / 2))


def test_what_tells_nothing_about_probabilities_changes_none():
    """Where every validation text is right, the larger the logits, the better."""
    network = SimpleNamespace(label_logits=lambda features: features)
    features = torch.tensor([[0.3, 0.0], [0.0, 2.0]])
    assert temper(network, (features, torch.tensor([0, 1]))) == 1.0


def test_dropouts_of_a_preset_count_beside_a_base(prepared, model_folder, tmp_path):
    preset = tmp_path / "mine.toml"
    preset.write_text("[model]\ninput_dropout = 0.05\n[training]\nepochs = 1\n", encoding="utf-8")
    options = ["--batch-tokens", 300, "--threads", 1, "--quiet", "--preset", preset]
    assert train(prepared, tmp_path / "model", "--from", model_folder, *options) == 0
    shape, base = (open_model(folder).manifest.model for folder in (tmp_path / "model", model_folder))
    assert shape == dataclasses.replace(base, input_dropout=0.05)


def test_a_corpus_cut_otherwise_is_no_test(corpus_file, classifier_folder, tmp_path, capfd):
    options = ("--segmenter", "unicode", "--code-bits", 0, "--quiet")
    succeed("prepare", corpus_file, "-o", tmp_path / "other", *options)
    assert run(["evaluate", "--model", str(classifier_folder), "--prepared", str(tmp_path / "other")]) == 2
    assert "was prepared with segmenter 'unicode' and" in capfd.readouterr().err
