"""Several corpora of one vocabulary: prepared, trained on with weights, and measured one by one."""

from __future__ import annotations

import csv
import json
import math
import os
import random
import shutil
import signal

import numpy as np
import pytest

import tiankong
from tiankong.artifact.model_folder import MODEL, open_model
from tiankong.cli.main import run
from tiankong.corpus.mix import CorpusMix
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.corpus.splits import SPLITS

SMALL = {
    **{"preset": "small", "embedding_size": 16, "hidden_size": 16, "mlp_sizes": (24,), "character_size": 8},
    **{"batch_tokens": 200, "window": 64, "checkpoint_steps": 3, "validation_sentences": 20, "warmup_steps": 5},
    **{"negatives": 40, "threads": 1, "precision": "fp32", "measure_limit": 20, "epochs": 2},
}

GOODS = ("外套", "手机", "台灯", "水杯", "耳机", "键盘", "雨伞", "书包")
PARTS = ("做工", "颜色", "手感", "包装", "价格", "质量")
PRAISE = ("不错", "很好", "一般", "很差", "满意", "漂亮", "粗糙")
PLACES = ("城里", "海边", "山上", "车站", "学校", "图书馆")
EVENTS = ("下雨", "演出", "比赛", "停电", "开会", "涨水")


def reviews(count):
    draw = random.Random(1).choice
    return [
        f"{draw(GOODS)}的{draw(PARTS)}{draw(PRAISE)}，{draw(PARTS)}也{draw(PRAISE)}。第{number}次"
        for number in range(count)
    ]


def news(count):
    draw = random.Random(2).choice
    return [
        f"{draw(PLACES)}昨天{draw(EVENTS)}，{draw(PLACES)}今天也{draw(EVENTS)}。新{number}报" for number in range(count)
    ]


def words_of(corpus, split):
    """The texts of a split as words."""
    forms = [*corpus.vocabulary.words, *corpus.other_words]
    rows = corpus.split(split)
    return [[forms[number] for number in rows[place][1:-1]] for place in range(len(rows))]


@pytest.fixture(scope="module")
def corpora(tmp_path_factory):
    """Reviews, news and both, of one vocabulary."""
    folder = tmp_path_factory.mktemp("mix")
    both = tiankong.prepare([*reviews(300), *news(200)], folder / "both", minimum_count=2, code_bits=0)
    return {
        "both": both,
        "reviews": tiankong.prepare(reviews(300), folder / "reviews", vocabulary_of=both.path, code_bits=0),
        "news": tiankong.prepare(news(200), folder / "news", vocabulary_of=both, code_bits=0),
    }


def test_a_vocabulary_that_is_taken_over_is_the_same_and_texts_stay_what_they_are(corpora, tmp_path):
    both = corpora["both"]
    for name, texts in (("reviews", reviews(300)), ("news", news(200))):
        corpus = corpora[name]
        for file in ("vocabulary.tsv", "characters.tsv"):
            assert (corpus.path / file).read_bytes() == (both.path / file).read_bytes()
        alone = tiankong.prepare(texts, tmp_path / name, minimum_count=2, code_bits=0)
        assert corpus.vocabulary.words != alone.vocabulary.words
        for split in SPLITS:
            assert words_of(corpus, split) == words_of(alone, split)
        assert not set(corpus.other_words) & set(both.vocabulary.words)
        assert corpus.manifest.vocabulary_of == both.fingerprint
        known = sum(len([word for word in text if word in both.vocabulary]) for text in words_of(corpus, "train"))
        assert known >= corpus.manifest.splits["train"].known_targets > 0
        assert corpus.manifest.config.minimum_count == 2


def test_without_unknown_words_the_others_are_left_out(tmp_path):
    only = tiankong.prepare(reviews(100), tmp_path / "only", minimum_count=2, keep_unknown=False, code_bits=0)
    mixed = [*reviews(30), *news(200)]
    corpus = tiankong.prepare(mixed, tmp_path / "news", vocabulary_of=only, keep_unknown=False, code_bits=0)
    known = set(only.vocabulary.words)
    assert all(word in known for split in SPLITS for text in words_of(corpus, split) for word in text)
    assert corpus.other_words == []


