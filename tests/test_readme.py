"""The READMEs agree with each other and with the program."""

import re
from pathlib import Path

from tiankong.cli.main import COMMANDS

ROOT = Path(__file__).parents[1]


def blocks(name):
    """Indented lines: commands and what they print, comments aside."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return [line.split("#")[0].rstrip() for line in text.splitlines() if line.startswith("    ")]


def test_both_languages_show_the_same_commands_and_output():
    assert blocks("README.md") == blocks("README.zh.md")


def test_links_lead_somewhere():
    for name in ("README.md", "README.zh.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        links = [link for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link]
        assert links
        for link in links:
            path, _, place = link.partition("#")
            assert (ROOT / path).exists(), link
            if place:
                lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
                headings = [line.lstrip("#").strip() for line in lines if line.startswith("#")]
                assert place in [re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings], (
                    link
                )


def test_every_command_is_shown_and_every_one_shown_exists():
    for name in ("README.md", "README.zh.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert set(re.findall(r"(?:`|    |\$ )tiankong ([a-z]+)", text)) == set(COMMANDS)
