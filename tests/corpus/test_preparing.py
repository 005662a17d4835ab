"""A preparation of any size: what comes out is the same however it is divided and shared."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tracemalloc
from collections import Counter

import numpy as np
import pytest

from tests.corpus.preparations import CONFIG, PAIRS, TINY, files_of
from tests.corpus.test_prepare import texts_of
from tiankong.cli.main import run
from tiankong.config import PrepareConfig
from tiankong.corpus import splits
from tiankong.corpus.prepare import Sizes, prepare
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.corpus.sources import GivenTexts
from tiankong.corpus.splits import SPLITS
from tiankong.errors import FolderError, OptionError, SourceError
from tiankong.pipeline.prepare import prepare as public_prepare
from tiankong.text.segment import Tokenizer
from tiankong.text.vocabulary import SPECIAL_TOKENS, UNKNOWN


@pytest.mark.parametrize("processes", [1, 2, 4])
def test_the_same_bytes_from_any_number_of_processes(whole, tmp_path, processes):
    corpus = prepare(GivenTexts(PAIRS), tmp_path / "out", CONFIG, processes=processes, sizes=TINY)
    assert files_of(corpus.path) == files_of(whole.path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("processes", [-1, 1.5, "2", True, 5000])
def test_numbers_of_processes_that_are_none(tmp_path, processes):
    with pytest.raises(OptionError, match="`processes` must be a whole number from 0"):
        public_prepare(PAIRS, tmp_path / "out", processes=processes)


def test_two_at_once(tmp_path):
    def texts():
        yield from PAIRS
        with pytest.raises(FolderError, match=r"another process is preparing .*out: wait for it"):
            prepare(GivenTexts(PAIRS), tmp_path / "out", CONFIG)

    prepare(GivenTexts(texts()), tmp_path / "out", CONFIG)


def test_counts_are_exact_and_only_the_rarest_words_are_left_out(tmp_path):
    texts = [text for text, _ in PAIRS]
    limit = 150
    corpus = prepare(GivenTexts(texts), tmp_path / "out", CONFIG, sizes=Sizes(chunk=2000, entries=200, forms=limit))
    everything = prepare(GivenTexts(texts), tmp_path / "all", CONFIG, sizes=TINY)
    cut = Tokenizer(CONFIG).tokens
    counts = Counter(token for tokens in texts_of(everything, "train") for token in tokens)
    assert sum(counts.values()) == everything.manifest.splits["train"].tokens
    forms = {token for text in texts for token in cut(text)}
    ranked = sorted(forms, key=lambda form: (-counts[form], form))
    vocabulary = [form for form in ranked if counts[form] >= CONFIG.minimum_count]
    assert everything.vocabulary.words[len(SPECIAL_TOKENS) :] == vocabulary
    assert everything.vocabulary.counts[len(SPECIAL_TOKENS) :].tolist() == [counts[form] for form in vocabulary]
    assert everything.other_words == ranked[len(vocabulary) :]
    assert everything.manifest.left_out_words == 0

    assert corpus.vocabulary.words == everything.vocabulary.words
    kept = max(limit, len(vocabulary))
    assert corpus.other_words == ranked[len(vocabulary) : kept]
    assert corpus.manifest.left_out_words == len(ranked) - kept > 0
    for name in SPLITS:
        assert corpus.manifest.splits[name] == everything.manifest.splits[name]
        for ids, same in zip(corpus.split(name), everything.split(name), strict=True):
            beyond = same >= kept + len(SPECIAL_TOKENS)
            np.testing.assert_array_equal(ids, np.where(beyond, UNKNOWN, same))


@pytest.mark.parametrize("unique", [False, True])
def test_chunks_without_a_word_are_like_others(tmp_path, unique):
    chinese = [f"第{number}件外套很好" for number in range(60)]
    texts = [*chinese, *(f"ok {number}" for number in range(60)), *chinese]
    config = PrepareConfig(minimum_count=1, drop_ascii=True, unique=unique)
    whole = prepare(GivenTexts(texts), tmp_path / "whole", config)
    divided = prepare(GivenTexts(texts), tmp_path / "divided", config, sizes=Sizes(chunk=200, hashes=7, entries=20))
    assert divided.manifest.empty_texts == 60
    assert files_of(divided.path) == files_of(whole.path)
    with pytest.raises(SourceError, match="0 texts are too few to split 60/20/20: the training split is empty"):
        prepare(GivenTexts(texts[60:120]), tmp_path / "none", config, sizes=Sizes(chunk=200))


def test_splits_of_several_shards_read_as_one(whole, tmp_path):
    sizes = Sizes(chunk=2000, shard_tokens=1500)
    corpus = prepare(GivenTexts(PAIRS), tmp_path / "out", CONFIG, sizes=sizes)
    assert len(corpus.split("train").shards) > 2
    assert (tmp_path / "out" / "train.1.tokens.npy").exists()
    for name in SPLITS:
        assert texts_of(corpus, name) == texts_of(whole, name)
        split = corpus.split(name)
        assert split.lengths().tolist() == [len(ids) - 2 for ids in split]
        assert len(split) == corpus.manifest.splits[name].texts
        np.testing.assert_array_equal(corpus.labels(name), whole.labels(name))
        for index in (-1, len(split)):
            with pytest.raises(IndexError):
                split[index]
    os.truncate(tmp_path / "out" / "train.1.tokens.npy", 200)
    with pytest.raises(FolderError, match=r"train\.1\.tokens\.npy in .* is damaged"):
        PreparedCorpus(tmp_path / "out")


def test_memory_does_not_grow_with_the_texts(tmp_path):
    def peak(count):
        texts = (f"{text}{number}" for number in range(count) for text, _ in PAIRS)
        tracemalloc.start()
        prepare(GivenTexts(texts), tmp_path / f"{count}", CONFIG, processes=1, sizes=Sizes(20_000, 1000, 3000, 1000))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(2)  # what is made once
    assert peak(24) < 1.2 * peak(6)


def test_large_corpora_keep_a_fixed_number_of_texts_out_of_training(tmp_path, monkeypatch, capfd):
    texts = [f"第{number}次买外套，很好" for number in range(4000)]
    file = tmp_path / "texts.txt"
    file.write_text("\n".join(texts), encoding="utf-8")
    small = public_prepare(file, tmp_path / "small").manifest
    assert small.config.split == (60, 20, 20)
    monkeypatch.setattr(splits, "LARGE", 3000)
    monkeypatch.setattr(splits, "HELD_OUT", 300)
    large = public_prepare(file, tmp_path / "large").manifest
    assert large.config.split == (3400, 300, 300)
    for name in ("validation", "test"):
        assert abs(large.splits[name].texts - 300) < 60
    given = public_prepare(file, tmp_path / "given", split=(60, 20, 20)).manifest
    assert given.splits == small.splits
    assert run(["prepare", str(file), "-o", str(tmp_path / "cli"), "--quiet"]) == 0
    assert "validation and test are kept at about 300 texts each" in capfd.readouterr().out
    assert run(["prepare", str(file), "-o", str(tmp_path / "again"), "--quiet", "--split", "60/20/20"]) == 0
    assert "are kept at" not in capfd.readouterr().out


def test_a_script_without_a_main_guard_may_use_processes(tmp_path):
    """The processes do not run it again."""
    script = tmp_path / "script.py"
    script.write_text(
        "import tiankong, tiankong.corpus.prepare as preparing\n"
        "preparing.USUAL_SIZES = preparing.Sizes(chunk=2000)\n"
        "texts = [f'第{number}次买外套，很好' for number in range(1000)]\n"
        "print(tiankong.prepare(texts, 'out', processes=2).manifest.words)\n"
    )
    done = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


def test_an_old_prepared_corpus_is_refused_with_what_to_run(whole, tmp_path):
    folder = tmp_path / "old"
    folder.mkdir()
    for name, content in files_of(whole.path).items():
        (folder / name).write_bytes(content)
    manifest = json.loads((folder / "prepared.json").read_text(encoding="utf-8"))
    (folder / "prepared.json").write_text(json.dumps({**manifest, "version": 1}), encoding="utf-8")
    with pytest.raises(
        FolderError, match=r"earlier tiankong \(format 1, .* reads 2\): make it again with `tiankong pre"
    ):
        PreparedCorpus(folder)
