"""A preparation of any size: what comes out is the same however it is divided, shared and interrupted."""

from __future__ import annotations

import errno
import itertools
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
import tracemalloc
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tests.corpus.test_prepare import texts_of
from tiankong.cli.main import run
from tiankong.config import PrepareConfig
from tiankong.corpus import prepare as preparing
from tiankong.corpus import splits
from tiankong.corpus.chunks import LONGEST_TEXT
from tiankong.corpus.prepare import Sizes, prepare
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.corpus.shards import Segmented
from tiankong.corpus.sources import Files, GivenTexts
from tiankong.corpus.splits import SPLITS
from tiankong.corpus.work_folder import work_folder
from tiankong.errors import FolderError, OptionError, SourceError, TiankongError
from tiankong.pipeline.prepare import prepare as public_prepare
from tiankong.sample.grammar import reviews
from tiankong.text.segment import Tokenizer
from tiankong.text.vocabulary import SPECIAL_TOKENS, UNKNOWN

TINY = Sizes(chunk=2000, hashes=70, entries=300)
"""Dozens of chunks, and several passes over what they hold, of a few hundred texts."""

PAIRS = [(review.text, review.label) for review in reviews(400)]
PAIRS += [(text.replace("，", ",") + "！", label) for text, label in PAIRS[:60]]
CONFIG = PrepareConfig(minimum_count=2)


