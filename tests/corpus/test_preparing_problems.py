"""Preparations in which something goes wrong."""

from __future__ import annotations

import errno
import itertools
import os
import re
import shutil
import signal
from pathlib import Path

import pytest

from tests.corpus.preparations import CONFIG, PAIRS, TINY, files_of
from tiankong.config import PrepareConfig
from tiankong.corpus import prepare as preparing
from tiankong.corpus.chunks import LONGEST_TEXT
from tiankong.corpus.prepare import prepare
from tiankong.corpus.sources import Files, GivenTexts
from tiankong.corpus.work_folder import work_folder
from tiankong.errors import FolderError, SourceError, TiankongError


def test_a_foreign_file_in_the_place_of_the_work_is_left_alone(tmp_path):
    mine = tmp_path / "out.preparing" / "notes.txt"
    mine.parent.mkdir()
    mine.write_text("mine")
    with pytest.raises(FolderError, match=r"notes\.txt is no part of a preparation and would be deleted"):
        prepare(GivenTexts(PAIRS), tmp_path / "out", CONFIG)
    assert mine.read_text() == "mine"
    assert not (tmp_path / "out").exists()


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

    def test_rows_that_differ_in_what_is_wrong_are_not_said_to_be_alike(self, output):
        file = output.with_suffix(".jsonl")
        file.write_text('{"text": "好"}\n{"text": 5}\n{"txt": "x"}\nno JSON\n', encoding="utf-8")
        with pytest.raises(SourceError, match=r"type int .* on line 2: .*; 2 more can't be used either, for this or"):
            prepare(Files([file]), output, CONFIG)
        with pytest.raises(SourceError, match=r"text 1 of .* type int: .*; 1 more can't be used either, .* on text 3"):
            prepare(GivenTexts([5, "好", ("好", [])]), output, CONFIG)

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
