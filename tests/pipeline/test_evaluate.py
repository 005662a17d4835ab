"""``tiankong.evaluate``: the same figures from files, iterables and prepared corpora."""

from __future__ import annotations

import json
import os

import pytest

import tiankong
from tiankong.cli.main import run
from tiankong.config import DEFAULT_MODEL
from tiankong.errors import FolderError, OptionError, SourceError
from tiankong.runtime.session import NetworkSession

TEXTS = ["物流很快，质量不错", "这件外套的颜色好看，两天到了", "客服态度很差", "包装完好，下次还来"]
PAIRS = [(text, "差评" if "差" in text else "好评") for text in TEXTS]
PROMPT = "{text}，总的来说很__。"
LABELS = {"好评": ["好", "不错"], "差评": ["差", "糟糕"]}
TIMES = {"seconds", "targets_per_second"}


def without_times(metrics):
    return {name: value for name, value in metrics.items() if name not in TIMES}


def test_texts_and_a_file_of_them_have_the_same_metrics(tmp_path):
    file = tmp_path / "texts.txt"
    file.write_text("\n".join(TEXTS), encoding="utf-8")
    expected = without_times(tiankong.evaluate(text=file).metrics)
    assert 0 < expected["top1"] <= expected["top10"] <= 1 < expected["perplexity"]
    for source in (TEXTS, iter(TEXTS), [file], str(file)):
        assert without_times(tiankong.evaluate(text=source).metrics) == expected
    assert tiankong.evaluate(text=TEXTS, limit=2).metrics["sentences"] == 2


def test_threads_are_those_asked_for(monkeypatch, prepared, model_folder):
    monkeypatch.setattr(os, "cpu_count", lambda: 8)  # of more threads than processors, the rest are not used
    opened = []
    open_session = NetworkSession._open
    monkeypatch.setattr(
        NetworkSession, "_open", lambda self, threads: opened.append(threads) or open_session(self, threads)
    )
    few = tiankong.evaluate(text=TEXTS, threads=1).metrics
    assert set(opened) == {1}
    assert tiankong.evaluate(text=TEXTS, threads=2).metrics["top10"] == few["top10"]
    tiankong.evaluate(model_folder, prepared=prepared, limit=2, threads=3)
    tiankong.evaluate(labelled=PAIRS, split="all", threads=4)
    arguments = ["--prepared", str(prepared), "--limit", "2", "--threads", "5"]
    assert run(["evaluate", "--model", str(model_folder), *arguments]) == 0
    assert set(opened) - {1} == {2, 3, 4, 5}


def test_labelled_pairs_and_a_file_of_them_have_the_same_metrics(tmp_path):
    file = tmp_path / "texts.txt"
    file.write_text("\n".join(f"{text},,{label}" for text, label in PAIRS), encoding="utf-8")
    results = [tiankong.evaluate(labelled=source, split="all") for source in (file, PAIRS, iter(PAIRS))]
    assert results[0].path.name == "reviews-zh-sentiment"
    assert results[0].metrics["texts"] == len(PAIRS)
    assert without_times(results[0].metrics) == without_times(results[1].metrics) == without_times(results[2].metrics)


def test_prompts_need_no_classifier():
    result = tiankong.evaluate(labelled=PAIRS, split="all", prompts=PROMPT, labels=LABELS)
    assert result.path.name == DEFAULT_MODEL
    result = tiankong.evaluate("reviews-zh", labelled=PAIRS, split="all", prompts=PROMPT, labels=LABELS)
    assert result.metrics["accuracy"] == 1
    numbered = [(text, label == "好评") for text, label in PAIRS]
    names = {True: "好评", False: "差评"}
    renamed = tiankong.evaluate(
        "reviews-zh", labelled=numbered, split="all", prompts=[PROMPT], labels=LABELS, label_names=names
    )
    assert without_times(renamed.metrics) == without_times(result.metrics)


def test_a_split_has_the_metrics_of_the_command_line(prepared, model_folder, capfd):
    result = tiankong.evaluate(model_folder, prepared=prepared, split="validation", limit=20)
    assert run(["evaluate", "--model", str(model_folder), "--prepared", str(prepared), "--split", "validation"]) == 0
    capfd.readouterr()
    options = ["--split", "validation", "--limit", "20", "--json"]
    assert run(["evaluate", "--model", str(model_folder), "--prepared", str(prepared), *options]) == 0
    assert without_times(json.loads(capfd.readouterr().out)) == without_times(result.metrics)
    assert result.path == model_folder
    corpus = tiankong.PreparedCorpus(prepared)
    again = tiankong.evaluate(str(model_folder), prepared=corpus, split="validation", limit=20)
    assert without_times(again.metrics) == without_times(result.metrics)