def test_codes_of_a_vocabulary_that_is_taken_over_are_unique(corpora, tmp_path):
    corpus = tiankong.prepare(news(200), tmp_path / "news", vocabulary_of=corpora["both"], code_bits=50)
    assert len(np.unique(corpus.codes[4:], axis=0)) == len(corpora["both"].vocabulary) - 4


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"segmenter": "unicode"}, "were prepared with segmenter 'rjieba', not 'unicode': give the same `segmenter`"),
        ({"drop_words": ("的",)}, "were prepared with drop_words (), not ('的',): give the same"),
        ({"seed": 5}, "were prepared with seed 1, not 5: give the same `seed`, or leave `vocabulary_of` out"),
        ({"minimum_count": 2}, "`minimum_count` does nothing with `vocabulary_of`: leave one of them out"),
        ({"maximum_vocabulary": 9}, "`maximum_vocabulary` does nothing with `vocabulary_of`: leave one of them out"),
    ],
)
def test_a_vocabulary_of_texts_that_are_cut_otherwise_is_refused(corpora, tmp_path, settings, words):
    with pytest.raises(tiankong.OptionError) as caught:
        tiankong.prepare(news(200), tmp_path / "news", vocabulary_of=corpora["both"], **settings)
    assert words in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_texts_without_a_known_word_are_refused(corpora, tmp_path):
    texts = [f"qwx{chr(97 + number % 26)}{number}" for number in range(100)]
    with pytest.raises(tiankong.SourceError, match="no word of the training split is in the vocabulary"):
        tiankong.prepare(texts, tmp_path / "other", vocabulary_of=corpora["both"])
    with pytest.raises(tiankong.FolderError, match="is not a prepared corpus"):
        tiankong.prepare(news(200), tmp_path / "other", vocabulary_of=tmp_path)


def test_ids_of_a_mix_read_every_word_by_its_characters(corpora):
    mix = CorpusMix([corpora["reviews"], corpora["news"]], [3, 1])
    known = len(corpora["both"].vocabulary)
    assert [part.share for part in mix.parts] == [0.75, 0.25]
    for part in mix.parts:
        own, moved = part.corpus.lexicon, np.arange(len(part.corpus.lexicon.word_ids), dtype=np.int32)
        moved = part.renumbering.of(moved.copy())
        np.testing.assert_array_equal(mix.lexicon.word_ids[moved], own.word_ids)
        np.testing.assert_array_equal(mix.lexicon.character_ids[moved], own.character_ids)
        assert (moved[:known] == np.arange(known)).all()
    tokens = [part.corpus.manifest.splits["train"].tokens for part in mix.parts]
    natural = CorpusMix([corpora["reviews"], corpora["news"]])
    assert [part.share for part in natural.parts] == pytest.approx([count / sum(tokens) for count in tokens])


@pytest.fixture(scope="module")
def mixed(corpora, tmp_path_factory):
    output = tmp_path_factory.mktemp("mixed") / "model"
    given = [corpora["reviews"], str(corpora["news"].path)]
    return tiankong.train(given, output, weights=[3, 1], evaluate_every=5, **SMALL)


def weights_of(result):
    return (result.path / "model.safetensors").read_bytes()


@pytest.mark.trains
def test_every_evaluation_reports_each_corpus_and_their_mean(mixed):
    for row in mixed.history:
        for split in ("validation", "train"):
            for score in ("top1", "top10", "mrr"):
                parts = [row[f"{name}/{split}_{score}"] for name in ("reviews", "news")]
                assert row[f"{split}_{score}"] == pytest.approx(0.75 * parts[0] + 0.25 * parts[1])
            logs = [math.log(row[f"{name}/{split}_perplexity"]) for name in ("reviews", "news")]
            assert math.log(row[f"{split}_perplexity"]) == pytest.approx(0.75 * logs[0] + 0.25 * logs[1])
    with (mixed.path / "history.csv").open(encoding="utf-8") as file:
        assert [float(row["news/validation_top1"]) for row in csv.DictReader(file)] == [
            row["news/validation_top1"] for row in mixed.history
        ]


