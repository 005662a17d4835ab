"""What ``--help`` shows."""

from __future__ import annotations

from tiankong.cli.main import run
from tiankong.config import ClassifierConfig, ModelConfig, TrainingConfig
from tiankong.config.schema import sections


def test_the_help_says_what_the_default_preset_has(capfd):
    shown = ""
    for command in ("prepare", "train"):
        assert run([command, "--help"]) == 0
        shown += " ".join(capfd.readouterr().out.split())
    for words in (
        "units of a recurrent layer in each direction (default preset: 384)",
        "[softmax|codes|hybrid|auto] (default preset: softmax)",
        "input vectors of the two words beside the blank (default preset: yes)",
        "such as 80/10/10; without them 60/20/20, and from 200,000 texts on 20,000 texts each",
        "drop these tokens (default preset: none)",
        "peak learning rate (default preset: 0.004)",
    ):
        assert words in shown


def test_the_help_groups_settings_by_section(capfd):
    assert run(["train", "--help"]) == 0
    lines = capfd.readouterr().out.splitlines()
    groups = [name for name, _ in sections(ModelConfig, TrainingConfig, ClassifierConfig)]
    assert [line[:-1] for line in lines if line and not line.startswith((" ", "Usage:"))] == ["Options", *groups]
    shown = [line.split()[0] for line in lines if line.startswith("  --")]
    settings = [
        f"--{entry.name.replace('_', '-')}"
        for _, entries in sections(ModelConfig, TrainingConfig, ClassifierConfig)
        for entry in entries
    ]
    assert shown[-len(settings) :] == settings


def test_no_command_shows_the_help(capfd):
    assert run([]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert any(line.split()[:1] == ["prepare"] for line in err.splitlines())
