"""``tiankong.prepare``: what it takes for files and what for texts, and that both make the same folder."""

from __future__ import annotations

import csv
import dataclasses
import json
import math
import tempfile
from collections import UserList
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tiankong.config import PrepareConfig, Preset
from tiankong.corpus.prepared import PREPARED, PreparedCorpus
from tiankong.corpus.splits import DEFAULT_SPLIT
from tiankong.errors import OptionError, SourceError
from tiankong.folder import sha256
from tiankong.pipeline.prepare import prepare
from tiankong.sample.grammar import reviews

SMALL = {"minimum_count": 1, "code_bits": 0}
LINES = [f"第{number}件外套做工不错，物流也很快" for number in range(30)]
PAIRS = [(line, "好" if number % 2 else "差") for number, line in enumerate(LINES)]

CHARACTERS = st.characters(codec="utf-8", exclude_characters="\0\r\n\ufeff")
TEXTS = st.lists(st.text(CHARACTERS | st.sampled_from("，。！,\"' 很好用物流快"), max_size=20), max_size=20)
LABELS = st.sampled_from(["0", "1", "好", "very bad"])


def without_sources(corpus: PreparedCorpus) -> dict[str, object]:
    """The manifest and the hash of every other file, but for what the texts were read from."""
    manifest = json.loads((corpus.path / PREPARED.manifest).read_text(encoding="utf-8"))
    hashes = {file.name: sha256(file) for file in corpus.path.iterdir() if file.name != PREPARED.manifest}
    return {**{name: value for name, value in manifest.items() if name not in {"sources", "checksum"}}, "h": hashes}


@given(TEXTS)
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_texts_make_the_same_folder_as_a_text_file(texts):
    texts = LINES + [text for text in texts if text.strip() and ",," not in text]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "texts.txt")
        file.write_text("\n".join(texts), encoding="utf-8")
        from_file = prepare(str(file), Path(folder, "a"), **SMALL)
        from_list = prepare(texts, Path(folder, "b"), **SMALL)
        from_generator = prepare((text for text in texts), Path(folder, "c"), **SMALL)
        assert without_sources(from_file) == without_sources(from_list) == without_sources(from_generator)


@given(TEXTS.flatmap(lambda texts: st.tuples(st.just(texts), st.lists(LABELS, min_size=len(texts), max_size=20))))
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_labelled_texts_make_the_same_folder_as_a_table(columns):
    pairs = PAIRS + list(zip(*columns, strict=False))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "texts.csv")
        with file.open("w", encoding="utf-8", newline="") as out:
            csv.writer(out).writerows([("text", "label"), *pairs])
        from_file = prepare(file, Path(folder, "a"), **SMALL)
        from_pairs = prepare(iter(pairs), Path(folder, "b"), **SMALL)
        assert without_sources(from_file) == without_sources(from_pairs)


@pytest.mark.parametrize("make", [tuple, iter, UserList, np.array, lambda texts: np.array(texts, dtype=object)])
def test_any_iterable_of_strings_is_texts(tmp_path, make):
    expected = prepare(LINES, tmp_path / "expected", **SMALL)
    assert without_sources(prepare(make(LINES), tmp_path / "made", **SMALL)) == without_sources(expected)


def test_rows_of_an_array_and_lists_are_pairs_and_labels_may_be_numbers(tmp_path):
    expected = prepare([(line, str(len(line) % 2)) for line in LINES], tmp_path / "expected", **SMALL)
    numbers = [[line, np.int64(len(line) % 2)] for line in LINES]
    table = np.array([[line, str(len(line) % 2)] for line in LINES])
    for name, rows in (("numbers", numbers), ("table", table)):
        assert without_sources(prepare(rows, tmp_path / name, **SMALL)) == without_sources(expected)


def test_the_manifest_says_what_was_given(tmp_path):
    [source] = prepare(LINES, tmp_path / "a", **SMALL).manifest.sources
    assert source.path == "30 texts given from Python"
    assert source.bytes == sum(len(line.encode()) + 1 for line in LINES)
    [same], [other] = (
        prepare(texts, tmp_path / name, **SMALL).manifest.sources
        for name, texts in (("b", iter(LINES)), ("c", LINES[::-1]))
    )
    assert source == same
    assert other.sha256 != source.sha256


