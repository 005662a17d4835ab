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
from tiankong.cli.options import as_options
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
    stated = {"name": base.path.name, "sha256": base.sha256, "may_know_test_texts": False}
    assert json.loads(capsys.readouterr().out)["base"] == stated
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


def refused(capfd, prepared, base, folder, words):
    """Training is refused in one sentence with these words, the same for the command line and from Python."""
    assert run(["train", str(prepared), "-o", str(folder / "model"), "--from", str(base)]) == 2
    sentence = capfd.readouterr().err.splitlines()[-1]
    assert words in sentence
    with pytest.raises(tiankong.TiankongError) as error:
        tiankong.train(prepared, folder / "model", base=base)
    assert sentence == f"tiankong: {as_options(str(error.value))}"
    assert not (folder / "model").exists()
    assert not (folder / "model.training").exists()


def notes_of(prepared, model, base, **settings):
    """What a short training says about its texts and its base."""
    said = []
    settings = {"epochs": 1, "threads": 1, "precision": "fp32", "measure_limit": 5, **settings}
    tiankong.train(prepared, model, base=base, **settings, progress=lambda step: said.append(step.message))
    return " ".join(said)


def in_english():
    things = itertools.product(("lamp", "coat", "ring"), range(6), ("mug", "pen", "box"))
    return [f"the {one} number {number} and the {other} are here" for one, number, other in things]


def test_texts_of_which_no_word_is_known(practice_model, tmp_path, capfd):
    texts_of = {
        "english": in_english(),
        "russian": [f"это новая лампа номер {number} и она не работает" for number in range(60)],
        "korean": [f"이것은 새로운 램프 {number}번 입니다 그리고 작동하지 않습니다" for number in range(60)],
    }
    for name, lines in texts_of.items():
        tiankong.prepare(lines, tmp_path / name)
        refused(capfd, tmp_path / name, practice_model, tmp_path, f"model knows no word of {tmp_path / name}: start")


def test_words_too_rare_for_the_vocabulary_are_known_all_the_same(practice_model, tmp_path):
    """Of texts as few as these, most words are outside the vocabulary."""
    known = [word for word in open_model(practice_model).vocabulary.words[WORDS_FROM:] if len(word) == 2][:300]
    lines = ["，".join([*known[start::30], "镜片"]) for start in range(30)]
    corpus = tiankong.prepare(lines, tmp_path / "prepared", split=(80, 10, 10))
    assert set(corpus.vocabulary.words).isdisjoint(known)
    said = notes_of(corpus, tmp_path / "model", practice_model, measure_limit=2)
    assert "new words join" in said
    assert "another language" not in said


@pytest.mark.parametrize(
    ("lines", "shares"),
    [
        (in_english(), ("Chinese and", "% Latin, and model learned from texts with")),
        (in_english() * 6, ("Latin and", "% Chinese, and model learned from texts with")),
        (["это новая лампа и она не работает"] * 60, ("Chinese and", "% Cyrillic, and model learned from texts with")),
    ],
    ids=["some English", "more English than Chinese", "Russian"],
)
def test_texts_of_two_languages(practice_model, tmp_path, capfd, lines, shares):
    mixed = tiankong.prepare([*texts(), *lines], tmp_path / "mixed", minimum_count=1)
    options = ("--epochs", 1, "--threads", 1, "--precision", "fp32", "--measure-limit", 5)
    succeed("train", mixed.path, "-o", tmp_path / "model", "--from", practice_model, *options)
    err = capfd.readouterr().err
    for words in (*shares, "of the texts of", "seem to be in another language than model"):
        assert words in err


def test_a_few_foreign_words_are_no_other_language(mine, practice_model, tmp_path):
    assert "language" not in notes_of(mine, tmp_path / "one", practice_model)
    lines = [line.replace("物流", "快递DHL") for line in texts()]
    said = notes_of(tiankong.prepare(lines, tmp_path / "prepared"), tmp_path / "two", practice_model)
    assert "seem to be in another language" not in said


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--segmenter", "unicode"], "prepared with segmenter 'unicode'"),
        (["--normalisation", "none"], "prepared with normalisation 'none'"),
        (["--drop-ascii"], "prepared with drop_ascii True"),
        (["--drop-words", "的"], "prepared with drop_words ('的',)"),
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
    refused(capfd, tmp_path / "prepared", practice_model, tmp_path, words)


def split_anew(file, folder, split, seed):
    succeed("prepare", file, "-o", folder, "--split", split, "--seed", seed, "--code-bits", 0, "--quiet")
    return folder


SPLITS = [
    ("60/20/20", 1, False),  # that of the base's texts
    ("80/10/10", 1, False),  # of the last tenth, the base learned from nothing
    ("20/20/60", 1, True),
    ("60/20/20", 7, True),
]