@pytest.mark.trains
def test_the_model_is_measured_on_each_corpus_and_answers_on_both(mixed, corpora):
    metrics = mixed.metrics
    assert list(metrics["corpora"]) == ["reviews", "news"]
    assert [part["share"] for part in metrics["corpora"].values()] == [0.75, 0.25]
    for split in SPLITS:
        parts = [metrics["corpora"][name][split] for name in ("reviews", "news")]
        assert metrics[split]["targets"] == parts[0]["targets"] + parts[1]["targets"]
        assert metrics[split]["top10"] == pytest.approx(0.75 * parts[0]["top10"] + 0.25 * parts[1]["top10"])
        answers = sum(count for _, _, count in metrics[split]["reliability"])
        assert answers == pytest.approx(sum(count for part in parts for _, _, count in part["reliability"]))
        assert 0 <= metrics[split]["calibration_error"] <= 1
    for name in ("reviews", "news"):
        again = tiankong.evaluate(mixed.path, prepared=corpora[name], limit=20).metrics
        times = ("seconds", "targets_per_second")
        expected = metrics["corpora"][name]["test"]
        assert {key: value for key, value in again.items() if key not in times} == {
            key: value for key, value in expected.items() if key not in times
        }
    model = tiankong.load(mixed.path)
    assert len(model.fill("外套的__很好", top_k=3)) == 3
    assert json.loads((mixed.path / "metrics.json").read_text(encoding="utf-8")) == metrics


@pytest.mark.trains
def test_the_card_names_all_corpora(mixed, corpora, tmp_path):
    card = (mixed.path / "README.md").read_text(encoding="utf-8")
    assert "`reviews`, 75.0% of the tokens" in card
    assert "`news`, 25.0% of the tokens" in card
    assert 'tiankong.train(["reviews", "news"], "model", weights=[3, 1], preset="small"' in card
    stated = tiankong.load(mixed.path).folder.manifest.corpora
    assert [(part.name, part.share) for part in stated] == [("reviews", 0.75), ("news", 0.25)]
    assert [part.sha256 for part in stated] == [corpora["reviews"].fingerprint, corpora["news"].fingerprint]
    copy = tiankong.export(mixed.path, tmp_path / "copy", prepared=corpora["news"])
    card = (copy.path / "README.md").read_text(encoding="utf-8")
    assert "`reviews` (75.0%), `news` (25.0%)" in card
    assert "| test, before conversion to 8 bits | reviews |" in card
    assert "| test | reviews |" not in card


@pytest.mark.trains
def test_a_copy_is_measured_on_each_corpus_with_its_share(mixed, corpora, tmp_path):
    notes = tmp_path / "notes.md"
    notes.write_text("Not for medical advice.\n", encoding="utf-8")
    given = [corpora["news"], corpora["reviews"].path]  # in another order
    copy = tiankong.export(mixed.path, tmp_path / "copy", prepared=given, notes=notes)
    parts = copy.metrics["corpora"]
    mean = 0.75 * parts["reviews"]["test"]["top10"] + 0.25 * parts["news"]["test"]["top10"]
    assert copy.metrics["test"]["top10"] == pytest.approx(mean)
    for name, part in parts.items():
        assert part["test_fp32"] == mixed.metrics["corpora"][name]["test"]
        again = tiankong.evaluate(copy.path, prepared=corpora[name]).metrics
        assert again["top10"] == part["test"]["top10"]
    card = (copy.path / "README.md").read_text(encoding="utf-8")
    assert "Not for medical advice." in card
    assert "| test | reviews |" in card
    arguments = ["export", str(copy.path), "-o", str(tmp_path / "again")]
    assert run([*arguments, "--prepared", str(corpora["news"].path), "--quiet"]) == 0
    assert "Not for medical advice." in (tmp_path / "again" / "README.md").read_text(encoding="utf-8")


