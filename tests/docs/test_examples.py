"""Every command and program in the READMEs and docs works: it is run, or at least parsed by the real command line."""

from __future__ import annotations

import re
import shlex
import shutil
import tomllib

import click
import pytest

from tests.docs.pages import DOCS, LAB, READMES, ROOT, blocks, commands, name
from tiankong.cli.main import COMMANDS, run, tiankong_command

PAGES = [page for page in [*READMES, *DOCS] if any(commands(page))]
# test_prose.py holds the Chinese pages to the same examples.
GUIDES = [READMES[0], *(page for page in DOCS if page.parent.name == "guide")]
SHOWING = [page for page in GUIDES if any(block.language == "console" for block in blocks(page))]
PYTHON = [page for page in GUIDES if any(block.language == "python" for block in blocks(page))]
NOT_RUN_HERE = re.compile(r"huggingface_hub")  # tests/serve/test_readme.py runs it against a server
NUMBER = re.compile(r"^\d+(\.\d+)?(e-\d+)?$")


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_are_understood(page):
    for command in commands(page):
        words = shlex.split(command, comments=True)
        for part in _parts(words):
            _understood(part, command)


def _parts(words):
    """Programs of a pipeline, without redirections and settings of the environment."""
    part: list[str] = []
    for word in words:
        if word in {"|", "&&", ";"}:
            yield part
            part = []
        elif word in {">", "<", ">>"}:
            yield part
            return
        elif part or not re.match(r"\w+=", word):
            part.append(word)
    yield part


def _understood(words, command):
    program, *arguments = words
    if program == "tiankong":
        verb, *arguments = arguments
        if verb.startswith("-"):
            return
        assert verb in COMMANDS, command
        # The parent's settings are inherited, and click keeps what it makes of them.
        parent = click.Context(tiankong_command, **tiankong_command.context_settings)
        parser = tiankong_command.get_command(parent, verb)
        piped = "…" in arguments  # what a page leaves out
        parser.make_context(verb, [word for word in arguments if word != "…"], parent, resilient_parsing=piped)
    elif program == "make":
        targets = re.findall(r"(?m)^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"))
        assert next(word for word in arguments if "=" not in word) in targets, command
    elif program == "python":
        script = ROOT / arguments[0] if arguments[0] != "-m" else ROOT / f"{arguments[1].replace('.', '/')}.py"
        assert script.exists(), command
    elif program == "pip":
        extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
            "optional-dependencies"
        ]
        for word in arguments:
            for extra in re.findall(r"^(?:\.|tiankong)\[([\w,]+)\]$", word):
                assert set(extra.split(",")) <= set(extras), command
    else:
        assert program in {"curl", "printf", "podman", "git", "source", "cd"}, command


@pytest.mark.parametrize("page", SHOWING, ids=name)
def test_shown_answers_are_given(page, capsys):
    for block in blocks(page):
        if block.language != "console":
            continue
        for shown in re.split(r"(?m)^\$ ", block.text)[1:]:
            command, _, expected = shown.partition("\n")
            program, *arguments = shlex.split(command)
            assert program == "tiankong"
            assert run(arguments) == 0
            printed = capsys.readouterr().out
            _alike(printed, expected)


def _alike(printed, expected):
    """The same words; probabilities may differ a little between processors."""
    assert len(printed.splitlines()) == len(expected.splitlines()), printed
    for ours, theirs in zip(printed.splitlines(), expected.splitlines(), strict=True):
        for one, other in zip(ours.split("\t"), theirs.split("\t"), strict=True):
            if NUMBER.match(other):
                assert float(one) == pytest.approx(float(other), abs=0.02)
            else:
                assert one == other


@pytest.fixture(scope="module")
def workplace(tmp_path_factory, prepared, model_folder):
    """A folder with what the examples speak of."""
    folder = tmp_path_factory.mktemp("examples")
    assert run(["sample", str(folder / "reviews.txt"), "--count", "400"]) == 0
    shutil.copytree(prepared, folder / "prepared")
    shutil.copytree(model_folder, folder / "model")
    return folder


@pytest.mark.parametrize("page", PYTHON, ids=name)
def test_programs_run(page, workplace, monkeypatch):
    monkeypatch.chdir(workplace)
    for block in blocks(page):
        if block.language != "python" or NOT_RUN_HERE.search(block.text):
            continue
        exec(compile(_unique(block.text, page), name(page), "exec"), {"__name__": "example"})


def _unique(text, page):
    """The program with output folders of the page's own, since pages share the workplace."""
    places = ("my-corpus", "my-model", "from-strings", "trained", "small-copy", "python-prepared", "python-model")
    for place in places:
        text = text.replace(f'"{place}"', f'"{place}-{abs(hash(page))}"')
    return text


@pytest.mark.trains
def test_the_readmes_way_from_text_to_answers(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    block = next(block for block in blocks(READMES[0]) if "tiankong sample" in block.text)
    for line in block.text.splitlines():
        program, *arguments = shlex.split(line)
        assert program == "tiankong"
        few = ["--count", "400"] if arguments[0] == "sample" else []
        assert run([*arguments, *few]) == 0, line
    assert len(capsys.readouterr().out.splitlines()[-10:]) == 10


@pytest.mark.parametrize("page", READMES, ids=name)
def test_every_command_is_named(page):
    text = page.read_text(encoding="utf-8")
    shown = set(re.findall(r"(?:`|\$ |^)tiankong ([a-z]+)", text, re.MULTILINE))
    linked = set(re.findall(r"\*\*\[([a-z]+)\]\(docs/guide/", text))
    assert shown <= set(COMMANDS) <= shown | linked


@pytest.mark.parametrize("page", sorted(LAB.glob("[0-9]*.md")), ids=name)
def test_a_lab_page_has_its_four_parts(page):
    text = page.read_text(encoding="utf-8")
    for part in ("Question", "Setup", "Result", "Decision"):
        assert re.search(rf"(?m)^(## {part}$|\*\*{part}\.\*\*)", text), part