@pytest.mark.parametrize("make", [list, tuple, iter])
def test_paths_are_files(tmp_path, make):
    for name in "ab":
        (tmp_path / f"{name}.txt").write_text("\n".join(f"{name}{line}" for line in LINES), encoding="utf-8")
    corpus = prepare(make([tmp_path / "a.txt", tmp_path / "b.txt"]), tmp_path / "out", **SMALL)
    assert [Path(source.path).name for source in corpus.manifest.sources] == ["a.txt", "b.txt"]
    assert sum(split.texts for split in corpus.manifest.splits.values()) == 60


def test_file_names_as_strings_are_not_read_as_texts(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("notes").write_text("\n".join(LINES), encoding="utf-8")
    for names in (["notes"], ["notes", "missing.csv"], ("a.TXT", "b.jsonl.gz")):
        with pytest.raises(OptionError, match=f"names a file, the first '{names[0]}': make them Path objects"):
            prepare(names, "out", **SMALL)
    assert not Path("out").exists()
    assert prepare(["notes", *LINES], "out", **SMALL).manifest.sources[0].path.startswith("31 texts")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"text": LINES}, "is a dict, which iterates over its keys: give its values"),
        (set(LINES), r"is a set, whose order changes from run to run: give sorted\(texts\)"),
        (b"reviews.txt", "is bytes: decode it"),
        (7, "is of type int: give a path, or an iterable"),
        ([Path("a.txt"), "b.txt"], "mixes files and texts, item 2 is of type str: make every file's name a Path"),
    ],
)
def test_sources_that_are_neither(tmp_path, source, message):
    with pytest.raises(OptionError, match=message):
        prepare(source, tmp_path / "out", **SMALL)


def test_a_table_is_refused_with_the_way_to_give_its_columns(tmp_path):
    class DataFrame(dict):
        columns = ("text", "label")

    with pytest.raises(OptionError, match=r"DataFrame, which iterates over its"):
        prepare(DataFrame(text=LINES), tmp_path / "out", **SMALL)

    class Table:
        columns = ("text",)

        def __iter__(self):
            return iter(self.columns)

    with pytest.raises(
        OptionError, match=r"a Table, which iterates over its columns: give one column, as table\['text"
    ):
        prepare(Table(), tmp_path / "out", **SMALL)


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (3, "text 31 of those given is of type int: give a string"),
        (("好", "1", "2"), "text 31 of those given is of type tuple"),
        ({"text": "好"}, "text 31 of those given is of type dict"),
        (b"good", "text 31 of those given is of type bytes"),
        (("好", ["1"]), "a value of type list for a label on text 31"),
        ("\ud800", "text 31 of those given holds half a surrogate pair"),
        (("好", "\0"), "label"),
        ("好\0", "text 31 of those given holds a NUL character"),
    ],
)
def test_items_that_are_no_texts_are_named_by_number(tmp_path, item, message):
    if message == "label":  # control characters are left out of labels, as in files
        corpus = prepare([*PAIRS, item], tmp_path / "out", **SMALL)
        assert corpus.manifest.label_problem is not None
        return
    with pytest.raises(SourceError, match=message):
        prepare([*LINES, item], tmp_path / "out", **SMALL)
    assert not (tmp_path / "out").exists()


def test_missing_values_are_empty_texts(tmp_path):
    class NAType:
        """As pandas has it."""

        def __ne__(self, other):
            raise TypeError("boolean value of NA is ambiguous")

        __hash__ = None

    missing = [None, math.nan, np.float32("nan"), NAType(), "", "  "]
    corpus = prepare([*LINES, *missing], tmp_path / "texts", **SMALL)
    assert corpus.manifest.empty_texts == len(missing)
    labelled = prepare([*PAIRS, ("好用", math.nan)], tmp_path / "labels", **SMALL)
    assert labelled.manifest.label_problem == (
        "1 of 31 texts has no label, the first on text 31 of those given: label it or leave it out"
    )


def test_texts_with_and_without_labels_keep_none_as_of_files(tmp_path):
    corpus = prepare([*PAIRS, LINES[0]], tmp_path / "out", **SMALL)
    assert "1 of 31 texts has no label, the first on text 31" in corpus.manifest.label_problem