def test_a_classifier_is_measured_on_a_split(prepared, classifier_folder):
    result = tiankong.evaluate(classifier_folder, prepared=prepared)
    counts = tiankong.PreparedCorpus(prepared).manifest.splits["test"]
    assert result.metrics["texts"] == counts.texts
    assert sum(map(sum, result.metrics["confusion"])) == counts.texts


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "give one of `prepared` with a folder, `text` with files or texts, `labelled`"),
        ({"text": TEXTS, "labelled": PAIRS}, "give one of `prepared`"),
        ({"text": TEXTS, "split": "test"}, "`split` is not for `text`"),
        ({"text": TEXTS, "limit": -1}, "`limit` must be 0"),
        ({"text": TEXTS, "prompts": [PROMPT], "labels": LABELS}, "`prompts` and `labels` are for `labelled`"),
        ({"text": TEXTS, "label_names": {"1": "好"}}, "`label_column` and `label_names` are for `labelled`"),
        ({"text": TEXTS, "column": "review"}, "column is for files, and texts were given"),
        ({"prepared": "x", "split": "all"}, '`split="all"` is for `labelled`'),
        ({"prepared": "x", "split": "tset"}, "there is no split 'tset': the splits are train, validation, test"),
        ({"prepared": "x", "column": "review"}, "`column`, `sheet` and `encoding` are for files"),
        ({"labelled": PAIRS, "split": "all", "prompts": [PROMPT]}, "`prompts` and `labels` go together"),
        ({"labelled": [("好", "1")], "split": "all"}, "the texts have the labels 1: reviews-zh-sentiment was trained"),
        ({"labelled": PAIRS, "split": "all", "model": "reviews-zh"}, "give `prompts` and `labels` too"),
    ],
)
def test_arguments_that_do_not_go_together(arguments, message):
    with pytest.raises(OptionError) as error:
        tiankong.evaluate(**arguments)
    assert message in str(error.value)


def test_what_can_not_be_measured():
    with pytest.raises(FolderError, match="there is no folder"):
        tiankong.evaluate("no-such-model", text=TEXTS)
    with pytest.raises(SourceError, match="text 2 of those given has no label"):
        tiankong.evaluate(labelled=[PAIRS[0], "很好"], split="all")
    with pytest.raises(SourceError, match="no labelled text falls into the test split"):
        tiankong.evaluate(labelled=PAIRS[:1], split=None)
    with pytest.raises(FolderError, match="fills no blanks"):
        tiankong.evaluate("reviews-zh-sentiment", text=TEXTS)


def test_progress_counts_texts(prepared, model_folder):
    steps = []
    tiankong.evaluate(model_folder, prepared=prepared, limit=15, progress=steps.append)
    assert {(step.stage, step.total) for step in steps} == {("measuring", 15)}
    assert max(step.done for step in steps) == 15
    steps.clear()
    tiankong.evaluate(labelled=[*PAIRS, ("\u200b", "好评")], split="all", progress=steps.append)
    assert [step.message for step in steps if step.message] == ["left out, since they have no word: 1 texts"]
    assert (steps[-1].done, steps[-1].total) == (len(PAIRS), len(PAIRS))


TRADITIONAL = ["物流很快，質量不錯", "這件外套的顏色好看，兩天到了", "客服態度很差", "包裝完好，下次還來"]


def said(step, messages):
    if step.message:
        messages.append(step.message)


def test_traditional_texts_are_read_as_simplified_and_that_is_said():
    messages = []
    expected = without_times(tiankong.evaluate(text=TEXTS, progress=lambda step: said(step, messages)).metrics)
    assert not any("Chinese" in message for message in messages)
    metrics = without_times(tiankong.evaluate(text=TRADITIONAL, progress=lambda step: said(step, messages)).metrics)
    assert metrics == expected
    assert messages[-1].startswith("read as simplified Chinese, which the model was trained on: 4 texts")
    as_typed = without_times(tiankong.evaluate(text=TRADITIONAL, script="as-is").metrics)
    assert as_typed["oov_targets"] > expected["oov_targets"]
    pairs = [(text, label) for text, (_, label) in zip(TRADITIONAL, PAIRS, strict=True)]
    messages.clear()
    metrics = tiankong.evaluate(labelled=pairs, split="all", progress=lambda step: said(step, messages)).metrics
    assert metrics["log_loss"] == pytest.approx(tiankong.evaluate(labelled=PAIRS, split="all").metrics["log_loss"])
    assert messages[-1].startswith("read as simplified Chinese")
    with pytest.raises(OptionError, match="`script` must be auto or as-is"):
        tiankong.evaluate(text=TEXTS, script="simplified")


def test_a_prepared_corpus_of_the_other_script_is_noted(tmp_path, capfd):
    pairs = [
        (f"{text}，第{number}次買了", label)
        for number in range(40)
        for text, (_, label) in zip(TRADITIONAL, PAIRS, strict=True)
    ]
    corpus = tiankong.prepare(pairs, tmp_path / "prepared", minimum_count=1, code_bits=0)
    assert "質量" in corpus.vocabulary, "a traditional corpus is prepared as it is"
    messages = []
    tiankong.evaluate("reviews-zh-sentiment", prepared=corpus, progress=lambda step: said(step, messages))
    assert "is in traditional Chinese and reviews-zh-sentiment was trained on simplified" in messages[-1]
    capfd.readouterr()
    (tmp_path / "texts.txt").write_text("\n".join(TRADITIONAL), encoding="utf-8")
    assert run(["evaluate", "--text", str(tmp_path / "texts.txt"), "--json"]) == 0
    assert "4 texts; --script as-is reads them as typed" in capfd.readouterr().err