@pytest.mark.trains
def test_a_copy_states_how_the_texts_were_split_where_the_original_does_not(mixed, corpora, tmp_path):
    stated = open_model(mixed.path).manifest.learned_from
    assert [texts.sources for texts in stated] == [corpora[name].sources_fingerprint for name in ("reviews", "news")]
    shutil.copytree(mixed.path, tmp_path / "model")
    fields = json.loads((tmp_path / "model" / "config.json").read_text(encoding="utf-8"))
    for name in ("format", "version", "files", "checksum", "learned_from"):
        del fields[name]
    MODEL.seal(tmp_path / "model", fields)  # as models of earlier versions
    both = tiankong.export(tmp_path / "model", tmp_path / "both", prepared=[corpora["news"], corpora["reviews"]])
    one = tiankong.export(tmp_path / "model", tmp_path / "one", prepared=corpora["news"])
    assert open_model(both.path).manifest.learned_from == stated
    assert open_model(one.path).manifest.learned_from == []


@pytest.mark.trains
def test_a_copy_of_a_mix_takes_its_own_corpora_and_readable_notes(mixed, corpora, tmp_path, capfd):
    command = ["export", str(mixed.path), "-o", str(tmp_path / "copy"), "--quiet"]
    pairs = [part for name in ("news", "both") for part in ("--prepared", str(corpora[name].path))]
    assert run([*command, *pairs]) == 2
    assert "was trained on reviews, news: give just these corpora" in capfd.readouterr().err
    for content, words in ((None, "no such file"), (b" \n", "are empty"), (b"\xff\xff", "can't be read")):
        notes = tmp_path / "notes.md"
        if content is not None:
            notes.write_bytes(content)
        assert run([*command, "--prepared", str(corpora["news"].path), "--notes", str(notes)]) == 2
        assert words in capfd.readouterr().err
    assert not (tmp_path / "copy").exists()


@pytest.mark.trains
def test_a_mix_resumes_to_the_bit_and_other_weights_are_another_training(mixed, corpora, tmp_path):
    steps = {4, 9, 16}

    def press(progress):
        if progress.stage == "training" and progress.done in steps:
            steps.remove(progress.done)
            os.kill(os.getpid(), signal.SIGINT)

    given, settings = [corpora["reviews"], corpora["news"]], {"evaluate_every": 5, "progress": press, **SMALL}
    output = tmp_path / "model"
    resume = False
    while steps:
        with pytest.raises(KeyboardInterrupt):
            tiankong.train(given, output, weights=(3, 1), resume=resume, **settings)
        resume = True
        with pytest.raises(tiankong.OptionError, match=r"with `weights=\(3, 1\)` \(now `weights=\(1, 1\)`\)"):
            tiankong.train(given, output, weights=(1, 1), resume=True, **settings)
        for others, words in (
            ({"prepared": given[::-1], "weights": (1, 3)}, "the corpora in another order, reviews, news"),
            ({"prepared": given[0]}, r"with the corpora reviews, news \(now reviews\)"),
            ({"prepared": given}, r"`weights=\(3, 1\)` \(now `weights=None`\)"),
        ):
            with pytest.raises(tiankong.OptionError, match=words):
                tiankong.train(output=output, resume=True, **others, **settings)
    resumed = tiankong.train(given, output, weights=(3.0, 1.0), resume=True, **settings)
    assert weights_of(resumed) == weights_of(mixed)
    other = tiankong.train(given, tmp_path / "other", weights=(1, 3), **SMALL)
    scores = [
        [result.metrics["corpora"][name]["test"]["perplexity"] for name in ("reviews", "news")]
        for result in (mixed, other)
    ]
    # What a model has learned more of, it knows better.
    assert scores[0][0] / scores[0][1] < scores[1][0] / scores[1][1]


