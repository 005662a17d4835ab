"""What ``tiankong info`` says of folders and of built-in models."""

from __future__ import annotations

import json

import pytest

from tests.conftest import succeed
from tiankong.artifact.built_in import BUILT_IN_FOLDER, built_in_models
from tiankong.artifact.model_folder import open_model
from tiankong.text.vocabulary import SPECIAL_TOKENS


def test_without_a_folder_it_lists_the_built_in_models(capfd):
    succeed("info", "--json")
    models = json.loads(capfd.readouterr().out)
    assert [model["name"] for model in models] == built_in_models()
    for model in models:
        folder = open_model(BUILT_IN_FOLDER / model["name"])
        assert model["task"] == folder.manifest.task
        assert model["words"] == len(folder.vocabulary) - len(SPECIAL_TOKENS)
    succeed("info")
    lines = [line.split("\t") for line in capfd.readouterr().out.splitlines()]
    assert [line[0] for line in lines] == built_in_models()
    assert [line[2] for line in lines] == [f"{model['words']:,} words" for model in models]


@pytest.mark.parametrize("folder", ["zh", "model_folder", "prepared"])
def test_what_it_prints_for_people_fits_on_a_few_screens(folder, request, capfd):
    name = folder if folder in built_in_models() else request.getfixturevalue(folder)
    succeed("info", name)
    lines = capfd.readouterr().out.splitlines()
    assert len(lines) < 200
    assert max(map(len, lines)) < 2000
    succeed("info", name, "--json")
    content = json.loads(capfd.readouterr().out)
    shown = {line.partition(":")[0] for line in lines}
    assert shown >= content.keys()
