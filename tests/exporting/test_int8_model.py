"""A copy with its weights in 8 bits: smaller, as good, complete."""

import json
import math
import shutil

import onnx
import pytest

from tests import networks
from tests.conftest import succeed
from tiankong.artifact.model_folder import MODEL, open_model
from tiankong.cli.main import run
from tiankong.exporting.onnx_export import export_onnx
from tiankong.model import load

SENTENCE = "物流__，第二天就到了"
UNSEALED = {"format", "version", "files", "checksum"}
"""What a manifest gets when its folder is sealed."""


@pytest.fixture(scope="session", params=["model_folder", "codes_model_folder", "hybrid_model_folder"])
def original(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def copy(original, prepared, tmp_path):
    succeed("export", original, "-o", tmp_path / "small", "--prepared", prepared, "--quiet")
    return tmp_path / "small"


def test_a_copy_answers_as_the_original_and_is_smaller(original, copy):
    stored = onnx.load(copy / "model.onnx").graph.initializer
    assert {tensor.data_type for tensor in stored if math.prod(tensor.dims) >= 1024} == {onnx.TensorProto.INT8}
    assert (copy / "model.onnx").stat().st_size < (original / "model.onnx").stat().st_size
    assert not (copy / "model.safetensors").exists()
    size = len(load(original).folder.vocabulary)
    before, after = (
        {answer["token_str"]: answer["score"] for answer in load(folder).fill(SENTENCE, top_k=size)}
        for folder in (original, copy)
    )
    assert before.keys() == after.keys()
    assert after == pytest.approx(before, abs=0.01)


def test_a_copy_says_what_it_is(original, copy):
    metrics = json.loads((copy / "metrics.json").read_text())
    assert metrics["test_fp32"] == json.loads((original / "metrics.json").read_text())["test"]
    assert metrics["test"]["top10"] == pytest.approx(metrics["test_fp32"]["top10"], abs=0.01)
    assert open_model(copy).manifest.weights == "int8"
    card = (copy / "README.md").read_text()
    assert "stored and computed in 8 bits" in card
    assert len(metrics["commands"]) == 2


def test_a_network_in_training_is_exported_as_it_answers(tmp_path):
    network = networks.build().train()
    assert export_onnx(network, networks.LEXICON, tmp_path / "model.onnx") < 1e-4


def test_a_model_is_not_replaced_by_its_copy(model_folder, prepared, tmp_path, capsys):
    shutil.copytree(model_folder, tmp_path / "model")
    before = sorted(file.name for file in (tmp_path / "model").iterdir())
    for output in (tmp_path / "model", tmp_path / "model" / "small"):
        arguments = ["export", str(tmp_path / "model"), "-o", str(output), "--prepared", str(prepared)]
        assert run([*arguments, "--force"]) == 2
        assert "is the model itself or within it" in capsys.readouterr().err
    assert sorted(file.name for file in (tmp_path / "model").iterdir()) == before


def test_a_copy_is_measured_on_the_models_own_corpus_only(model_folder, corpus_file, tmp_path, capsys):
    succeed("prepare", corpus_file, "-o", tmp_path / "other", "--minimum-count", 4, "--code-bits", 0, "--quiet")
    small = tmp_path / "small"
    assert run(["export", str(model_folder), "-o", str(small), "--prepared", str(tmp_path / "other")]) == 2
    assert "another vocabulary" in capsys.readouterr().err
    assert not small.exists()


def test_a_copy_of_a_copy_has_the_same_network_and_fits_check_anew(copy, prepared, tmp_path):
    old = tmp_path / "old"
    shutil.copytree(copy, old)
    detection = json.loads((old / "misfits.json").read_text())
    for name in ("context", "typed", "broken"):  # as version 0.2 wrote it
        del detection[name]
    (old / "misfits.json").write_text(json.dumps(detection))
    manifest = json.loads((old / "config.json").read_text())
    MODEL.seal(old, {name: value for name, value in manifest.items() if name not in UNSEALED})
    before = load(old).check(SENTENCE.replace("__", "很快"), precision=0.01)
    assert before
    again = tmp_path / "again"
    succeed("export", old, "-o", again, "--prepared", prepared, "--quiet")
    assert (again / "model.onnx").read_bytes() == (copy / "model.onnx").read_bytes()
    assert (again / "misfits.json").read_bytes() == (copy / "misfits.json").read_bytes()
    metrics, first = (json.loads((folder / "metrics.json").read_text()) for folder in (again, copy))
    assert metrics["test_fp32"] == first["test_fp32"]
    assert metrics["test"]["top10"] == first["test"]["top10"]
    assert len(metrics["commands"]) == 3


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"test": {}, "commands": []}'])
def test_a_model_without_its_metrics_is_not_copied(text, model_folder, prepared, tmp_path, capsys):
    bare = tmp_path / "bare"
    shutil.copytree(model_folder, bare)
    (bare / "metrics.json").write_text(text)
    assert run(["export", str(bare), "-o", str(tmp_path / "small"), "--prepared", str(prepared)]) == 2
    assert "metrics.json can't be read" in capsys.readouterr().err
    assert not (tmp_path / "small").exists()


def test_answers_do_not_depend_on_the_batch(copy):
    model = load(copy)
    sentences = [SENTENCE, "给__买的", "屏幕很__，看电影很舒服，声音也不错，推荐大家购买"]
    together = model.fill(sentences, top_k=5)
    for sentence, answers in zip(sentences, together, strict=True):
        alone = model.fill(sentence, top_k=5)
        assert [a["token_str"] for a in alone] == [a["token_str"] for a in answers]
        assert [a["score"] for a in alone] == pytest.approx([a["score"] for a in answers], abs=1e-5)