@pytest.mark.parametrize(
    ("names", "options", "words"),
    [
        (["reviews", "news"], ["--weights", "3,1,2"], "there are 2 corpora and 3 --weights: give one weight for each"),
        (["reviews", "news"], ["--weights", "3"], "there are 2 corpora and 1 --weights: give one weight for each"),
        (["reviews", "news"], ["--weights", "3,0"], "--weights must be numbers above 0, up to 1,000,000, not 0.0"),
        (["reviews", "news"], ["--weights", "3,-1"], "--weights must be numbers above 0, up to 1,000,000, not -1.0"),
        (
            ["reviews", "news"],
            ["--weights", "1e308,1e308"],
            "--weights must be numbers above 0, up to 1,000,000, not 1e+308",
        ),
        (["reviews", "news"], ["--weights", "3,nan"], "--weights must be numbers above 0, up to 1,000,000, not nan"),
        (["reviews", "news"], ["--weights", "3,inf"], "--weights must be numbers above 0, up to 1,000,000, not inf"),
        (["reviews", "news"], ["--weights", "3:1"], "--weights takes numbers, such as 3,1, not '3:1'"),
        (["reviews"], ["--weights", "1"], "--weights is for several corpora: leave it out, or name more than one"),
        (["reviews", "reviews"], [], "reviews is given twice: give it once, with a larger weight"),
        (["reviews", "news"], ["--task", "classify"], "--task classify takes one prepared corpus: prepare all files"),
        (["reviews", "alone"], [], "have different vocabularies: prepare one of them again with --vocabulary-of"),
        (["reviews", "unicode"], [], "prepared with segmenter 'unicode' and"),
        (["reviews", "missing"], [], "there is no folder"),
    ],
)
def test_what_does_not_go_together_is_refused(corpora, tmp_path, capfd, names, options, words):
    if "alone" in names:
        tiankong.prepare(news(100), tmp_path / "alone", code_bits=0)
    if "unicode" in names:
        tiankong.prepare(news(100), tmp_path / "unicode", segmenter="unicode", code_bits=0)
    places = [str(corpora[name].path if name in corpora else tmp_path / name) for name in names]
    before = sorted(tmp_path.iterdir())
    capfd.readouterr()
    assert run(["train", *places, "-o", str(tmp_path / "model"), *options]) == 2
    err = capfd.readouterr().err
    assert words in err
    assert "Traceback" not in err
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], "there is no prepared corpus to train on: name one"),
        ((), "there is no prepared corpus to train on: name one"),
        (5, "prepared must be a path, as a str or a Path, not 5"),
        ([5], "prepared must be a path, as a str or a Path, not 5"),
        (["", "news"], "prepared is empty: name a folder"),
        ({"news": 1}, "prepared must be a path, as a str or a Path, not {'news': 1}"),
    ],
)
def test_what_is_no_corpus_is_refused(tmp_path, given, words):
    with pytest.raises(tiankong.OptionError) as caught:
        tiankong.train(given, tmp_path / "model")
    assert str(caught.value) == words


@pytest.mark.parametrize("weights", [3, "3,1", {"news": 3}, ["3", "1"], [True, 1], [None, 1]])
def test_what_are_no_weights_is_refused(corpora, tmp_path, weights):
    with pytest.raises(tiankong.OptionError, match="weights"):
        tiankong.train([corpora["news"], corpora["reviews"]], tmp_path / "model", weights=weights)


def test_corpora_in_folders_of_one_name_are_told_apart(corpora, tmp_path):
    for place in ("a", "b"):
        (tmp_path / place).mkdir()
    first = tiankong.prepare(reviews(100), tmp_path / "a" / "prepared", vocabulary_of=corpora["both"], code_bits=0)
    second = tiankong.prepare(news(100), tmp_path / "b" / "prepared", vocabulary_of=corpora["both"], code_bits=0)
    assert [part.name for part in CorpusMix([first, second]).parts] == ["a/prepared", "b/prepared"]


def test_the_mix_is_a_corpus_of_its_own_to_a_resumed_training(corpora):
    reviews_corpus, news_corpus = corpora["reviews"], PreparedCorpus(corpora["news"].path)
    fingerprints = {
        CorpusMix(given, weights).fingerprint
        for given, weights in [
            ([reviews_corpus], None),
            ([reviews_corpus, news_corpus], [1, 1]),
            ([reviews_corpus, news_corpus], [1, 2]),
            ([news_corpus, reviews_corpus], [1, 1]),
        ]
    }
    assert len(fingerprints) == 4
    assert CorpusMix([reviews_corpus]).fingerprint == reviews_corpus.fingerprint
