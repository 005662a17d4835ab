"""The pages on formats, heads and presets name what exists."""

from __future__ import annotations

import re

import pytest

from tests.docs.pages import DOCS, ROOT, blocks, name
from tiankong.artifact import model_folder as model_files
from tiankong.config import load_preset, preset_names
from tiankong.corpus import prepared as prepared_files
from tiankong.corpus.columns import TEXT_COLUMNS
from tiankong.corpus.splits import SPLITS
from tiankong.registry.formats import SUFFIXES
from tiankong.registry.heads import HEADS
from tiankong.registry.segmenters import SEGMENTERS

PAGE = (ROOT / "docs" / "reference" / "formats.md").read_text(encoding="utf-8")
WITH_TOML = [page for page in DOCS if any(block.language == "toml" for block in blocks(page))]


def _files(heading):
    """Names in the table below a heading, a row a split where one stands for all."""
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    cells = re.findall(r"(?m)^\| ([^|]+) \|", section)
    names = {file for cell in cells for file in re.findall(r"`([^`]+)`", cell)}
    return {file.replace("<split>", split) for file in names for split in SPLITS}


@pytest.mark.parametrize(
    ("heading", "module"), [("Prepared corpus", prepared_files), ("Model folder", model_files)], ids=["corpus", "model"]
)
def test_every_file_that_the_program_names_has_a_row(heading, module):
    named = {value for constant, value in vars(module).items() if constant.endswith("_FILE")}
    assert len(named) >= 5
    assert named <= _files(heading)


def test_every_file_of_a_prepared_corpus_has_a_row(prepared):
    assert {file.name for file in prepared.iterdir()} <= _files("Prepared corpus")


def test_every_file_of_a_model_has_a_row(model_folder, codes_model_folder, classifier_folder):
    for folder in (model_folder, codes_model_folder, classifier_folder):
        assert {file.name for file in folder.iterdir()} <= _files("Model folder")


def test_every_suffix_and_segmenter_is_listed():
    guide = (ROOT / "docs" / "guide" / "prepare.md").read_text(encoding="utf-8")
    assert set(SUFFIXES) <= _files("Text files")
    assert all(f"`{segmenter}`" in guide or f"`--segmenter {segmenter}`" in guide for segmenter in SEGMENTERS)


def test_the_usual_columns_are_listed():
    assert all(column in PAGE for column in TEXT_COLUMNS)


def test_heads_and_presets_have_rows():
    heads = (ROOT / "docs" / "how-it-works" / "heads.md").read_text(encoding="utf-8")
    assert set(re.findall(r"(?m)^\| `(\w+)`(?: \(default\))? \|", heads)) >= set(HEADS)
    for page in ("guide/train.md", "guide/zh/train.md"):
        text = (ROOT / "docs" / page).read_text(encoding="utf-8")
        assert set(re.findall(r"(?m)^\| `(\w+)` \|", text)) == set(preset_names())


@pytest.mark.parametrize("page", WITH_TOML, ids=name)
def test_presets_in_the_docs_can_be_loaded(page, tmp_path):
    for block in blocks(page):
        if block.language == "toml":
            file = tmp_path / "mine.toml"
            file.write_text(block.text, encoding="utf-8")
            assert load_preset(str(file)) != load_preset("default")