@pytest.mark.parametrize(("split", "seed", "leaks"), SPLITS)
def test_texts_that_the_base_learned_from_are_no_test(
    practice_corpus, practice_model, tmp_path, split, seed, leaks, capfd
):
    file = practice_corpus.parents[1] / "practice" / "reviews.txt"
    corpus = split_anew(file, tmp_path / "prepared", split, seed)
    if leaks:
        words = f"model learned from test texts of {corpus}, since it had the same texts split in another way"
        refused(capfd, corpus, practice_model, tmp_path, words)
        return
    assert "split" not in notes_of(corpus, tmp_path / "model", practice_model, max_steps=2)
    assert not open_model(tmp_path / "model").manifest.base.may_know_test_texts


@pytest.mark.parametrize("task", ["cloze", "classify"])
@pytest.mark.parametrize(("split", "seed", "leaks"), SPLITS)
def test_other_texts_may_be_split_in_any_way(corpus_file, practice_model, tmp_path, task, split, seed, leaks):
    corpus = split_anew(corpus_file, tmp_path / "prepared", split, seed)
    said = notes_of(corpus, tmp_path / "model", practice_model, task=task)
    assert ("learned from texts that were split in another way than" in said) == leaks
    assert open_model(tmp_path / "model").manifest.base.may_know_test_texts == leaks
    assert ("may be among the test texts" in (tmp_path / "model" / "README.md").read_text(encoding="utf-8")) == leaks


def test_what_the_base_of_a_base_learned_from_is_no_test(adapted, practice_corpus, tmp_path, capfd):
    file = practice_corpus.parents[1] / "practice" / "reviews.txt"
    refused(capfd, split_anew(file, tmp_path / "again", "20/20/60", 1), adapted, tmp_path, "learned from test texts of")
    assert len(open_model(adapted).manifest.learned_from) == 2


def test_how_a_mix_was_split_is_unknown_where_it_was_not_stated(mine, practice_model, tmp_path):
    """As of models of earlier versions."""
    shutil.copytree(practice_model, tmp_path / "base")
    stated = [{"name": name, "share": 0.5, "sha256": "0" * 64} for name in ("news", "reviews")]
    resealed(tmp_path / "base", corpora=stated, learned_from=[])
    said = notes_of(mine, tmp_path / "model", tmp_path / "base")
    assert "base learned from texts that were split in another way" in said


@pytest.mark.parametrize(
    ("base", "words"),
    [
        ("codes_model_folder", "has the head codes, which can't get new words"),
        ("hybrid_model_folder", "has the head hybrid, which can't get new words"),
        ("classifier_folder", "is a classifier and fills no blanks: choose a model that fills them"),
        ("tuned_folder", "is a classifier and fills no blanks: choose a model that fills them"),
        ("spaced_model_folder", "was prepared with segmenter 'rjieba' and"),
        ("practice_corpus", "is not a model"),
        ("corpus_file", "is a file and not a model"),
    ],
)
def test_what_is_no_base(request, mine, tmp_path, base, words, capfd):
    refused(capfd, mine, request.getfixturevalue(base), tmp_path, words)


@pytest.mark.parametrize("name", ["reviews-zh-sentiment", "nowhere", "reviews-xx"])
def test_names_of_no_base(mine, tmp_path, name, capfd, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = "fills no blanks" if name == "reviews-zh-sentiment" else f"there is no folder {name}"
    refused(capfd, mine, name, tmp_path, words)


def test_folders_that_are_torn(mine, practice_model, tmp_path, capfd):
    for name in ("model.onnx", "model.safetensors", "vocabulary.tsv", "characters.tsv"):
        base = tmp_path / f"base-{name}"
        shutil.copytree(practice_model, base)
        (base / name).write_bytes((base / name).read_bytes()[:-100])
        refused(capfd, mine, base, tmp_path, f"{name} in {base} is damaged or was changed")
        (base / name).unlink()
        refused(capfd, mine, base, tmp_path, f"{name} is missing from {base}")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"version": 99}, "was made by a newer tiankong"),
        ({"head": "sorted"}, "has the head 'sorted', which this version does not know: upgrade tiankong"),
        ({"task": "translate"}, "upgrade tiankong"),
    ],
    ids=str,
)
def test_folders_of_newer_versions(mine, practice_model, tmp_path, changes, words, capfd):
    base = tmp_path / "base"
    shutil.copytree(practice_model, base)
    manifest = json.loads((base / "config.json").read_text())
    if "version" in changes:
        (base / "config.json").write_text(json.dumps(manifest | changes))
    else:
        head = {"model": {**manifest["model"], **changes}} if "head" in changes else changes
        resealed(base, **head)
    refused(capfd, mine, base, tmp_path, words)


def test_weights_that_are_no_network_of_that_shape(mine, practice_model, model_folder, tmp_path, capfd):
    shutil.copytree(practice_model, tmp_path / "base")
    shutil.copyfile(model_folder / "model.safetensors", tmp_path / "base" / "model.safetensors")
    resealed(tmp_path / "base")
    refused(capfd, mine, tmp_path / "base", tmp_path, "are damaged: train it again")
    (tmp_path / "base" / "model.safetensors").unlink()
    for content in (b"", b"no network", (model_folder / "model.onnx").read_bytes()):
        (tmp_path / "base" / "model.onnx").write_bytes(content)
        resealed(tmp_path / "base")
        refused(capfd, mine, tmp_path / "base", tmp_path, "is damaged (")
