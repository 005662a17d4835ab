"""A model that fills blanks goes on from another: its words, what it keeps, how it resumes; and what is no base."""

from __future__ import annotations

import csv
import itertools
import json
import os
import shutil
import signal

import numpy as np
import pytest
from safetensors.numpy import load_file

import tiankong
from tests.conftest import TUNING, succeed
from tiankong.artifact.model_folder import MODEL, open_model
from tiankong.cli.main import run
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.text.vocabulary import SPECIAL_TOKENS

pytestmark = pytest.mark.trains

THINGS = ("显微镜", "望远镜", "无人机", "游标卡尺")
PARTS = ("物镜", "螺旋桨", "旋钮", "支架")
JUDGEMENTS = ("很灵敏", "不灵敏", "松动了", "很清晰", "质量不错")
NEW = {"显微镜", "螺旋桨", "旋钮"}
FAST = {
    **{"epochs": 6, "learning_rate": 4e-3, "batch_tokens": 300},
    **{"checkpoint_steps": 2, "threads": 1, "precision": "fp32"},
}
WORDS_FROM = len(SPECIAL_TOKENS)


def texts():
    """Texts of another field than the practice corpus, with words that it lacks."""
    for thing, part, judgement, other in itertools.product(THINGS, PARTS, JUDGEMENTS, JUDGEMENTS[:3]):
        yield f"这台{thing}的{part}{judgement}，包装{other}，物流很快"


def history(folder):
    with (folder / "history.csv").open() as file:
        return list(csv.DictReader(file))


def weights(folder):
    return (folder / "model.safetensors").read_bytes()


@pytest.fixture(scope="session")
def mine(make_once):
    """The texts above, prepared."""

    def make(folder):
        (folder / "texts.txt").write_text("\n".join(texts()), encoding="utf-8")
        succeed("prepare", folder / "texts.txt", "-o", folder / "prepared", "--quiet")

    return make_once("adapting", make) / "prepared"


@pytest.fixture(scope="session")
def adapted(mine, practice_model, make_once):
    """A model of them that goes on from one of the practice corpus."""
    return make_once("adapted", lambda folder: tiankong.train(mine, folder / "model", base=practice_model, **FAST)) / (
        "model"
    )


def test_its_words_are_those_of_both(adapted, practice_model, mine):
    words, base, own = (open_model(adapted).vocabulary, open_model(practice_model).vocabulary, PreparedCorpus(mine))
    assert set(words.words) == set(base.words) | set(own.vocabulary.words)
    assert set(words.words) - set(base.words) >= NEW
    assert words.counts[WORDS_FROM:].min() >= 1
    assert (np.diff(words.counts[WORDS_FROM:]) <= 0).all()
    characters, known = open_model(adapted).characters, open_model(practice_model).characters
    assert set(characters.characters) == set(known.characters) | set(own.characters.characters)


def test_it_fills_with_new_words_and_with_old_ones(adapted, practice_model):
    model = tiankong.load(adapted)
    assert {answer["token_str"] for answer in model.fill("这台__的旋钮松动了，物流很快", top_k=8)} & NEW
    size = len(open_model(practice_model).vocabulary)
    old, new = (
        {answer["token_str"]: answer["score"] for answer in tiankong.load(folder).fill("物流__，很快", top_k=size)}
        for folder in (practice_model, adapted)
    )
    assert set(list(old)[:3]) <= set(list(new)[:60])


def test_it_learns_the_new_texts(adapted):
    rows = history(adapted)
    assert rows[0]["epoch"] == "0"
    assert float(rows[-1]["validation_perplexity"]) < 0.7 * float(rows[0]["validation_perplexity"])
    assert json.loads((adapted / "metrics.json").read_text())["test"]["oov_targets"] == 0


def test_words_that_the_texts_lack_keep_what_they_know(adapted, practice_model, mine):
    corpus = PreparedCorpus(mine)
    own = {*corpus.vocabulary.words, *corpus.other_words}
    old, new = (open_model(folder).vocabulary for folder in (practice_model, adapted))
    before, after = (
        load_file(folder / "model.safetensors")["embedding.words.weight"] for folder in (practice_model, adapted)
    )
    absent = [word for word in old.words[WORDS_FROM:] if word not in own]
    assert len(absent) > 50
    one, other = before[[old.id_of(word) for word in absent]], after[[new.id_of(word) for word in absent]]
    assert np.array_equal(one, other)