@pytest.mark.parametrize("source", [[], iter([]), ["", None]])
def test_no_text_at_all(tmp_path, source):
    with pytest.raises(SourceError, match="no text was given"):
        prepare(source, tmp_path / "out", **SMALL)


@pytest.mark.parametrize("option", ["column", "label_column", "encoding"])
def test_options_of_files_are_refused_with_texts(tmp_path, option):
    with pytest.raises(OptionError, match=f"{option} is for files, and texts were given: leave it out"):
        prepare(LINES, tmp_path / "out", **{option: "utf-8"}, **SMALL)


@pytest.mark.parametrize(
    ("given_settings", "message"),
    [
        ({"minimum_cuont": 2}, "there is no setting 'minimum_cuont': did you mean 'minimum_count'?"),
        ({"zzz": 2}, "there is no setting 'zzz': the settings are segmenter, user_dict"),
        ({"minimum_count": "2"}, "`minimum_count='2'` must be a whole number, not a text"),
        ({"drop_words": "的"}, "`drop_words='的'` must be a list, not a text"),
        ({"minimum_count": 0, "segmenter": "rjeiba"}, "`segmenter` must be one of rjieba"),
        ({"epochs": 3}, "there is no setting 'epochs'"),
    ],
)
def test_settings_that_are_wrong(tmp_path, given_settings, message):
    with pytest.raises(OptionError) as error:
        prepare(LINES, tmp_path / "out", **given_settings)
    assert message in str(error.value)


def test_settings_take_what_python_has(tmp_path):
    words = tmp_path / "words.txt"
    words.write_text("第一件\n", encoding="utf-8")
    settings = {"user_dict": words, "minimum_count": np.int64(1), "split": [50, 25, 25], "seed": None}
    config = prepare(LINES, tmp_path / "out", code_bits=0, **settings).manifest.config
    assert config == PrepareConfig(user_dict=str(words), minimum_count=1, split=(50.0, 25.0, 25.0), code_bits=0)


def test_a_preset_is_a_name_a_file_or_an_object(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text("[prepare]\nminimum_count = 1\ncode_bits = 0\n")
    preset = Preset(prepare=PrepareConfig(**SMALL))
    made = [prepare(LINES, tmp_path / str(n), preset=given) for n, given in enumerate((file, str(file), preset))]
    expected = dataclasses.replace(preset.prepare, split=DEFAULT_SPLIT)
    assert [corpus.manifest.config for corpus in made] == [expected] * 3


def test_labels_get_other_names(tmp_path):
    pairs = [(line, number % 2 == 1) for number, line in enumerate(LINES)]
    corpus = prepare(pairs, tmp_path / "out", label_names={True: "好", "false": "差"}, **SMALL)
    assert [label.name for label in corpus.manifest.labels] == ["好", "差"]
    for names, message in (({"x": "y"}, "no text has the label 'x'"), ({1: ""}, "neither may be empty")):
        with pytest.raises((OptionError, SourceError), match=message):
            prepare(pairs, tmp_path / "more", label_names=names, **SMALL)


def test_progress_adds_up_and_names_the_stages(tmp_path):
    steps = []
    prepare(LINES, tmp_path / "a", minimum_count=1, code_bits=50, progress=steps.append)
    reading = [step for step in steps if step.stage == "reading"]
    assert [(step.done, step.total) for step in reading] == [(number, 30) for number in range(1, 31)]
    assert [step.stage for step in steps[30:]] == ["counting", "word vectors"]
    assert "50-bit codes" in steps[-1].message
    file = tmp_path / "texts.txt"
    file.write_text("\n".join(LINES), encoding="utf-8")
    from_file = []
    prepare(file, tmp_path / "b", progress=from_file.append, **SMALL)
    size = file.stat().st_size
    assert {step.total for step in from_file if step.stage == "reading"} == {size}
    assert max(step.done for step in from_file) == size


def test_a_generator_is_read_once_and_never_held(tmp_path):
    alive: set[int] = set()
    most = 0

    class Line(str):
        def __del__(self):
            alive.discard(id(self))

    def lines():
        nonlocal most
        for review in reviews(500):
            line = Line(review.text)
            alive.add(id(line))
            most = max(most, len(alive))
            yield line

    prepare(lines(), tmp_path / "out", **SMALL)
    assert most <= 4