def files_of(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """What one process makes of all texts together."""
    return prepare(GivenTexts(PAIRS), tmp_path_factory.mktemp("whole") / "out", CONFIG)


@pytest.fixture
def tiny(monkeypatch):
    """Lets every preparation have many chunks."""
    monkeypatch.setattr(preparing, "USUAL_SIZES", TINY)


@pytest.mark.parametrize("processes", [1, 2, 4])
def test_the_same_bytes_from_any_number_of_processes(whole, tmp_path, processes):
    corpus = prepare(GivenTexts(PAIRS), tmp_path / "out", CONFIG, processes=processes, sizes=TINY)
    assert files_of(corpus.path) == files_of(whole.path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]


KILLED = """
import json, sys, time
from pathlib import Path
from tiankong.config import PrepareConfig
from tiankong.corpus.prepare import Sizes, prepare
from tiankong.corpus.sources import GivenTexts

output, pairs, stopping, signal = sys.argv[1:]  # where to wait to be killed, and what to write then

def texts():
    for pair in json.loads(Path(pairs).read_text()):
        time.sleep(0.001)
        yield tuple(pair)
    report("all read", 0)

def report(stage, _):
    if stage == stopping:
        Path(signal).touch()
        time.sleep(600)

sizes = Sizes(chunk=2000, hashes=70, entries=300)
config = PrepareConfig(minimum_count=2)
prepare(GivenTexts(texts()), Path(output), config, processes=2, sizes=sizes, resume=True, report=report)
"""


def test_killed_ten_times_and_resumed(whole, tmp_path):
    output, work = tmp_path / "out", work_folder(tmp_path / "out")
    pairs, ready = tmp_path / "pairs.json", tmp_path / "ready"
    pairs.write_text(json.dumps(PAIRS), encoding="utf-8")
    command = [sys.executable, "-c", KILLED, output, pairs]
    generator = random.Random(1)
    shards = 0
    for kills in range(10):
        process = subprocess.Popen([*command, "all read" if kills < 8 else "counting", ready])
        while not ready.exists() and (kills >= 8 or len(list(work.glob("*.safetensors"))) <= shards):
            assert process.poll() is None
            time.sleep(0.002)
        time.sleep(generator.random() * 0.03)
        process.kill()
        assert process.wait() == -signal.SIGKILL
        assert not output.exists()
        shards = len(list(work.glob("*.safetensors")))
        ready.unlink(missing_ok=True)
    subprocess.run([*command, "", ready], check=True)
    assert files_of(output) == files_of(whole.path)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["out", "pairs.json"]


def stopped_after(texts, count):
    """``texts``, of which only so many are given before somebody presses Ctrl-C."""
    yield from itertools.islice(texts, count)
    raise KeyboardInterrupt


def test_what_is_whole_is_not_segmented_again(whole, tmp_path, monkeypatch):
    output = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        prepare(GivenTexts(stopped_after(PAIRS, 300)), output, CONFIG, processes=1, sizes=TINY)
    done = len(list(work_folder(output).glob("*.safetensors")))
    assert done > 2
    segmented = []
    segment = preparing.ChunkSegmenter.segment
    monkeypatch.setattr(
        preparing.ChunkSegmenter, "segment", lambda self, content: segmented.append(content) or segment(self, content)
    )
    corpus = prepare(GivenTexts(PAIRS), output, CONFIG, processes=1, sizes=TINY, resume=True)
    assert files_of(corpus.path) == files_of(whole.path)
    everything = []
    monkeypatch.setattr(
        preparing.ChunkSegmenter, "segment", lambda self, content: everything.append(content) or segment(self, content)
    )
    prepare(GivenTexts(PAIRS), tmp_path / "again", CONFIG, processes=1, sizes=TINY)
    assert segmented == everything[done:]


def test_texts_that_changed_meanwhile_are_segmented_again(whole, tmp_path):
    output = tmp_path / "out"
    others = [("手机不错，很满意", "1"), *PAIRS[1:]]
    with pytest.raises(KeyboardInterrupt):
        prepare(GivenTexts(stopped_after(others, 300)), output, CONFIG, sizes=TINY)
    assert files_of(prepare(GivenTexts(PAIRS), output, CONFIG, sizes=TINY, resume=True).path) == files_of(whole.path)


@pytest.mark.usefixtures("tiny")
def test_an_unfinished_preparation_is_named_with_the_two_ways_on(tmp_path, capfd, monkeypatch):
    file, output = tmp_path / "texts.txt", tmp_path / "out"
    file.write_text("\n".join(text for text, _ in PAIRS), encoding="utf-8")
    monkeypatch.setattr(Segmented, "write", stopping(Segmented.write, 8))
    arguments = ["prepare", str(file), "-o", str(output), "--quiet", "--processes", "1"]
    assert run(arguments) == 130
    assert f"stopped: the same command with --resume continues from {output}.preparing" in capfd.readouterr().err
    assert run(arguments) == 2
    assert (
        f"{output}.preparing holds an unfinished preparation: go on with --resume or start over with --force"
        in capfd.readouterr().err
    )
    assert run([*arguments, "--resume", "--seed", "2", "--normalisation", "none"]) == 2
    err = capfd.readouterr().err
    assert "was started with --normalisation standard (now 'none'), --seed 1 (now 2): give what it was" in err
    assert run([*arguments, "--resume", "--minimum-count", "2"]) == 0
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["out", "texts.txt"]
    monkeypatch.setattr(Segmented, "write", stopping(Segmented.write, 8))
    assert run([*arguments, "--force"]) == 130
    capfd.readouterr()
    assert run([*arguments, "--force"]) == 0
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["out", "texts.txt"]


def stopping(write, after):
    """``write``, but at the call after so many Ctrl-C is pressed, once."""
    calls = itertools.count()

    def written(self, file):
        if next(calls) == after:
            raise KeyboardInterrupt
        write(self, file)

    return written


@pytest.mark.usefixtures("tiny")
def test_python_says_how_to_go_on(tmp_path):
    # More than the first thousand, which are read before the rest to see whether they carry labels.
    texts = [f"第{number}次{text}" for number in range(5) for text, _ in PAIRS]
    with pytest.raises(KeyboardInterrupt, match=r"the same call with resume=True continues from .*out\.preparing"):
        public_prepare(stopped_after(texts, 2000), tmp_path / "out")
    with pytest.raises(FolderError, match="go on with `resume=True` or start over with `force=True`"):
        public_prepare(texts, tmp_path / "out")
    corpus = public_prepare(texts, tmp_path / "out", resume=True)
    assert sum(split.texts for split in corpus.manifest.splits.values()) == len(texts)


def test_nothing_to_resume_begins(whole, tmp_path):
    corpus = prepare(GivenTexts(PAIRS), tmp_path / "out", CONFIG, resume=True)
    assert files_of(corpus.path) == files_of(whole.path)


@pytest.mark.parametrize("processes", [-1, 1.5, "2", True, 5000])
def test_numbers_of_processes_that_are_none(tmp_path, processes):
    with pytest.raises(OptionError, match="`processes` must be a whole number from 0"):
        public_prepare(PAIRS, tmp_path / "out", processes=processes)


def test_a_foreign_file_in_the_place_of_the_work_is_left_alone(tmp_path):
    mine = tmp_path / "out.preparing" / "notes.txt"
    mine.parent.mkdir()
    mine.write_text("mine")
    with pytest.raises(FolderError, match=r"notes\.txt is no part of a preparation and would be deleted"):
        prepare(GivenTexts(PAIRS), tmp_path / "out", CONFIG)
    assert mine.read_text() == "mine"
    assert not (tmp_path / "out").exists()


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
    with pytest.raises(SourceError, match="0 texts are too few to split 60/20/20: the train split is empty"):
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


class TestThingsThatGoWrong:
    """One sentence, and nothing half-written."""

    @pytest.fixture
    def output(self, tmp_path):
        return tmp_path / "out"

    @pytest.mark.parametrize("harm", [Path.unlink, lambda file: os.truncate(file, 1000)])
    def test_a_shard_that_is_lost_before_it_is_counted(self, whole, output, harm):
        def report(stage, _):
            if stage == "counting":
                harm(sorted(work_folder(output).glob("*.safetensors"))[3])

        with pytest.raises(
            FolderError, match=r"000003\.safetensors is missing or damaged .*: go on with `resume=True`"
        ):
            prepare(GivenTexts(PAIRS), output, CONFIG, sizes=TINY, processes=1, report=report)
        assert not output.exists()
        corpus = prepare(GivenTexts(PAIRS), output, CONFIG, sizes=TINY, processes=1, resume=True)
        assert files_of(corpus.path) == files_of(whole.path)

    def test_a_file_that_changes_while_it_is_read(self, output, tmp_path):
        file = tmp_path / "texts.txt"
        file.write_text("\n".join(text for text, _ in PAIRS), encoding="utf-8")

        def report(stage, _):
            if stage == "reading":
                with file.open("a", encoding="utf-8") as more:
                    more.write("\n又一条")

        with pytest.raises(SourceError, match=r"texts\.txt was changed while it was read"):
            prepare(Files([file]), output, CONFIG, report=report)
        assert [entry.name for entry in tmp_path.iterdir()] == ["texts.txt"]

    @pytest.mark.parametrize("bad", ["7", '{"text": [1]}', "{", '{"text": "a\\u0000"}', '{"text": "好", "label": []}'])
    def test_rows_that_are_no_texts_are_named_and_counted(self, output, bad):
        file = output.with_suffix(".jsonl")
        rows = [f'{{"text": "第{number}件很好"}}' for number in range(60)]
        rows[20:34] = [bad] * 14
        file.write_text("\n".join(rows), encoding="utf-8")
        with pytest.raises(SourceError) as refused:
            prepare(Files([file]), output, CONFIG)
        assert "on line 21" in str(refused.value)
        places = ", ".join(f"line {number}" for number in range(22, 31))
        assert str(refused.value).endswith(f"; so are 13 more, on {places} and 4 others")
        assert [entry.name for entry in output.parent.iterdir()] == [file.name]

    @pytest.mark.parametrize("bad", [3, b"x", ("好", "1", "2"), ("好", ["1"]), "\ud800"])
    def test_items_that_are_no_texts_are_named_and_counted(self, output, bad):
        with pytest.raises(SourceError, match=r"text 2 of those given|on text 2: ") as refused:
            prepare(GivenTexts(["很好", bad, "不错", bad, bad]), output, CONFIG)
        assert str(refused.value).endswith("; so are 2 more, on text 4, text 5")

    def test_a_text_that_is_too_long(self, output):
        with pytest.raises(SourceError, match="the text on text 461 of those given has 4,194,305 characters"):
            prepare(GivenTexts([*PAIRS, "好" * (LONGEST_TEXT + 1)]), output, CONFIG)
        assert not list(output.parent.iterdir())

    @pytest.mark.parametrize("processes", [1, 2])
    def test_a_full_disk(self, whole, output, monkeypatch, processes):
        """The shards of the first chunks are there by then."""
        full = OSError(errno.ENOSPC, "No space left on device", "x")
        calls = itertools.count()
        take = preparing.Work.add

        def add(self, number):
            if next(calls) == 5:
                raise full
            take(self, number)

        monkeypatch.setattr(preparing.Work, "add", add)
        with pytest.raises(FolderError, match=r"can't be written \(no space left on device\): free space"):
            prepare(GivenTexts(PAIRS), output, CONFIG, processes=processes, sizes=TINY)
        assert [entry.name for entry in output.parent.iterdir()] == ["out.preparing"]
        monkeypatch.undo()
        corpus = prepare(GivenTexts(PAIRS), output, CONFIG, processes=processes, sizes=TINY, resume=True)
        assert files_of(corpus.path) == files_of(whole.path)

    def test_a_process_that_can_not_write(self, output):
        """Its error comes back as this process's own would."""

        def texts():
            yield from PAIRS[:100]
            shutil.rmtree(work_folder(output))
            yield from PAIRS[100:]

        with pytest.raises(FolderError, match=r"can't be written \(no such file or directory\)"):
            prepare(GivenTexts(texts()), output, CONFIG, processes=2, sizes=TINY)
        assert not list(output.parent.iterdir())

    def test_a_process_that_is_killed(self, whole, output):
        others = set(children_of(os.getpid()))

        def texts():
            killed = False
            for number, pair in enumerate(PAIRS):
                if number > 300 and not killed and (children := set(children_of(os.getpid())) - others):
                    os.kill(children.pop(), signal.SIGKILL)
                    killed = True
                yield pair

        with pytest.raises(TiankongError, match=r"was killed \(SIGKILL\), probably because memory ran out: give fewer"):
            prepare(GivenTexts(texts()), output, CONFIG, processes=2, sizes=TINY)
        assert not output.exists()
        corpus = prepare(GivenTexts(PAIRS), output, CONFIG, sizes=TINY, resume=True)
        assert files_of(corpus.path) == files_of(whole.path)

    def test_too_little_text_leaves_what_is_segmented(self, output):
        with pytest.raises(SourceError, match="no word occurs at least 9999 times"):
            prepare(GivenTexts(PAIRS), output, PrepareConfig(minimum_count=9999), sizes=TINY)
        corpus = prepare(GivenTexts(PAIRS), output, CONFIG, sizes=TINY, resume=True)
        assert corpus.manifest.config.minimum_count == 2


def children_of(process: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            number, name, rest = re.match(r"(\d+) \((.*)\) (.*)", stat.read_text(), re.DOTALL).groups()
        except (OSError, AttributeError):
            continue
        if int(rest.split()[1]) == process and "python" in name:
            found.append(int(number))
    return found


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