def test_what_it_goes_on_from_is_stated(adapted, practice_model, capsys):
    base = open_model(practice_model)
    assert run(["info", str(adapted), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["base"] == {"name": base.path.name, "sha256": base.sha256}
    card = (adapted / "README.md").read_text(encoding="utf-8")
    assert f"goes on from `{base.path.name}`" in card
    assert base.sha256 in card


def test_a_model_that_training_makes_worse_stays_as_it_was(mine, practice_model, tmp_path):
    settings = {**FAST, "epochs": 1, "learning_rate": 0.6, "base_decay": 0.0, "layer_rate": 1.0}
    spoilt = tiankong.train(mine, tmp_path / "model", base=practice_model, **settings)
    assert spoilt.metrics["best_epoch"] == 0
    before, after = (float(row["validation_perplexity"]) for row in history(spoilt.path))
    assert after > 100 * before
    assert spoilt.metrics["validation"]["perplexity"] <= before  # calibrated on the new texts


def test_ctrl_c_saves_and_the_same_call_goes_on_to_the_same_weights(mine, adapted, practice_model, tmp_path):
    def press(step):
        if step.stage == "training" and step.done == 5:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        tiankong.train(mine, tmp_path / "model", base=practice_model, progress=press, **FAST)
    resumed = tiankong.train(mine, tmp_path / "model", base=practice_model, resume=True, **FAST)
    assert weights(resumed.path) == weights(adapted)
    assert len(history(resumed.path)) == len(history(adapted))


def resealed(folder, **changes):
    """Signs a model that was edited."""
    manifest = json.loads((folder / "config.json").read_text())
    fields = {name: manifest[name] for name in manifest if name not in {"format", "version", "files", "checksum"}}
    MODEL.seal(folder, fields | changes)


def test_a_run_goes_on_from_its_own_base_only(mine, practice_model, tmp_path):
    def press(step):
        if step.stage == "training" and step.done == 3:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        tiankong.train(mine, tmp_path / "model", base=practice_model, progress=press, **FAST)
    shutil.copytree(practice_model, tmp_path / "other")
    resealed(tmp_path / "other", tiankong="0.0.1")
    with pytest.raises(tiankong.OptionError, match=r"started with `base='model'` \(now `base='other'`\)"):
        tiankong.train(mine, tmp_path / "model", base=tmp_path / "other", resume=True, **FAST)


def test_it_is_measured_on_its_own_texts_on_the_bases_and_in_8_bits(adapted, mine, practice_corpus, practice_model):
    own = tiankong.evaluate(adapted, prepared=mine).metrics
    stated = json.loads((adapted / "metrics.json").read_text())["test"]
    assert own["top10"] == stated["top10"]
    kept, before = (
        tiankong.evaluate(model, prepared=practice_corpus, limit=200).metrics for model in (adapted, practice_model)
    )
    assert kept["targets"] == before["targets"]
    assert kept["top10"] > 0.5 * before["top10"]


def test_it_is_exported_and_gone_on_from_again(adapted, mine, prepared, tmp_path):
    copy = tiankong.export(adapted, tmp_path / "copy", prepared=mine)
    assert copy.metrics["test"]["top10"] == pytest.approx(copy.metrics["test_fp32"]["top10"], abs=0.03)
    assert open_model(copy.path).manifest.base.sha256 == open_model(adapted).manifest.base.sha256
    again = tiankong.train(prepared, tmp_path / "again", base=copy.path, **{**FAST, "epochs": 1})
    assert set(open_model(again.path).vocabulary.words) >= NEW
    assert open_model(again.path).manifest.base.name == "copy"


def test_a_model_in_8_bits_is_gone_on_from_as_its_original(adapted, practice_model, practice_corpus, mine, tmp_path):
    copy = tiankong.export(practice_model, tmp_path / "copy", prepared=practice_corpus)
    from_copy = tiankong.train(mine, tmp_path / "model", base=copy.path, **FAST)
    assert float(history(from_copy.path)[0]["validation_perplexity"]) == pytest.approx(
        float(history(adapted)[0]["validation_perplexity"]), rel=0.02
    )
    assert from_copy.metrics["test"]["top10"] == pytest.approx(
        json.loads((adapted / "metrics.json").read_text())["test"]["top10"], abs=0.05
    )


def test_a_classifier_starts_from_8_bits(practice_model, practice_corpus, tmp_path):
    tiankong.export(practice_model, tmp_path / "copy", prepared=practice_corpus)
    for base, name in ((practice_model, "one"), (tmp_path / "copy", "other")):
        succeed("train", practice_corpus, "-o", tmp_path / name, "--task", "classify", "--from", base, *TUNING)
    losses = [float(history(tmp_path / name)[0]["validation_log_loss"]) for name in ("one", "other")]
    assert losses[1] == pytest.approx(losses[0], rel=0.05)


def test_a_built_in_model_is_a_base(mine, tmp_path, capfd):
    options = ("--from", "reviews-zh", "--max-steps", 3, "--threads", 1, "--precision", "fp32")
    succeed("train", mine, "-o", tmp_path / "model", *options, "--validation-sentences", 20, "--measure-limit", 5)
    err = capfd.readouterr().err
    assert "new words join the 20,574 of reviews-zh" in err
    assert "before training | loss" in err
    assert open_model(tmp_path / "model").manifest.base.name == "reviews-zh"


def test_general_text_can_be_mixed_in(mine, practice_model, tmp_path):
    general = tmp_path / "general"
    reviews = [f"{line}，第{number}次" for number, line in enumerate(["物流很快，质量不错", "衣服很好看"] * 60)]
    tiankong.prepare(reviews, general, vocabulary_of=mine)
    options = {**FAST, "epochs": 1}
    mixed = tiankong.train([mine, general], tmp_path / "model", weights=[4, 1], base=practice_model, **options)
    assert mixed.metrics["corpora"]["prepared"]["share"] == pytest.approx(0.8)
    assert mixed.metrics["corpora"]["general"]["test"]["top10"] > 0
    folder = open_model(mixed.path)
    assert set(folder.vocabulary.words) >= NEW
    assert set(open_model(practice_model).vocabulary.words) <= set(folder.vocabulary.words)


@pytest.fixture
def english(tmp_path):
    things = itertools.product(("lamp", "coat", "ring"), range(6), ("mug", "pen", "box"))
    lines = [f"the {one} number {number} and the {other} are here" for one, number, other in things]
    return tiankong.prepare(lines, tmp_path / "english")


def test_texts_of_which_no_word_is_known(english, practice_model, tmp_path, capfd):
    assert run(["train", str(english.path), "-o", str(tmp_path / "model"), "--from", str(practice_model)]) == 2
    err = capfd.readouterr().err
    assert f"model knows no word of {english.path}: start from a model of the language of these texts" in err
    assert err.count("\n") == 1
    assert not (tmp_path / "model").exists()
    assert not (tmp_path / "model.training").exists()


def test_texts_of_two_languages(practice_model, tmp_path, capfd):
    lines = [f"the box number {number} is here and the lamp is broken" for number in range(60)]
    mixed = tiankong.prepare([*texts(), *lines], tmp_path / "mixed", minimum_count=1)
    options = ("--from", practice_model, "--epochs", 1, "--threads", 1, "--precision", "fp32", "--measure-limit", 5)
    succeed("train", mixed.path, "-o", tmp_path / "model", *options)
    err = capfd.readouterr().err
    assert "of the letters are Chinese and" in err
    assert "% Latin, against" in err
    assert "of the texts of" in err
    assert "seem to be in another language than model" in err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--segmenter", "unicode"], "prepared with segmenter 'unicode'"),
        (["--normalisation", "none"], "prepared with normalisation 'none'"),
        (["--drop-ascii"], "prepared with drop_ascii True"),
        (["--no-keep-unknown"], "prepared with keep_unknown False"),
        (["--user-dict", "words.txt"], "prepared with different user dictionaries"),
    ],
)
def test_texts_are_cut_as_the_base_reads_them(
    corpus_file, practice_model, tmp_path, monkeypatch, options, words, capfd
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "words.txt").write_text("游标卡尺 10\n", encoding="utf-8")
    succeed("prepare", corpus_file, "-o", tmp_path / "prepared", "--code-bits", 0, "--quiet", *options)
    assert run(["train", "prepared", "-o", "model", "--from", str(practice_model)]) == 2
    err = capfd.readouterr().err
    assert words in err
    assert err.count("\n") == 1


def test_splits_need_not_be_alike(corpus_file, practice_model, tmp_path):
    options = ("--split", "80/10/10", "--seed", 7, "--code-bits", 0, "--quiet")
    succeed("prepare", corpus_file, "-o", tmp_path / "prepared", *options)
    trained = tiankong.train(tmp_path / "prepared", tmp_path / "model", base=practice_model, **{**FAST, "epochs": 1})
    assert trained.metrics["test"]["top10"] > 0


@pytest.mark.parametrize(
    ("base", "words"),
    [
        ("codes_model_folder", "has the head codes, which can't get new words"),
        ("hybrid_model_folder", "has the head hybrid, which can't get new words"),
        ("classifier_folder", "is a classifier and fills no blanks: choose a model that fills them"),
        ("spaced_model_folder", "was prepared with segmenter 'rjieba' and"),
    ],
)
def test_what_is_no_base(request, mine, tmp_path, base, words, capfd):
    folder = request.getfixturevalue(base)
    assert run(["train", str(mine), "-o", str(tmp_path / "model"), "--from", str(folder)]) == 2
    err = capfd.readouterr().err
    assert words in err
    assert err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_folders_that_are_torn_or_newer(mine, practice_model, tmp_path, capfd):
    for name, words in (("model.onnx", "model.onnx"), ("model.safetensors", "model.safetensors"), ("", "newer")):
        base = tmp_path / f"base{name}"
        shutil.copytree(practice_model, base)
        if name:
            (base / name).write_bytes((base / name).read_bytes()[:-100])
        else:
            manifest = json.loads((base / "config.json").read_text())
            (base / "config.json").write_text(json.dumps(manifest | {"version": 99}))
        assert run(["train", str(mine), "-o", str(tmp_path / "model"), "--from", str(base)]) == 2
        err = capfd.readouterr().err
        assert words in err
        assert err.count("\n") == 1
    assert not (tmp_path / "model").exists()


def test_weights_of_another_shape(mine, practice_model, model_folder, tmp_path, capfd):
    shutil.copytree(practice_model, tmp_path / "base")
    shutil.copyfile(model_folder / "model.safetensors", tmp_path / "base" / "model.safetensors")
    resealed(tmp_path / "base")
    assert run(["train", str(mine), "-o", str(tmp_path / "model"), "--from", str(tmp_path / "base")]) == 2
    assert "the weights of" in (err := capfd.readouterr().err)
    assert "are damaged: train it again" in err
    assert not (tmp_path / "model").exists()
